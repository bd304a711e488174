import type { Head, Http } from "../../http/http.ts";

interface SdkRequest {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
  body?: unknown;
}

/** Carries the SDK's own requests, of which only those for credentials are left, over the kit's client: its proxies, its certificates. */
export class SdkHandler {
  private readonly http: Http;

  constructor(http: Http) {
    this.http = http;
  }

  async handle(request: SdkRequest) {
    const { method, protocol, hostname, port, headers, body } = request;
    let head: Head | null = null;
    const chunks: Buffer[] = [];
    await this.http.send(
      {
        method: method as "GET" | "POST",
        origin: `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}`,
        path: `${request.path}${queryOf(request.query)}`,
        headers,
        body: typeof body === "string" || body instanceof Uint8Array ? body : null,
      },
      (answer) => {
        head = answer;
        return (bytes) => void chunks.push(Buffer.from(bytes));
      },
    );
    const { status: statusCode, headers: answered } = head!;
    return { response: { statusCode, headers: { ...answered }, body: Buffer.concat(chunks) } };
  }

  updateHttpClientConfig(): void {}

  httpHandlerConfigs() {
    return {};
  }
}

function queryOf(query: SdkRequest["query"] = {}): string {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) for (const one of [value].flat()) all.append(name, one ?? "");
  const text = all.toString().replaceAll("+", "%20");
  return text === "" ? "" : `?${text}`;
}
