// code         means
// ECONNRESET   the connection ended before the answer did
// ETIMEDOUT    no byte came for the idle time
// EINVAL       the request cannot be sent: a path or header with characters that HTTP does not have
// EPROXY       the proxy refused the tunnel, with `status`
/** Why there is no answer, or not a whole one. Errors of the system, of TLS and of undici's parser stay as they are. */
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

// undici: code, words                                        becomes
// UND_ERR_SOCKET: other side closed, closed, bad response    ECONNRESET
// UND_ERR_HEADERS_TIMEOUT, …BODY_TIMEOUT, …CONNECT_TIMEOUT   ETIMEDOUT
/** An error of undici in these words; any other as it is. */
export function plain(error: Error, idleMs: number): Error {
  const { code = "" } = error as NodeJS.ErrnoException;
  if (code === "UND_ERR_SOCKET") return new HttpError("ECONNRESET", "the connection was closed", { cause: error });
  if (/^UND_ERR_\w+_TIMEOUT$/.test(code))
    return new HttpError("ETIMEDOUT", `no byte for ${idleMs} ms`, { cause: error });
  return error;
}
