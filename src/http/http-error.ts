// code         reason
// ECONNRESET   the connection ended before the response did
// ETIMEDOUT    no byte arrived within the idle time
// EINVAL       the request cannot be sent: its path or a header has characters that HTTP forbids
// EPROXY       the proxy refused the tunnel, with `status`
/** Why a response is missing or incomplete. Errors of the system, of TLS and of undici's parser are passed on unchanged. */
export class HttpError extends Error {
  readonly code: "ECONNRESET" | "ETIMEDOUT" | "EINVAL" | "EPROXY";
  readonly status: number; // 0: none
  constructor(code: HttpError["code"], message: string, options?: ErrorOptions & { status?: number }) {
    super(message, options);
    this.name = "HttpError";
    this.code = code;
    this.status = options?.status ?? 0;
  }
}

// undici                                                     becomes
// UND_ERR_SOCKET: other side closed, closed, bad response    ECONNRESET
// UND_ERR_HEADERS_TIMEOUT, …BODY_TIMEOUT, …CONNECT_TIMEOUT   ETIMEDOUT
/** Translates an error of undici; returns any other unchanged. */
export function httpError(error: Error, idleMs: number): Error {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (code === "UND_ERR_SOCKET") return new HttpError("ECONNRESET", "the connection was closed", { cause: error });
  if (/^UND_ERR_\w+_TIMEOUT$/.test(code))
    return new HttpError("ETIMEDOUT", `no byte for ${idleMs} ms`, { cause: error });
  return error;
}
