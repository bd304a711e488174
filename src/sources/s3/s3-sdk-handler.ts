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

/** Sends the SDK's own requests, which are all for credentials, over the kit's HTTP client, its proxies and certificates. */
export class SdkHandler {
  private readonly http: Http;

  constructor(http: Http) {
    this.http = http;
  }

  async handle(request: SdkRequest) {
    const { method, protocol, hostname, port, headers, body } = request;
    let head: Head = { status: 0, headers: {} };
    const chunks: Buffer[] = [];
    await this.http.send(
      {
        method: method as "GET" | "POST",
        origin: `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}`,
        path: `${request.path}${queryOf(request.query)}`,
        headers,
        body: typeof body === "string" || body instanceof Uint8Array ? body : null,
      },
      (response) => {
        head = response;
        return (bytes) => void chunks.push(Buffer.from(bytes));
      },
    );
    return { response: { statusCode: head.status, headers: { ...head.headers }, body: Buffer.concat(chunks) } };
  }

  updateHttpClientConfig(): void {}

  httpHandlerConfigs() {
    return {};
  }
}

function queryOf(query: SdkRequest["query"] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of [value].flat()) parameters.append(name, one ?? "");
  const text = parameters.toString().replaceAll("+", "%20");
  return text === "" ? "" : `?${text}`;
}
