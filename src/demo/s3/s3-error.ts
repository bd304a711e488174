const statuses = {
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  ExpiredToken: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidObjectState: 403,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidToken: 400,
  InvalidURI: 400,
  MethodNotAllowed: 405,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NotImplemented: 501,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
} as const;

/** An error answer of S3, with its code in the XML and its HTTP status. */
export class S3Error extends Error {
  readonly code: keyof typeof statuses;
  readonly detail: Record<string, string>; // further elements of the answer
  constructor(code: keyof typeof statuses, message: string, detail: Record<string, string> = {}) {
    super(message);
    this.code = code;
    this.detail = detail;
  }
  get status(): number {
    return statuses[this.code];
  }
}
