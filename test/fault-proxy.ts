// Stands between a client and a store and breaks what the rules say. The Host header passes unchanged, so signatures hold.
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export type Fault =
  | { kind: "status"; status: number; code: string; headers?: Record<string, string> }
  | { kind: "reset" } // before any answer
  | { kind: "reset inside"; after: number } // bytes of the body
  | { kind: "end inside"; after: number } // the connection ends properly, too early
  | { kind: "cut"; after: number } // chunked, without a length, and properly ended too early
  | { kind: "corrupt"; at: number } // one byte is another
  | { kind: "stall"; after: number | null } // null: not even headers
  | { kind: "drip"; piece: number; everyMs: number }
  | { kind: "delay"; ms: number }
  | { kind: "rewrite"; body: (text: string) => string };

export interface Rule {
  match: (request: { method: string; url: string; range: string | undefined }) => boolean;
  fault: Fault | (() => Fault);
  times?: number; // default: always
  chance?: () => boolean; // default: whenever it matches
}

export interface FaultProxy {
  url: string;
  rules: Rule[];
  log: { url: string; range: string | undefined; fault: string }[];
  close(): Promise<void>;
}

interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

export const isGet = ({ url }: { url: string }) => !url.includes("list-type=2");
export const isList = ({ url }: { url: string }) => url.includes("list-type=2");

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const agent = new http.Agent({ keepAlive: true });
  const rules: Rule[] = [];
  const log: FaultProxy["log"] = [];
  const server = http.createServer(async (request, response) => {
    const { method = "GET", url = "/", headers } = request;
    const rule = rules.find(
      (one) => one.times !== 0 && one.match({ method, url, range: headers.range }) && (one.chance?.() ?? true),
    );
    if (rule?.times !== undefined) rule.times -= 1;
    const fault = typeof rule?.fault === "function" ? rule.fault() : rule?.fault;
    log.push({ url, range: headers.range, fault: fault?.kind ?? "none" });
    request.resume();
    response.on("error", () => {});
    if (fault?.kind === "reset") return request.socket.resetAndDestroy();
    if (fault?.kind === "stall" && fault.after === null) return;
    if (fault?.kind === "status") return refuse(response, fault);
    if (fault?.kind === "delay") await delay(fault.ms);
    try {
      await send(response, await ask(target, agent, request), fault);
    } catch {
      response.destroy();
    }
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rules,
    log,
    close: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function ask(target: string, agent: http.Agent, { method, url, headers }: http.IncomingMessage): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(target);
    const sent = http.request({ hostname, port, method, path: url, headers, agent }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

async function send(response: http.ServerResponse, answer: Answer, fault: Fault | undefined): Promise<void> {
  const { status } = answer;
  const headers = { ...answer.headers };
  let body = answer.body;
  if (fault?.kind === "rewrite") {
    body = Buffer.from(fault.body(body.toString()));
    headers["content-length"] = String(body.length);
  }
  if (fault?.kind === "corrupt") {
    body = Buffer.from(body);
    if (body.length > 0) body[Math.min(fault.at, body.length - 1)]! ^= 0xff;
  }
  if (fault?.kind === "cut") {
    delete headers["content-length"];
    response.writeHead(status, headers).end(body.subarray(0, fault.after));
    return;
  }
  response.writeHead(status, headers);
  if (fault?.kind === "drip") {
    for (let at = 0; at < body.length && !response.destroyed; at += fault.piece) {
      response.write(body.subarray(at, at + fault.piece));
      await delay(fault.everyMs);
    }
    response.end();
  } else if (fault?.kind === "reset inside" || fault?.kind === "end inside" || fault?.kind === "stall") {
    response.write(body.subarray(0, fault.after ?? 0), async () => {
      await delay(5);
      if (fault.kind === "reset inside") response.socket?.resetAndDestroy();
      else if (fault.kind === "end inside") response.socket?.end();
    });
  } else response.end(body);
}

function refuse(response: http.ServerResponse, { status, code, headers }: Fault & { kind: "status" }): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>injected</Message></Error>`;
  response.writeHead(status, {
    "content-type": "application/xml",
    "content-length": body.length,
    ...headers,
  });
  response.end(body);
}
