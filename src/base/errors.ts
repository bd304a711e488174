/** The exit codes of the command. docs/commands.md lists them; a test compares the two. */
export const exitCodes = {
  ok: 0,
  internal: 1,
  usage: 2,
  config: 3,
  unknownFeed: 4,
  someFailed: 5,
  locked: 6,
  query: 7,
  verifyFailed: 8,
  nothingNew: 9, // only with --error-on-no-transfer, as in rclone
  noCredentials: 10,
  credentialsRefused: 11,
  clockSkew: 12,
  noSuchBucket: 13,
  unreachable: 14,
  noFeeds: 15,
  onlyWaiting: 16,
  notWritable: 17,
  diskFull: 18,
  schemaChanged: 19, // only with --fail-on schema
  countsDiffer: 20, // only with --fail-on counts
  accessDenied: 21,
  credentialsExpired: 22,
  build: 23,
  portTaken: 24,
  noWfmData: 25,
  postFailed: 26,
  restated: 27, // of `check`
  notReproducible: 28, // of `check`
  interrupted: 130,
} as const;

export type ExitName = keyof typeof exitCodes;

/** An error that the user can act on: what, where, and what to try next. Printed without a stack trace unless --debug. */
export class CliError extends Error {
  readonly exit: ExitName;
  readonly next: string | undefined;
  constructor(exit: ExitName, message: string, next?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliError";
    this.exit = exit;
    this.next = next;
  }
}

/** The first line of an error's message. */
export function reasonOf(error: unknown): string {
  const { message } = error instanceof Error ? error : { message: String(error) };
  const [first = ""] = message.split("\n", 1);
  return first;
}
