import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { S3Client } from "@aws-sdk/client-s3";
import { loadConfig } from "../src/config/config.ts";

const bin = fileURLToPath(new URL("../../bin/asapp-kit.js", import.meta.url));
const id = "AKIAQ7ZKX3MT5VNBMPLE";
const secret = "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";
const bucket = "asapp-prod-acme-exports-us-east-1";
const row = `${id}\t${secret}\t${bucket}\tmessaging\n`;
const two = `${row}AKIAQ7ZKX3MT5VNBMTWO\t${secret}\tasapp-test-acme-exports-us-east-1\n`;

const has = (program: string) => spawnSync(program, ["--version"]).error === undefined;
const windows = process.platform === "win32";
const skip = has("gpg") && has("gpgconf") && !windows ? false : "needs gpg, and a system with file modes";

describe("credentials import", { skip }, () => {
  // Short, since a socket's path has little room.
  const keys = skip ? "" : mkdtempSync("/tmp/kit-gpg-");
  const others = skip ? "" : mkdtempSync("/tmp/kit-gpg-");
  const pinentry = join(keys, "pinentry.sh");
  let box = ""; // everything a run can write to
  let shared = "";

  const gpg = (home: string, args: string[], input: string | Buffer = "") => {
    const run = spawnSync("gpg", ["--batch", "--quiet", "--trust-model", "always", ...args], {
      input,
      env: { ...process.env, GNUPGHOME: home },
    });
    assert.equal(run.status, 0, String(run.stderr));
    return run.stdout;
  };
  const newKey = (home: string, name: string, passphrase = "") =>
    gpg(home, [
      "--pinentry-mode",
      "loopback",
      "--passphrase",
      passphrase,
      "--quick-generate-key",
      `${name}@example.com`,
      "future-default",
      "default",
      "never",
    ]);
  const encrypt = (text: string | Buffer, name = "kit", ...args: string[]) =>
    gpg(keys, ["--encrypt", "--recipient", `${name}@example.com`, ...args], text);
  const deliver = (content: string | Buffer, name = "asapp.tsv.gpg") => writeFileSync(join(box, name), content);
  const environment = (more: Record<string, string> = {}) => ({
    PATH: process.env.PATH,
    HOME: join(box, "home"),
    TMPDIR: join(box, "tmp"),
    GNUPGHOME: keys,
    NO_COLOR: "1",
    ...more,
  });
  const run = (args: string[], more: Record<string, string> = {}, input: string | Buffer = "") => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, "credentials", ...args], {
      cwd: box,
      input,
      env: environment(more),
    });
    const result = { status, stdout: String(stdout), stderr: String(stderr) };
    assert.ok(!(result.stdout + result.stderr).includes(secret));
    assert.ok(!(result.stdout + result.stderr).includes(id));
    return result;
  };
  const files = () =>
    readdirSync(box, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const nothingWritten = () => {
    assert.ok(!existsSync(shared));
    assert.ok(!existsSync(join(box, "kit.yaml")));
  };
  const kit = () => readFileSync(join(box, "kit.yaml"), "utf8");
  const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

  before(() => {
    writeFileSync(join(keys, "gpg-agent.conf"), `pinentry-program ${pinentry}\ns2k-count 65536\n`);
    newKey(keys, "kit");
    newKey(others, "other");
  });
  after(() => {
    for (const home of [keys, others]) {
      if (home === "") continue;
      spawnSync("gpgconf", ["--homedir", home, "--kill", "all"]);
      rmSync(home, { recursive: true, force: true, maxRetries: 3 });
    }
    if (box !== "") rmSync(box, { recursive: true });
  });
  beforeEach(() => {
    if (box !== "") rmSync(box, { recursive: true });
    box = mkdtempSync(join(tmpdir(), "kit-credentials-"));
    shared = join(box, "home", ".aws", "credentials");
    mkdirSync(join(box, "home"));
    mkdirSync(join(box, "tmp"));
  });

  it("writes the profile and kit.yaml, and shows them before", async () => {
    deliver(encrypt(row));
    const { status, stdout, stderr } = run(["import", "asapp.tsv.gpg", "--yes"]);
    assert.equal(
      stderr,
      [
        `key …MPLE for bucket ${bucket}, sub-folder messaging`,
        `${shared} (new)`,
        "  adds profile asapp-prod-acme, its secret not shown here; only you may read the file (0600)",
        "kit.yaml (new)",
        `  bucket: ${bucket}`,
        "  prefix: messaging",
        "  region: us-east-1",
        "  profile: asapp-prod-acme",
        "",
      ].join("\n"),
    );
    assert.equal(stdout, "written; asapp-kit sync --dry-run shows what the bucket holds\n");
    assert.equal(status, 0);
    assert.equal(
      readFileSync(shared, "utf8"),
      `[asapp-prod-acme]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`,
    );
    assert.equal(mode(shared), "600");
    assert.equal(mode(join(box, "home", ".aws")), "700");
    const { source } = loadConfig(join(box, "kit.yaml"));
    assert.deepEqual(source, {
      type: "s3",
      bucket,
      prefix: "messaging",
      region: "us-east-1",
      endpoint: null,
      profile: "asapp-prod-acme",
      etagIsMd5: true,
    });
    const read = await readBySdk(shared, "asapp-prod-acme");
    assert.equal(read.accessKeyId, id);
    assert.equal(read.secretAccessKey, secret);
  });

  it("leaves the secret in the credentials file alone, and in no argument or environment", () => {
    deliver(encrypt(two));
    const seen = join(box, "seen");
    const real = String(spawnSync("sh", ["-c", "command -v gpg"]).stdout).trim();
    mkdirSync(join(box, "bin"));
    const look = `{ env; printf '%s\\n' "$@"; ps -ef 2>/dev/null || true; } > '${seen}'`;
    writeFileSync(join(box, "bin", "gpg"), `#!/bin/sh\n${look}\n'${real}' "$@"\nstatus=$?\n${look}2\nexit $status\n`);
    chmodSync(join(box, "bin", "gpg"), 0o755);
    const more = { PATH: `${join(box, "bin")}:${process.env.PATH}` };
    assert.equal(run(["import", "asapp.tsv.gpg", "--row", "1", "--yes", "--json", "--debug"], more).status, 0);
    assert.match(readFileSync(seen, "utf8"), /--decrypt\n--\n.*asapp\.tsv\.gpg\n/);
    assert.ok(existsSync(`${seen}2`));
    const holding = files().filter((file) => readFileSync(file).includes(secret));
    assert.deepEqual(holding, [shared]);
    assert.deepEqual(
      files().filter((file) => readFileSync(file).includes(id)),
      [shared],
    );
    assert.deepEqual(readdirSync(join(box, "tmp")), []);
  });

  it("takes armored files, standard input, headers and Windows line ends", () => {
    deliver(encrypt(`Access Key ID\tSecret\tBucket\r\n\r\n${id}\t${secret}\t${bucket}\r\n`, "kit", "--armor"), "a.asc");
    assert.equal(run(["import", "a.asc", "--yes"]).status, 0);
    const once = readFileSync(shared, "utf8");
    rmSync(shared);
    assert.equal(run(["import", "-", "--yes"], {}, encrypt(`${id}\t${secret}\t${bucket}`)).status, 0);
    assert.equal(readFileSync(shared, "utf8"), once);
    assert.ok(!kit().includes("prefix"));
  });

  it("keeps other profiles and comments, byte for byte, and closes the file to others", () => {
    deliver(encrypt(row));
    const own = Buffer.from(
      "# mine \xe9\r\n[default]\r\naws_access_key_id=OLD\r\n\r\n\r\n[work]\nregion = x",
      "latin1",
    );
    mkdirSync(join(box, "home", ".aws"), { mode: 0o755 });
    writeFileSync(shared, own, { mode: 0o644 });
    const { stderr } = run(["import", "asapp.tsv.gpg", "--yes", "--profile", "kit"]);
    assert.match(stderr, /adds profile kit,.*\n {2}2 other profiles: untouched\n/);
    const now = readFileSync(shared);
    assert.ok(now.subarray(0, own.length).equals(own));
    assert.match(now.toString("latin1").slice(own.length), /^\r\n\r\n\[kit\]\r\naws_access_key_id = /);
    assert.equal(mode(shared), "600");
    assert.deepEqual(readdirSync(join(box, "home", ".aws")), ["credentials"]);
  });

  it("writes where $AWS_SHARED_CREDENTIALS_FILE says, through a link", () => {
    deliver(encrypt(row));
    writeFileSync(join(box, "real"), "[a]\n");
    symlinkSync("real", join(box, "link"));
    assert.equal(
      run(["import", "asapp.tsv.gpg", "--yes"], { AWS_SHARED_CREDENTIALS_FILE: join(box, "link") }).status,
      0,
    );
    assert.ok(lstatSync(join(box, "link")).isSymbolicLink());
    assert.match(readFileSync(join(box, "real"), "utf8"), /^\[a\]\n\n\[asapp-prod-acme\]\n/);
    assert.ok(!existsSync(shared));
  });

  it("replaces a profile only with --replace, and does nothing the second time", () => {
    deliver(encrypt(row));
    mkdirSync(join(box, "home", ".aws"));
    const old = "[asapp-prod-acme]\naws_access_key_id = OLD\naws_secret_access_key = OLD\nregion = x # keep\n[b]\n";
    writeFileSync(shared, old, { mode: 0o600 });
    const refused = run(["import", "asapp.tsv.gpg", "--yes"]);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /profile asapp-prod-acme already exists in .*\n {2}next: add --replace/);
    assert.equal(readFileSync(shared, "utf8"), old);
    assert.ok(!existsSync(join(box, "kit.yaml")));
    assert.match(run(["import", "asapp.tsv.gpg", "--yes", "--replace"]).stderr, /replaces the key of profile/);
    const replaced = readFileSync(shared, "utf8");
    assert.equal(replaced, old.replace("= OLD", `= ${id}`).replace("= OLD", `= ${secret}`));
    const again = run(["import", "asapp.tsv.gpg"]);
    assert.equal(again.status, 0);
    assert.match(again.stdout, /^nothing to do/);
    assert.equal(readFileSync(shared, "utf8"), replaced);
  });

  it("refuses a profile that ~/.aws/config sends elsewhere", () => {
    deliver(encrypt(row));
    mkdirSync(join(box, "home", ".aws"));
    writeFileSync(join(box, "home", ".aws", "config"), "[profile asapp-prod-acme]\nsso_session = s\n");
    const { status, stderr } = run(["import", "asapp.tsv.gpg", "--yes", "--replace"]);
    assert.equal(status, 2);
    assert.match(stderr, /has credentials in .*config \(sso_session\)/);
    nothingWritten();
  });

  it("fills kit.yaml where it is, keeping the rest of it", () => {
    deliver(encrypt(two));
    const own = "# ours\nenvironment: test # too\nbucket:   other\nprefix: old\n\nsite: {title:  T}   # t\n";
    writeFileSync(join(box, "own.yaml"), own, { mode: 0o640 });
    const chosen = ["--bucket", "asapp-test-acme-exports-us-east-1", "--config", "own.yaml", "--profile", "t"];
    const { stderr } = run(["import", "asapp.tsv.gpg", "--yes", ...chosen]);
    assert.match(
      stderr,
      /own\.yaml\n {2}bucket: asapp-test-acme-exports-us-east-1 \(was other\)\n {2}without prefix \(was old\)\n/,
    );
    assert.equal(
      readFileSync(join(box, "own.yaml"), "utf8"),
      "# ours\nenvironment: test # too\nbucket:   asapp-test-acme-exports-us-east-1\nregion: us-east-1\nprofile: t\n\nsite: {title:  T}   # t\n",
    );
    assert.equal(mode(join(box, "own.yaml")), "640");
    assert.ok(!existsSync(join(box, "kit.yaml")));
  });

  it("writes nothing when kit.yaml would be unfit", () => {
    deliver(encrypt(row));
    writeFileSync(join(box, "own.yaml"), "feeds: all\nfedes: all\n");
    const { status, stderr } = run(["import", "asapp.tsv.gpg", "--yes", "-c", "own.yaml"]);
    assert.equal(status, 3);
    assert.match(stderr, /own\.yaml:2:1 unknown option "fedes" \(did you mean "feeds"\?\)/);
    assert.equal(readFileSync(join(box, "own.yaml"), "utf8"), "feeds: all\nfedes: all\n");
    nothingWritten();
  });

  it("with several rows asks for one, and names wrong rows by line", () => {
    deliver(encrypt(two));
    const several = run(["import", "asapp.tsv.gpg", "--yes"]);
    assert.equal(several.status, 2);
    assert.match(
      several.stderr,
      /several rows\n {2}row 1: key …MPLE for .*, sub-folder messaging\n {2}row 2: key …MTWO for/,
    );
    deliver(encrypt(`${row}\n${secret}\t${id}\t${bucket}\nx\n`));
    const wrong = run(["import", "asapp.tsv.gpg", "--yes"]);
    assert.equal(wrong.status, 10);
    assert.match(wrong.stderr, /asapp\.tsv\.gpg: line 3: the id is invalid.*\n.*asapp\.tsv\.gpg: line 4: no tab/);
    nothingWritten();
    const good = run(["import", "asapp.tsv.gpg", "--yes", "--row", "1"]);
    assert.equal(good.status, 0);
    assert.match(good.stderr, /^warning: line 3: .*; left out\n/);
  });

  it("writes nothing without --yes where nobody can answer", () => {
    deliver(encrypt(row));
    for (const more of [[], ["--json"]]) {
      const { status, stdout, stderr } = run(["import", "asapp.tsv.gpg", ...more]);
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.match(stderr, /adds profile asapp-prod-acme/);
      assert.match(stderr, /nothing was written: there is no terminal to confirm on.*add --yes/s);
    }
    nothingWritten();
  });

  const noScript = process.platform === "linux" && has("script") ? false : "needs script of util-linux";
  it("asks on a terminal", { skip: noScript }, () => {
    deliver(encrypt(row));
    const answer = (text: string) => {
      const line = `'${process.execPath}' '${bin}' credentials import asapp.tsv.gpg`;
      const { status, stdout } = spawnSync("script", ["-qec", line, "/dev/null"], {
        cwd: box,
        input: text,
        env: environment(),
      });
      assert.ok(!String(stdout).includes(secret));
      return { status, text: String(stdout) };
    };
    for (const no of ["n\n", "\n", "\x04", "yesterday\n"]) {
      const refused = answer(no);
      assert.equal(refused.status, 130);
      assert.match(refused.text, /write this\? \[y\/N\].*nothing was written/s);
    }
    assert.equal(answer("\x03").status, 130);
    nothingWritten();
    assert.equal(answer("y\n").status, 0);
    assert.equal(mode(shared), "600");
  });

  it("gives a machine the same facts", () => {
    deliver(encrypt(row));
    const { stdout, stderr } = run(["import", "asapp.tsv.gpg", "--yes", "--json"]);
    assert.deepEqual(JSON.parse(stdout), {
      id: "…MPLE",
      bucket,
      prefix: "messaging",
      region: "us-east-1",
      profile: "asapp-prod-acme",
      credentials: { file: shared, action: "add", others: 0 },
      kit: {
        file: join(box, "kit.yaml"),
        changes: [
          { option: "bucket", from: null, to: bucket },
          { option: "prefix", from: null, to: "messaging" },
          { option: "region", from: null, to: "us-east-1" },
          { option: "profile", from: null, to: "asapp-prod-acme" },
        ],
      },
    });
    for (const line of stderr.trimEnd().split("\n")) JSON.parse(line);
  });

  it("says why a file cannot be decrypted", () => {
    const fine = encrypt(row);
    const flipped = Buffer.from(fine);
    flipped[flipped.length - 5]! ^= 1;
    const cases: [string, Buffer | string, RegExp][] = [
      ["plain", row, /plain is not an encrypted file/],
      ["empty", "", /empty is not an encrypted file/],
      ["signed", gpg(keys, ["--sign"], row), /signed is not an encrypted file/],
      ["public", gpg(keys, ["--export"]), /public is not an encrypted file/],
      ["cut", fine.subarray(0, fine.length - 30), /cut is damaged or incomplete/],
      ["flipped", flipped, /flipped is damaged or incomplete/],
      [
        "other",
        gpg(others, ["--encrypt", "-r", "other@example.com"], row),
        /other is encrypted for key [0-9A-F]{16}, for which gpg has no secret key/,
      ],
      ["large", encrypt(Buffer.alloc(2 ** 21, row)), /large is larger than 1 MB/],
    ];
    for (const [name, content, message] of cases) {
      deliver(content, name);
      const { status, stderr } = run(["import", name, "--yes"]);
      assert.equal(status, 10, stderr);
      assert.match(stderr, message);
      assert.match(stderr, /\n {2}next: /);
    }
    nothingWritten();
  });

  it("says what is wrong with its arguments", () => {
    deliver(encrypt(row));
    const cases: [string[], RegExp][] = [
      [["import"], /import FILE is missing/],
      [["improt", "asapp.tsv.gpg"], /unknown action of credentials: improt \(did you mean "import"\?\)/],
      [["import", "nowhere.gpg"], /no such file: nowhere\.gpg/],
      [["import", "tmp"], /is a folder: tmp/],
      [["import", "asapp.tsv.gpg", "--row", "1", "--bucket", "b"], /--row and --bucket exclude each other/],
      [["import", "asapp.tsv.gpg", "--row", "0"], /--row: not a whole number/],
      [["import", "asapp.tsv.gpg", "--profile", "a]b"], /not a profile's name: a\]b/],
      [["import", "asapp.tsv.gpg", "--bucket", "b"], /asapp\.tsv\.gpg has no bucket b/],
    ];
    for (const [args, message] of cases) {
      const { status, stderr } = run([...args, "--yes"]);
      assert.equal(status, 2);
      assert.match(stderr, message);
    }
    nothingWritten();
  });

  it("says that gpg is missing", () => {
    deliver(encrypt(row));
    const { status, stderr } = run(["import", "asapp.tsv.gpg", "--yes"], { PATH: join(box, "tmp") });
    assert.equal(status, 10);
    assert.match(stderr, /gpg is not installed, or not in PATH\n {2}next: install GnuPG/);
  });

  it("takes a signed file, and says when the signature was not checked", () => {
    gpg(others, ["--import"], gpg(keys, ["--export", "kit@example.com"]));
    deliver(gpg(others, ["--sign", "--encrypt", "-u", "other@example.com", "-r", "kit@example.com"], row));
    const { status, stderr } = run(["import", "asapp.tsv.gpg", "--yes"]);
    assert.equal(status, 0);
    assert.match(stderr, /^warning: the signature of key [0-9A-F]{16} was not checked/);
  });

  it("leaves the passphrase to gpg-agent and its pinentry", () => {
    const answers = (getpin: string) => {
      const commands = `case "$command" in GETPIN) ${getpin};; BYE) echo OK; exit 0;; *) echo OK;; esac`;
      writeFileSync(pinentry, `#!/bin/sh\necho "OK ready"\nwhile read -r command rest; do ${commands}; done\n`);
      chmodSync(pinentry, 0o755);
      spawnSync("gpgconf", ["--homedir", keys, "--reload", "gpg-agent"]); // it forgets what it holds
    };
    newKey(keys, "locked", "open sesame");
    deliver(encrypt(row, "locked"));
    answers('echo "ERR 83886179 Operation cancelled <Pinentry>"');
    const cancelled = run(["import", "asapp.tsv.gpg", "--yes"]);
    assert.equal(cancelled.status, 10);
    assert.match(cancelled.stderr, /asapp\.tsv\.gpg was not decrypted: the passphrase was not given/);
    answers('echo "D guess"; echo OK');
    assert.match(run(["import", "asapp.tsv.gpg", "--yes"]).stderr, /was not decrypted: wrong passphrase/);
    answers('echo "ERR 83918950 Inappropriate ioctl for device <Pinentry>"');
    assert.match(run(["import", "asapp.tsv.gpg", "--yes"]).stderr, /could not ask for the passphrase\n.*GPG_TTY/);
    nothingWritten();
    answers('echo "D open sesame"; echo OK');
    const { status, stderr } = run(["import", "asapp.tsv.gpg", "--yes"]);
    assert.equal(status, 0, stderr);
    assert.ok(!stderr.includes("sesame"));
  });
});

async function readBySdk(file: string, profile: string) {
  const before = process.env.AWS_SHARED_CREDENTIALS_FILE;
  process.env.AWS_SHARED_CREDENTIALS_FILE = file;
  try {
    return await new S3Client({ region: "us-east-1", profile }).config.credentials();
  } finally {
    if (before === undefined) delete process.env.AWS_SHARED_CREDENTIALS_FILE;
    else process.env.AWS_SHARED_CREDENTIALS_FILE = before;
  }
}
