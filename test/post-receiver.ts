import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface PostReceiver {
  listen(): Promise<string>; // the address, without a path
  close(): void; // ends open connections
}

/** A server on 127.0.0.1 that hands over each request with its body, once that is whole. */
export function postReceiver(
  take: (body: string, response: ServerResponse, request: IncomingMessage) => void,
): PostReceiver {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => take(body, response, request));
  });
  return {
    async listen() {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
