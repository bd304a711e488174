import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { CliError, type ExitName } from "../src/base/errors.ts";
import { type Config, emptyConfig, loadConfig, parseConfig, selectFeed } from "../src/config/config.ts";
import { configOptions } from "../src/config/config-options.ts";
import fc from "./fast-check.ts";

const root = (name: string) => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), "utf8");
const read = (text: string): Config => parseConfig(text, "kit.yaml", "/home/demo/site");
const problems = (text: string, exit: ExitName = "config"): string[] => {
  try {
    read(text);
  } catch (error) {
    assert.ok(error instanceof CliError, String(error));
    assert.equal(error.exit, exit);
    return error.message.split("\n");
  }
  assert.fail("no problem was found");
};

describe("config", () => {
  it("has a default for everything", () => {
    const config = read("");
    assert.deepEqual(config, emptyConfig("/home/demo/site"));
    assert.equal(config.source, null);
    assert.equal(config.feeds, "all");
    assert.equal(config.timezone, "UTC");
    assert.equal(config.data, "/home/demo/site/data/local");
    assert.deepEqual(config.sync, {
      maxAgeMinutes: 15,
      concurrency: 64,
      graceMinutes: 60,
      futureHours: 24,
      maxListed: 2_000_000,
      maxRatio: 200,
      keepReplacedMinutes: 20_160,
      knownBy: "auto",
    });
    assert.deepEqual(config.schema, {
      onNewColumn: "evolve",
      onTypeChange: "widen",
      onMissingColumn: "null",
    });
    assert.deepEqual(config.site.serviceLevel, {
      target: 0.8,
      seconds: 60,
      variant: "offered",
      shortSeconds: 5,
    });
    assert.equal(config.site.privacy.minReps, 5);
    assert.equal(config.site.privacy.minContacts, 10);
    assert.deepEqual(config.site.wfm.queue.assignments, ["total_assignments"]);
    assert.deepEqual(config.site.wfm.membership.utilized_busy, ["lin_ute_busy_min"]);
    for (const empty of ["# nothing yet\n", "---\n", "{}", "\uFEFF"]) assert.deepEqual(read(empty), config);
  });

  it("fetches fewer objects at once from a folder or over SFTP, unless told otherwise", () => {
    const atOnce = (text: string) => read(text).sync.concurrency;
    assert.equal(atOnce("company: acme"), 64);
    assert.equal(atOnce("source: {path: exports}"), 16);
    assert.equal(atOnce("source: {url: 'sftp://me@host'}"), 16);
    assert.equal(atOnce("{company: acme, sync: {concurrency: 5}}"), 5);
  });

  it("makes the bucket's name from environment, company and region", () => {
    const bucket = (text: string) => {
      const { source } = read(text);
      return source?.type === "s3" ? `${source.bucket} in ${source.region}` : null;
    };
    assert.equal(bucket("company: acme"), "asapp-prod-acme-exports-us-east-1 in us-east-1");
    assert.equal(
      bucket("{environment: preprod, company: umbrella-corp, region: eu-west-1}"),
      "asapp-preprod-umbrella-corp-exports-eu-west-1 in eu-west-1",
    );
    assert.equal(bucket("bucket: my-exports"), "my-exports in us-east-1");
    assert.equal(bucket("bucket: s3://my-exports/"), "my-exports in us-east-1");
    assert.equal(bucket("{bucket: my-exports, region: eu-central-1}"), "my-exports in eu-central-1");
    assert.equal(
      bucket("bucket: asapp-test-acme-exports-ap-southeast-2"),
      "asapp-test-acme-exports-ap-southeast-2 in ap-southeast-2",
    );
  });

  it("reads where else the bucket is", () => {
    assert.deepEqual(
      read("{bucket: my-exports, prefix: /sub/folder/, endpoint: 'http://127.0.0.1:9000/', profile: work}").source,
      {
        type: "s3",
        bucket: "my-exports",
        prefix: "sub/folder",
        region: "us-east-1",
        endpoint: "http://127.0.0.1:9000",
        profile: "work",
        etagIsMd5: true,
      },
    );
  });

  it("reads a folder or an SFTP server as source, with paths from the file's own folder", () => {
    assert.deepEqual(read("source: {path: ../exports}").source, {
      type: "folder",
      path: "/home/demo/exports",
    });
    assert.deepEqual(
      read("source: {url: 'sftp://sftpacme@prod-data-sftp.asapp.com:22/out', identity: ~/.ssh/id, known_hosts: hosts}")
        .source,
      {
        type: "sftp",
        url: "sftp://sftpacme@prod-data-sftp.asapp.com:22/out",
        identity: join(homedir(), ".ssh/id"),
        knownHosts: "/home/demo/site/hosts",
      },
    );
  });

  it("keeps each bucket's data apart", () => {
    assert.equal(read("company: acme").data, "/home/demo/site/data/asapp-prod-acme-exports-us-east-1");
    assert.equal(read("source: {url: 'sftp://a@b.example/x'}").data, "/home/demo/site/data/b.example");
    assert.equal(read("{company: acme, data: here}").data, "/home/demo/site/here");
    assert.equal(read("{company: acme, data: /srv/acme}").data, "/srv/acme");
  });

  it("takes feeds as all, as a list, and as a map", () => {
    const names = (text: string) => {
      const { feeds } = read(text);
      return feeds === "all" ? feeds : feeds.map((feed) => feed.name);
    };
    assert.equal(names("feeds: all"), "all");
    assert.deepEqual(names("feeds: reps"), ["reps"]);
    assert.deepEqual(names("feeds: [reps, convos_metrics]"), ["reps", "convos_metrics"]);
    assert.deepEqual(names("feeds: [reps, {utterances: {since: 2026-09-01}}]"), ["reps", "utterances"]);
    assert.deepEqual(names("feeds: {reps: , utterances: {lookback: 2w}}"), ["reps", "utterances"]);
    assert.equal(names("feeds: {all: , utterances: {lookback: 14d}}"), "all");
    assert.equal(names("feeds: {utterances: false}"), "all");
  });

  it("fills a feed's selection from the project's own settings", () => {
    const config = read(
      "{bucket: my-exports, prefix: p, lookback: 90d, on_type_change: fail, feeds: {all: , reps: {bucket: other-exports, version: 2, since: 2026-09-01, on_missing_column: warn}}}",
    );
    assert.deepEqual(selectFeed(config, "reps"), {
      name: "reps",
      bucket: "other-exports",
      prefix: "p",
      version: "2",
      format: null,
      since: "2026-09-01",
      lookbackDays: null, // the feed's own window replaces the project's
      onNewColumn: "evolve",
      onTypeChange: "fail",
      onMissingColumn: "warn",
    });
    assert.equal(selectFeed(config, "convos_metrics")?.bucket, "my-exports");
    assert.equal(selectFeed(config, "convos_metrics")?.lookbackDays, 90);
    assert.equal(selectFeed(config, "a_feed_nobody_described")?.prefix, "p");
  });

  it("leaves out what is not listed, or is ruled out", () => {
    assert.equal(selectFeed(read("feeds: [reps]"), "utterances"), null);
    const config = read("feeds: {all: , utterances: false}");
    assert.equal(selectFeed(config, "utterances"), null);
    assert.equal(selectFeed(config, "reps")?.name, "reps");
  });

  it("reads what changes about a feed, and feeds of the user's own", () => {
    const { overrides } = read(
      [
        "feeds:",
        "  all:",
        "  reps: {key: [crm_rep_id], order: [created_ts asc], latest_only: true}",
        "  surveys:",
        "    cadence: 1d",
        "    key: []",
        "    columns: {answer_id: {type: BIGINT, personal: id}, at: TIMESTAMP}",
        "  utterances: {lookback: 7d}",
      ].join("\n"),
    );
    assert.deepEqual([...overrides.keys()], ["reps", "surveys"]);
    assert.deepEqual(overrides.get("reps")?.order, [{ columns: ["created_ts"], direction: "asc" }]);
    assert.equal(overrides.get("surveys")?.cadence, 1440);
    assert.deepEqual(
      [...overrides.get("surveys")!.columns!],
      [
        ["answer_id", { type: "BIGINT", personal: "id" }],
        ["at", { type: "TIMESTAMP" }],
      ],
    );
  });

  it("reads sync, decrypt and the schema's policies", () => {
    const config = read(
      "{sync: {max_age: 2h, concurrency: 4, grace: 30, future_hours: 6}, decrypt: [gpg, --decrypt], on_new_column: freeze, on_missing_column: null}",
    );
    assert.deepEqual(config.sync, {
      maxAgeMinutes: 120,
      concurrency: 4,
      graceMinutes: 30,
      futureHours: 6,
      maxListed: 2_000_000,
      maxRatio: 200,
      keepReplacedMinutes: 20_160,
      knownBy: "auto",
    });
    assert.deepEqual(config.decrypt, ["gpg", "--decrypt"]);
    assert.deepEqual(config.schema, {
      onNewColumn: "freeze",
      onTypeChange: "widen",
      onMissingColumn: "null",
    });
    assert.equal(read("sync: {max_age: 0}").sync.maxAgeMinutes, 0);
  });

  it("reads the site", () => {
    const { site } = read(
      [
        "site:",
        "  title: 2026",
        "  service_level: {target: 0.9, seconds: 30, variant: answered_only, short_seconds: 10}",
        "  week_start: sunday",
        "  privacy: {min_reps: 3, min_contacts: 20, rep_level: none}",
        "  wfm:",
        "    queue: {abandons: left, reps: , wait_seconds: [waited, wait]}",
        "    threshold_counts: answered_and_abandoned",
        "    wait_unit: minutes",
        "  open_hours:",
        "    default: {fri-mon: 08:00-20:00}",
        "    Queue Billing: {sat: ['09:00-12:00', '13:30-24:00']}",
        "  forecast: plans/forecast.csv",
      ].join("\n"),
    );
    assert.equal(site.title, "2026");
    assert.deepEqual(site.serviceLevel, {
      target: 0.9,
      seconds: 30,
      variant: "answered_only",
      shortSeconds: 10,
    });
    assert.equal(site.weekStart, 7);
    assert.deepEqual(site.wfm.queue.abandons, ["left"]);
    assert.deepEqual(site.wfm.queue.reps, []);
    assert.deepEqual(site.wfm.queue.wait_seconds, ["waited", "wait"]);
    assert.deepEqual(site.wfm.queue.assignments, ["total_assignments"]);
    assert.equal(site.wfm.waitUnit, "minutes");
    assert.deepEqual(
      site.openHours?.get("default")?.map(({ weekday }) => weekday),
      [5, 6, 7, 1],
    );
    assert.deepEqual(site.openHours?.get("Queue Billing"), [
      { weekday: 6, from: 540, to: 720 },
      { weekday: 6, from: 810, to: 1440 },
    ]);
    assert.equal(site.forecast, "/home/demo/site/plans/forecast.csv");
    assert.equal(site.schedule, null);
  });

  it("takes the threshold column of the service level's own seconds", () => {
    const column = (seconds: number) =>
      read(`site: {service_level: {seconds: ${seconds}}}`).site.wfm.queue.within_threshold!;
    assert.deepEqual([30, 60, 120, 45].flatMap(column), [
      "waits_under_30s",
      "waits_under_60s",
      "waits_under_120s",
      "waits_under_45s",
    ]);
    const own = read("site: {service_level: {seconds: 45}, wfm: {queue: {within_threshold: waits_45}}}");
    assert.deepEqual(own.site.wfm.queue.within_threshold, ["waits_45"]);
  });

  it("reports every problem at once, in the order of the file", () => {
    const text = [
      "sync: {max_ages: 3, concurrency: 0}",
      "company: Acme Corp",
      "timezone: Europe/Berln",
      "fedes: all",
      "since: 2026-02-30",
      "site:",
      "  service_level: {target: 80, seconds: soon}",
      "  wfm: {queue: {abandon: x}}",
      "  title: [a]",
    ].join("\n");
    assert.deepEqual(problems(text), [
      'kit.yaml:1:8 unknown option "max_ages" in sync (did you mean "max_age"?)',
      'kit.yaml:1:34 invalid option "concurrency" in sync: 0 (a whole number from 1 to 256)',
      'kit.yaml:2:10 invalid company: Acme Corp (as in the bucket\'s name, perhaps "acmecorp")',
      'kit.yaml:3:11 unknown time zone: Europe/Berln (did you mean "Europe/Berlin"?)',
      'kit.yaml:4:1 unknown option "fedes" (did you mean "feeds"?)',
      "kit.yaml:5:8 invalid date: 2026-02-30 (as in 2026-09-01)",
      'kit.yaml:7:27 invalid option "target" in site.service_level: 80 (a share between 0 and 1, such as 0.8)',
      'kit.yaml:7:40 option "seconds" in site.service_level must be seconds from 1 to 86400, not "soon"',
      'kit.yaml:8:17 unknown option "abandon" in site.wfm.queue (did you mean "abandons"?)',
      'kit.yaml:9:10 option "title" in site must be a title, not a list',
    ]);
  });

  it("calls a feed's mistakes by the feed's name", () => {
    const text = [
      "feeds:",
      "  all:",
      "  reps:",
      "    kee: [rep_id]",
      "    columns: {rep_id: {typ: BIGINT}, n: TEXT}",
    ].join("\n");
    assert.deepEqual(problems(text), [
      'kit.yaml:4:5 unknown option "kee" in feed reps (did you mean "key"?)',
      'kit.yaml:5:24 unknown option "typ" in column rep_id of feed reps (did you mean "type"?)',
      'kit.yaml:5:41 unknown value "TEXT" (one of VARCHAR, BIGINT, DOUBLE, BOOLEAN, TIMESTAMP, DATE, JSON)',
    ]);
  });

  it("refuses a key or an order of columns that the feed does not have", () => {
    assert.deepEqual(problems("feeds: {reps: {key: [repid], order: 'created desc'}}"), [
      'kit.yaml:1:16 unknown column "repid" in key of feed reps (did you mean "rep_id"?; new ones go under columns)',
      'kit.yaml:1:30 unknown column "created" in order of feed reps (did you mean "created_ts"?; new ones go under columns)',
    ]);
    assert.ok(read("feeds: {reps: {key: [badge], columns: {badge: VARCHAR}}}"));
    assert.ok(read("feeds: {own: {key: [whatever]}}"));
  });

  it("tells a feed that does not exist from other mistakes by its own exit code", () => {
    assert.deepEqual(problems("feeds: [convos_metric, reps, zzz]", "unknownFeed"), [
      'kit.yaml:1:9 unknown feed "convos_metric" (did you mean "convos_metrics"?)',
      'kit.yaml:1:30 unknown feed "zzz" (a custom feed needs a key or columns; `key: []` takes whole rows)',
    ]);
    assert.deepEqual(problems("feeds: {all: , utterance: false}", "unknownFeed"), [
      'kit.yaml:1:16 unknown feed "utterance" (did you mean "utterances"?)',
    ]);
    assert.equal(problems("{feeds: [zzz], fedes: all}").length, 2);
  });

  it("finds what is written twice", () => {
    assert.deepEqual(problems("company: a\nregion: us-east-1\ncompany: b"), [
      'kit.yaml:3:1 duplicate option "company"',
    ]);
    assert.deepEqual(problems("feeds: [reps, reps]"), ["kit.yaml:1:15 feed reps is named twice"]);
    assert.deepEqual(problems("sync: {grace: 1h, grace: 2h}"), ['kit.yaml:1:19 duplicate option "grace" in sync']);
  });

  it("finds what does not go together", () => {
    const cases: [string, RegExp][] = [
      ["{since: 2026-09-01, lookback: 90d}", /1:21 since and lookback are mutually exclusive/],
      ["feeds: {reps: {since: 2026-09-01, lookback: 90d}}", /1:35 since and lookback are mutually exclusive/],
      ["{bucket: my-exports, source: {path: x}}", /1:2 bucket applies to a bucket, but source is not one/],
      ["{source: {path: x}, feeds: {reps: {prefix: y}}}", /prefix applies to a bucket/],
      ["source: {}", /source needs either path or url/],
      ["source: {path: x, url: 'sftp://a@b/c'}", /source needs either path or url/],
      ["endpoint: http://127.0.0.1:9000", /endpoint has no effect without bucket/],
      ["data: .", /data must be a separate folder/],
      ["data: ..", /data must be a separate folder/],
      ["data: /", /data must be a separate folder/],
      ["{data: x, source: {path: x/raw}}", /data and source must be separate folders/],
      ["{data: x/data, source: {path: x}}", /data and source must be separate folders/],
      ["feeds: []", /feeds must name at least one feed, or all/],
      ["feeds: {all: {since: 2026-09-01}}", /all takes no options/],
      ["site: {privacy: {rep_level: names}}", /not possible: rep_level names \(.*only none\)/],
      ["site: {privacy: {rep_level: distribution}}", /not possible: rep_level distribution/],
    ];
    for (const [text, expected] of cases) assert.match(problems(text).join("\n"), expected, text);
    assert.ok(read("data: ../elsewhere"));
  });

  it("refuses values that cannot be what they stand for", () => {
    const cases: [string, RegExp][] = [
      ["bucket: my/exports", /invalid bucket: my\/exports \(written bucket: my and prefix: exports\)/],
      ["bucket: No_Bucket", /invalid bucket/],
      ["{bucket: my-exports, prefix: a/../b}", /invalid prefix: "a\/..\/b" \(path segment \.\.\)/],
      ["{bucket: my-exports, endpoint: 127.0.0.1:9000}", /invalid endpoint/],
      ["{bucket: my-exports, endpoint: 'ftp://x'}", /invalid endpoint/],
      ["environment: pre_prod", /invalid environment: pre_prod/],
      ["source: {url: 'http://a@b/c'}", /invalid url/],
      ["source: {url: 'sftp://b/c'}", /invalid url/],
      ["lookback: 90", /invalid lookback: 90/],
      ["lookback: 0d", /invalid lookback: 0d/],
      ["timezone: berlin", /unknown time zone: berlin \(did you mean "Europe\/Berlin"\?\)/],
      ["timezone: '+02:00'", /an IANA name such as/],
      ["company: true", /option "company" must be the company/],
      ["company:", /option "company" must be .*, not nothing/],
      ["feeds: {Reps: }", /invalid feed name: Reps/],
      ["feeds: {reps: {version: ../2}}", /invalid version: \.\.\/2/],
      ["feeds: {reps: {columns: {_file: VARCHAR}}}", /invalid column name: _file/],
      ["feeds: {reps: {columns: {Rep_ID: VARCHAR}}}", /column Rep_ID .* differs from rep_id only in case/],
      ["sync: fast", /option "sync" must be a map of options, not "fast"/],
      ["[a]", /the file must be a map of options, not a list/],
      ["decrypt: gpg --decrypt", /option "decrypt" must be a list/],
      ["site: {open_hours: {default: {mon-fry: 08:00-20:00}}}", /invalid days: mon-fry/],
      ["site: {open_hours: {default: {mon: 20:00-08:00}}}", /invalid opening hours: 20:00-08:00/],
      ["site: {exclude_days: [2026-02-30]}", /^kit.yaml:1:23 invalid date: 2026-02-30 \(as in 2026-09-01\)$/],
      ["site: {exclude_days: [2026-01-01, 7/4/2026]}", /^kit.yaml:1:35 invalid date: 7\/4\/2026/],
      ["site: {exclude_days: [true]}", /exclude_days" in site must be a date, .*not true/],
      ["site: {exclude_days: [[2026-01-01]]}", /must be a date, .*not a list/],
      ["site: {exclude_days: [2026-01-02..2026-01-01]}", /invalid range of days: .* \(it ends before it begins\)/],
      ["site: {exclude_days: [2026-01-01..2026-01-03..2026-01-05]}", /invalid range of days/],
      ["site: {exclude_days: [2025-01-01..2026-01-02]}", /invalid range of days: .* \(more than 366 days\)/],
      ["site:\n  exclude_days:\n    New Year: 2026-01-01", /^kit.yaml:3:5 invalid date: New Year/],
      ["site:\n  exclude_days:\n    2026-01-01: [New Year]", /^kit.yaml:3:17 .* must be .*, not a list/],
      ["site: {exclude_days: {2026-01-01: a, 2026-01-01: b}}", /duplicate option "2026-01-01" in exclude_days/],
    ];
    for (const [text, expected] of cases) assert.match(problems(text).join("\n"), expected, text);
  });

  it("reads days to exclude: a list, ranges, and what they were", () => {
    const days = (written: string) => [...read(`site: {exclude_days: ${written}}`).site.excludedDays];
    assert.deepEqual(days(""), []);
    assert.deepEqual(days("[]"), []);
    assert.deepEqual(days("2026-01-01"), [["2026-01-01", null]]);
    assert.deepEqual(days("['2026-07-04', 2024-02-28..2024-03-01]"), [
      ["2026-07-04", null],
      ["2024-02-28", null],
      ["2024-02-29", null],
      ["2024-03-01", null],
    ]);
    assert.deepEqual(days("{2026-12-24 .. 2026-12-25: closed, 2026-12-25: Christmas, 2026-12-26: }"), [
      ["2026-12-24", "closed"],
      ["2026-12-25", "closed"],
      ["2026-12-26", null],
    ]);
  });

  it("reads time zones however they are capitalised", () => {
    assert.equal(read("timezone: europe/berlin").timezone, "Europe/Berlin");
    assert.equal(read("timezone: utc").timezone, "UTC");
    assert.equal(read("timezone: America/St_Johns").timezone, "America/St_Johns");
  });

  it("refuses secrets, says where they belong, and never repeats them", () => {
    const secret = "wJalrXUtnFEMI0K7MDENG0bPxRfiCYEXAMPLEKEY";
    const cases = [
      `aws_secret_access_key: ${secret}`,
      `access_key: ${secret}`,
      `source: {url: 'sftp://a:${secret}@b/c'}`,
      `source: {url: 'sftp://a@b/c', password: ${secret}}`,
      `{bucket: my-exports, endpoint: 'https://a:${secret}@b'}`,
      `feeds: {reps: {secret: ${secret}}}`,
    ];
    for (const text of cases) {
      const message = problems(text).join("\n");
      assert.match(message, /has no place in this file: secrets belong in/, text);
      assert.ok(!message.includes(secret), message);
    }
    assert.match(problems("profile: AKIAIOSFODNN7EXAMPLE").join("\n"), /looks like a secret/);
  });

  it("says where YAML itself is broken, without printing the line", () => {
    const found = problems("company: acme\nsite: {title: [secret stuff\n");
    assert.match(found[0]!, /^kit\.yaml:\d+:\d+ not valid YAML: /);
    assert.ok(!found.join("\n").includes("stuff"));
    assert.match(problems("company: *nowhere")[0]!, /^kit\.yaml:1:10 /);
  });

  it("names a file that is not there, and what to do", () => {
    assert.throws(
      () => loadConfig("/nonexistent/kit.yaml"),
      (error) =>
        error instanceof CliError && error.exit === "config" && /copy kit\.example\.yaml/.test(error.next ?? ""),
    );
    assert.throws(() => loadConfig(tmpdir()), /cannot read/);
  });

  it("reads a file from disk", () => {
    const folder = mkdtempSync(join(tmpdir(), "kit-config-"));
    try {
      writeFileSync(join(folder, "kit.yaml"), "{company: acme, data: d}");
      assert.equal(loadConfig(join(folder, "kit.yaml")).data, join(folder, "d"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("never throws anything but a CliError, whatever the text", () => {
    const piece = fc.constantFrom(
      ...["a", "feeds", "site", "wfm", "company", ": ", "- ", "\n", "  ", "{", "}", "[", "]", ",", "&a ", "*a", "null"],
      ...["!!set", "'", '"', "#", "? ", "|", ">", "1", "true", "\t", "---", "<<", "columns", "key", "reps", "false"],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        try {
          read(pieces.join(""));
        } catch (error) {
          assert.ok(error instanceof CliError, `${pieces.join("")}\n${(error as Error).stack}`);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("the documentation of kit.yaml", () => {
  const docs = root("docs/config.md");

  it("has every option that the code knows, and no other", () => {
    const options = configOptions();
    const documented = [...docs.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!);
    assert.deepEqual([...documented].sort(), [...options].sort());
  });

  it("shows examples that are valid", () => {
    const examples = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!);
    assert.ok(examples.length >= 5);
    for (const example of examples) assert.ok(read(example));
  });

  it("comes with an example file that is valid", () => {
    const config = read(root("kit.example.yaml"));
    assert.equal(config.source?.type, "s3");
    assert.equal(config.feeds, "all");
    assert.equal(config.lookbackDays, 90);
  });
});
