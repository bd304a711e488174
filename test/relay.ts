import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** How a connection breaks, so many bytes to the client after the fault before it. */
export interface Fault {
  kind: "reset" | "ended" | "hangs";
  after: number;
}

export interface Relay {
  port: number;
  faults: Fault[]; // still to come, each once, in this order; `after` counts from when it is the first
  connections(): number; // so far
  close(): Promise<void>;
}

/** Passes bytes on to a server of this machine, and breaks connections as it is told. */
export async function startRelay(to: number, faults: Fault[] = []): Promise<Relay> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((client) => {
    count += 1;
    const upstream = connect(to, "127.0.0.1");
    let hangs = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on("data", (bytes) => {
      if (hangs || client.destroyed || client.writableEnded) return;
      const [fault] = faults;
      if (fault !== undefined) fault.after -= bytes.length;
      if (fault !== undefined && fault.after < 0) {
        faults.shift();
        if (fault.kind === "reset") client.resetAndDestroy();
        else if (fault.kind === "ended") client.end(bytes.subarray(0, bytes.length + fault.after));
        else hangs = true;
      } else client.write(bytes);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    faults,
    connections: () => count,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
