// A program on a real pseudo terminal, typed to and read from by the test. Python has the pty that Node lacks.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { StringDecoder } from "node:string_decoder";
import { within } from "./wait.ts";

const bridge = `
import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", int(sys.argv[1]), int(sys.argv[2]), 0, 0))
sys.stderr.write(str(pid) + "\\n"); sys.stderr.flush()
watched = [fd, 0]
while True:
    for ready in select.select(watched, [], [])[0]:
        try:
            text = os.read(ready, 65536)
        except OSError:
            text = b""
        if ready == 0:
            if text: os.write(fd, text)
            else: watched.remove(0)
        elif text: os.write(1, text)
        else:
            _, status = os.waitpid(pid, 0)
            sys.exit(os.waitstatus_to_exitcode(status) & 255)
`;

/** Why no terminal can be had here, or false. */
export const noTerminal: string | false =
  spawnSync("python3", ["-c", "import fcntl, pty, termios"]).status === 0 ? false : "no python3 with pty";

export class Terminal {
  readonly pid: Promise<number>; // of the program
  readonly exit: Promise<number | null>;
  private readonly child: ChildProcess;
  private text = "";
  private seen = 0;
  private wake: () => void = () => {};

  constructor(
    command: string[],
    { rows = 40, columns = 120, ...options }: { rows?: number; columns?: number; cwd: string; env: NodeJS.ProcessEnv },
  ) {
    this.child = spawn("python3", ["-c", bridge, String(rows), String(columns), ...command], options);
    const decoder = new StringDecoder("utf8");
    this.child.stdout!.on("data", (bytes) => {
      this.text += decoder.write(bytes);
      this.wake();
    });
    this.pid = new Promise((resolve) => this.child.stderr!.once("data", (text) => resolve(Number(text))));
    this.exit = new Promise((resolve) =>
      this.child.once("close", (code) => {
        resolve(code);
        this.wake();
      }),
    );
  }

  type(keys: string): void {
    this.child.stdin!.write(keys);
  }

  /** Waits for a text beyond what was waited for before, and returns what stands before its end, without colours. */
  async until(text: string | RegExp): Promise<string> {
    for (;;) {
      const fresh = this.text.slice(this.seen);
      const at = typeof text === "string" ? fresh.indexOf(text) : fresh.search(text);
      if (at >= 0) {
        const length = typeof text === "string" ? text.length : text.exec(fresh)![0].length;
        this.seen += at + length;
        return plain(fresh.slice(0, at + length));
      }
      if (this.child.exitCode !== null) throw new Error(`ended without ${text}: ${plain(fresh)}`);
      const more = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      await within(String(text), more, { state: () => plain(this.text.slice(this.seen)) });
    }
  }

  /** All that came, with what moves the cursor and colours. */
  get raw(): string {
    return this.text;
  }

  kill(): void {
    this.child.kill();
  }
}

// Without what moves the cursor and colours.
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "").replaceAll("\r", "");
}
