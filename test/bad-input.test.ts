import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ExitName, exitCodes } from "../src/base/errors.ts";
import { type CliKit, openCliKit, type Ran, type RunOptions } from "./cli-kit.ts";
import { bucket, credentials } from "./sync-kit.ts";

const rows = [{ issue_id: 1, first_utterance_ts: "2026-11-22 05:00:00" }];

interface Expected {
  exit: ExitName;
  says: RegExp; // thing and place
  next: RegExp;
}

/** One screen on stderr, nothing on stdout, no stack trace, the right code; and the same facts with --json. */
async function refused(
  kit: CliKit,
  args: string[],
  { exit, says, next }: Expected,
  options: RunOptions & { json?: boolean } = {},
) {
  const asked = options.json !== false;
  const plain = await kit.run(args, options);
  const json = asked ? await kit.run([...args, "--json"], options) : null; // afterwards: two at once meet at the lock
  const shown = `asapp-kit ${args.join(" ")}\n${plain.stdout}\n${plain.stderr}`;
  assert.equal(plain.code, exitCodes[exit], shown);
  assert.equal(plain.stdout, "", shown);
  assert.match(plain.stderr, says, shown);
  assert.match(plain.stderr, /^ {2}next: /m, shown);
  assert.match(plain.stderr.slice(plain.stderr.indexOf("next: ")), next, shown);
  assert.doesNotMatch(plain.stderr, /^\s+at |node_modules|undefined|\[object/m, shown);
  assert.ok(plain.stderr.split("\n").length <= 20, shown);
  if (json === null) return;
  assert.equal(json.code, exitCodes[exit]);
  assert.equal(json.stdout, "");
  const last = events(json).at(-1)!;
  assert.equal(last.event, "error");
  assert.equal(last.exit, exit);
  assert.equal(last.code, exitCodes[exit]);
  assert.match(String(last.message), says);
  assert.match(String(last.next), next);
}

function events({ stderr }: Ran): Record<string, unknown>[] {
  return stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** What a refused command may leave in the data folder: nothing that says data are there. */
function nothingHalfDone(kit: CliKit) {
  const data = join(kit.folder, "data");
  const files = existsSync(data) ? readdirSync(data, { recursive: true }).map(String) : [];
  assert.deepEqual(files, []);
}

describe("bad input: the bucket", () => {
  let kit: CliKit;
  before(async () => {
    kit = await openCliKit();
    kit.partition("convos_metrics/dt=2026-11-22/hr=05", rows);
  });
  after(() => kit.close());

  it("no credentials", async () => {
    const env = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
    await refused(
      kit,
      ["sync"],
      {
        exit: "noCredentials",
        says: new RegExp(`no AWS credentials .*${bucket}`),
        next: /AWS_ACCESS_KEY_ID/,
      },
      { env },
    );
    nothingHalfDone(kit);
  });

  it("a profile that does not exist", async () => {
    kit.config("profile: nightly\n");
    const env = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
    await refused(kit, ["sync"], { exit: "noCredentials", says: /profile nightly/, next: /profile/ }, { env });
    kit.config("");
    nothingHalfDone(kit);
  });

  it("a wrong secret, which is not repeated", async () => {
    const env = { AWS_SECRET_ACCESS_KEY: "sesame" };
    await refused(
      kit,
      ["sync"],
      { exit: "credentialsRefused", says: /refused the credentials/, next: /key id and secret/ },
      { env },
    );
    const { stderr } = await kit.run(["sync", "--debug"], { env });
    assert.ok(!stderr.includes("sesame"));
    assert.match(stderr, /^\s+at /m);
    nothingHalfDone(kit);
  });

  it("a key id that nobody knows", async () => {
    const env = { AWS_ACCESS_KEY_ID: "AKIDOTHER" };
    await refused(kit, ["sync"], { exit: "credentialsRefused", says: /InvalidAccessKeyId/, next: /check/ }, { env });
  });

  it("no such bucket", async () => {
    kit.config("");
    writeFileSync(
      join(kit.folder, "other.yaml"),
      `bucket: asapp-prod-acne-exports-us-east-1\nendpoint: ${kit.server.url}\ndata: data\n`,
    );
    await refused(kit, ["sync", "--config", "other.yaml"], {
      exit: "noSuchBucket",
      says: /no bucket asapp-prod-acne-exports-us-east-1 at http:\/\/127\.0\.0\.1/,
      next: /kit\.yaml/,
    });
    nothingHalfDone(kit);
  });

  it("credentials that may not list", async () => {
    const limited = { accessKeyId: "AKIDREAD", secretAccessKey: "read", allow: ["read" as const] };
    const other = await openCliKit("", { credentials: [credentials, limited] });
    const env = { AWS_ACCESS_KEY_ID: "AKIDREAD", AWS_SECRET_ACCESS_KEY: "read" };
    await refused(other, ["sync"], { exit: "accessDenied", says: /access denied to/, next: /prefix/ }, { env });
    nothingHalfDone(other);
    await other.close();
  });

  it("a clock that is an hour off", async () => {
    const other = await openCliKit("", { clock: () => new Date(Date.now() + 3_600_000) });
    await refused(other, ["sync"], { exit: "clockSkew", says: /clock/, next: /set the clock/ });
    nothingHalfDone(other);
    await other.close();
  });

  it("an endpoint where nobody answers", async () => {
    const closed = await freePort();
    writeFileSync(
      join(kit.folder, "closed.yaml"),
      `bucket: ${bucket}\nendpoint: http://127.0.0.1:${closed}\ndata: data\n`,
    );
    await refused(kit, ["sync", "--config", "closed.yaml"], {
      exit: "unreachable",
      says: new RegExp(`cannot reach .*127\\.0\\.0\\.1:${closed}.*connection refused`),
      next: /network/,
    });
    nothingHalfDone(kit);
  });

  it("a bucket without any feed", async () => {
    const other = await openCliKit();
    other.server.put(bucket, "logs/2026/readme.txt", "hello");
    await refused(other, ["sync"], {
      exit: "noFeeds",
      says: /no feed in .*found there: logs/,
      next: /prefix/,
    });
    nothingHalfDone(other);
    await other.close();
  });

  it("a feed with only waiting partitions", async () => {
    const other = await openCliKit("feeds: [queue_wfm]\n");
    other.partition("queue_wfm/dt=2026-11-22/hr=05/mi=15", rows, { marker: false });
    await refused(other, ["sync"], { exit: "onlyWaiting", says: /queue_wfm/, next: /./ });
    nothingHalfDone(other);
    await other.close();
  });

  it("no kit.yaml at all", async () => {
    rmSync(join(kit.folder, "kit.yaml"));
    await refused(kit, ["sync"], { exit: "config", says: /no kit\.yaml/, next: /kit\.example\.yaml/ });
    kit.config("");
  });
});

describe("bad input: the configuration", () => {
  let kit: CliKit;
  before(async () => {
    kit = await openCliKit();
  });
  after(() => kit.close());

  it("three mistakes, all told at once", async () => {
    kit.config("tiemzone: UTC\nfeeds:\n  convos_metrics:\n    vresion: 2\nsync: {concurrency: many}\n");
    await refused(kit, ["status"], { exit: "config", says: /kit\.yaml:4:1 .*timezone/, next: /./ });
    const { stderr } = await kit.run(["sync"]);
    for (const place of ["kit.yaml:4:1", "kit.yaml:7:5", "kit.yaml:8:"]) assert.ok(stderr.includes(place), stderr);
    assert.equal(kit.server.requests.length, 0);
  });

  it("an unknown feed", async () => {
    kit.config("feeds: [convos_metrcs]\n");
    await refused(kit, ["sync"], {
      exit: "unknownFeed",
      says: /kit\.yaml:4:9 unknown feed "convos_metrcs" \(did you mean "convos_metrics"\?\)/,
      next: /./,
    });
    assert.equal(kit.server.requests.length, 0);
  });

  it("a file that is not there", async () => {
    await refused(kit, ["status", "--config", "missing.yaml"], {
      exit: "config",
      says: /no such file: missing\.yaml/,
      next: /kit\.example\.yaml/,
    });
  });
});

describe("bad input: the command line", () => {
  let kit: CliKit;
  before(async () => {
    kit = await openCliKit();
  });
  after(() => {
    assert.equal(kit.server.requests.length, 0); // all of it before any request
    return kit.close();
  });

  const cases: [string[], RegExp, RegExp][] = [
    [["synk"], /unknown command synk \(did you mean "sync"\?\)/, /--help/],
    [[], /which command\?/, /--help/],
    [["sync", "--dryrun"], /unknown option --dryrun \(did you mean "--dry-run"\?\)/, /sync --help/],
    [["sync", "--feed"], /option --feed needs a value/, /sync --help/],
    [["sync", "--wait", "--no-wait"], /--wait and --no-wait exclude each other/, /leave/],
    [["sync", "--fail-on", "schemas"], /not one of schema, counts: schemas \(did you mean "schema"\?\)/, /--help/],
    [["sync", "now"], /unexpected argument: now/, /--help/],
    [
      ["sql", "select 1", "--timezone", "Europe/Berln"],
      /not an IANA time zone: Europe\/Berln \(did you mean "Europe\/Berlin"\?\)/,
      /--help/,
    ],
    [["sql", "select 1", "-o", "x.xls"], /no format has that extension: x\.xls/, /--format/],
    [["sql", "select 1", "--format", "parquet"], /parquet is written to a file only/, /-o FILE/],
    [["sql", "select 1", "--format", "xlsx"], /xlsx is written to a file only/, /-o FILE/],
    [["sql", "select 1", "-f", "x.sql"], /exclude each other/, /leave/],
    [["sql", "-f", "x.sql"], /cannot read the query: .*x\.sql/, /-f/],
    [["preview", "--port", "http"], /not a whole number from 1 to 65535: http/, /--help/],
  ];
  for (const [args, says, next] of cases) {
    it(`asapp-kit ${args.join(" ")}`, () =>
      refused(kit, args, { exit: "usage", says, next }, { json: args[0] !== "sql" }));
  }

  it("a feed that nobody knows", () =>
    refused(kit, ["sync", "--feed", "queue_wmf"], {
      exit: "unknownFeed",
      says: /unknown feed queue_wmf \(did you mean "queue_wfm"\?\)/,
      next: /kit\.yaml/,
    }));
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
