import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { parse } from "yaml";
import { CliError } from "../src/base/errors.ts";
import { credentialSetting, profileNames, withProfile } from "../src/credentials/aws-profile.ts";
import { setTopOptions } from "../src/credentials/config-file.ts";
import { chooseKey, masked, parseHandover, profileName, regionOf } from "../src/credentials/handover.ts";
import fc from "./fast-check.ts";

const id = "AKIAIOSFODNN7EXAMPLE";
const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const prod = "asapp-prod-acme-exports-us-east-1";
const test = "asapp-test-acme-exports-us-east-1";
const read = (text: string) => parseHandover(Buffer.from(text));
const thrown = (work: () => unknown): CliError => {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof CliError, String(error));
    return error;
  }
  return assert.fail("nothing was thrown");
};

describe("the delivered credentials file", () => {
  const row = `${id}\t${secret}\t${prod}`;
  const good: [string, string, string][] = [
    ["a single line", row, ""],
    ["a line end", `${row}\n`, ""],
    ["an empty fourth field", `${row}\t\n`, ""],
    ["a sub-folder", `${row}\tmessaging`, "messaging"],
    ["slashes around the sub-folder", `${row}\t/messaging/feeds/\n`, "messaging/feeds"],
    ["Windows line ends and blank lines", `\r\n${row}\tm\r\n\r\n \t \r\n`, "m"],
    ["a header", `id\tsecret\tbucket\tsub-folder\n${row}\tm\n`, "m"],
    ["a header in other words", `Access Key ID\tSecret Access Key\tBucket\n${row}\n`, ""],
    ["a header with underscores, commented", `\n# aws_access_key_id\taws_secret_access_key\tbucket\n${row}\n`, ""],
    ["a byte order mark", `\ufeff${row}`, ""],
    ["blanks around the fields", ` ${id} \t ${secret}\t s3://${prod}/ \t m `, "m"],
  ];
  for (const [what, text, prefix] of good) {
    it(`is read with ${what}`, () => {
      const { keys, problems } = read(text);
      assert.deepEqual(problems, []);
      const [key] = keys;
      assert.deepEqual({ ...key, secret: key!.secret() }, { row: 1, id, secret, bucket: prod, prefix });
    });
  }

  it("is read as Windows saves it, in UTF-16", () => {
    const { keys } = parseHandover(Buffer.from(`\ufeff${row}\r\n`, "utf16le"));
    assert.equal(keys[0]!.secret(), secret);
  });

  const bad: [string, RegExp][] = [
    [`${id} ${secret} ${prod}`, /^line 1: no tab/],
    [`${id}\t${secret}`, /^line 1: the bucket is missing$/],
    [`${id}\t\t${prod}`, /^line 1: the secret is missing$/],
    [`\t${secret}\t${prod}`, /^line 1: the id is missing$/],
    [`${row}\tm\tmore`, /^line 1: 5 fields, at most 4 expected/],
    [`${secret}\t${id}\t${prod}`, /^line 1: the id is invalid/],
    [`${id}\tshort\t${prod}`, /^line 1: the secret is invalid/],
    [`${id}\t${secret} ${secret}\t${prod}`, /^line 1: the secret is invalid/],
    [`${id}\t${secret}\t${secret}`, /^line 1: a slash in the bucket/],
    [`${id}\t${secret}\tNo Bucket`, /^line 1: the bucket's name is invalid/],
    [`${id}\t${secret}\ta..b`, /^line 1: the bucket's name is invalid/],
    [`${row}\ta/../b`, /^line 1: the sub-folder is invalid: path segment \.\.$/],
    [`${row}\n\nid\tsecret\tbucket`, /^line 3: the id is invalid/],
    [`${id}\t${id}\t${prod}\t${secret}`, /^line 1: the secret looks like an id/],
    [`${id}\t${secret}\t${prod}\t${secret}`, /^line 1: the sub-folder looks like a secret/],
    [`${id}\t${secret}\t${prod}\t${secret} x`, /^line 1: the sub-folder looks like a secret/],
    [`${id}\t${secret}\t${prod}\tx${secret}`, /^line 1: the sub-folder looks like a secret/],
    ["\u0000\u0001", /^the decrypted content is not text$/],
  ];
  for (const [text, message] of bad) {
    it(`is refused with ${message.source}`, () => {
      const { problems } = read(text);
      assert.equal(problems.length, 1);
      assert.match(problems[0]!, message);
    });
  }

  it("is refused as no text when it is not UTF-8", () => {
    assert.deepEqual(parseHandover(Buffer.from([0x41, 0xff, 0x09])).problems, ["the decrypted content is not text"]);
  });

  it("never shows a secret, whatever is wrong with its row", () => {
    const cell = fc.constantFrom(id, secret, prod, "messaging", "", " ", "x", "a/../b", `${secret} x`);
    const line = fc.array(cell, { maxLength: 6 }).map((cells) => cells.join("\t"));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
        const handover = read(lines.join("\n"));
        let shown = JSON.stringify(handover) + inspect(handover, { depth: 9 });
        try {
          chooseKey(handover, "f.gpg");
        } catch (error) {
          shown += inspect(error, { depth: 9 }) + (error as CliError).next;
        }
        assert.ok(!shown.includes(secret) && !shown.includes(secret.slice(0, 20)));
      }),
      { numRuns: 2000 },
    );
  });

  const several = `${row}\n${id.replace("MPLE", "TEST")}\t${secret}\t${test}\tmessaging\n`;

  it("with several rows asks which, and lists them", () => {
    const error = thrown(() => chooseKey(read(several), "f.gpg"));
    assert.equal(error.exit, "usage");
    assert.equal(
      error.message,
      [
        "f.gpg has several rows",
        `row 1: key …MPLE for ${prod}`,
        `row 2: key …TEST for ${test}, sub-folder messaging`,
      ].join("\n"),
    );
    assert.equal(error.next, "choose with --row N or --bucket B");
  });

  it("gives the row with that number or bucket", () => {
    const handover = read(`id\tsecret\tbucket\n${several}`);
    assert.equal(chooseKey(handover, "f", { row: 2 }).bucket, test);
    assert.equal(chooseKey(handover, "f", { bucket: test }).row, 2);
    assert.equal(chooseKey(handover, "f", { bucket: `s3://${prod}/` }).row, 1);
    assert.match(thrown(() => chooseKey(handover, "f", { row: 3 })).message, /^f has no row 3\nrow 1: .*\nrow 2: /);
    assert.match(thrown(() => chooseKey(handover, "f", { bucket: "other" })).message, /^f has no bucket other\n/);
    const twice = thrown(() => chooseKey(read(`${row}\ta\n${row}\tb`), "f", { bucket: prod }));
    assert.match(twice.message, /several rows for bucket .*\nrow 1: .*, sub-folder a\nrow 2: .*, sub-folder b$/);
    assert.equal(twice.next, "choose with --row N");
  });

  it("with an unfit row gives a good one only when it is asked for", () => {
    const handover = read(`${row}\n${id}\t${secret}\n`);
    const error = thrown(() => chooseKey(handover, "f.gpg"));
    assert.equal(error.exit, "noCredentials");
    assert.equal(error.message, "f.gpg: line 2: the bucket is missing");
    assert.match(error.next!, /--row N or --bucket B/);
    assert.equal(chooseKey(handover, "f.gpg", { row: 1 }).bucket, prod);
    assert.match(
      thrown(() => chooseKey(handover, "f", { row: 2 })).message,
      /no row 2\n.*\nline 2: the bucket is missing/,
    );
  });

  it("without any row says what it should hold", () => {
    for (const text of ["", "\n\n", "id\tsecret\tbucket\n"]) {
      const error = thrown(() => chooseKey(read(text), "f.gpg"));
      assert.equal(error.message, "f.gpg has no row of credentials");
      assert.match(error.next!, /id<TAB>secret<TAB>bucket<TAB>sub-folder/);
    }
  });

  it("names the profile and the region after the bucket", () => {
    assert.equal(profileName(prod), "asapp-prod-acme");
    assert.equal(profileName("asapp-pre_prod-umbrella-corp-exports"), "asapp-pre_prod-umbrella-corp");
    assert.equal(profileName("acme-feeds"), "acme-feeds");
    assert.equal(regionOf(prod), "us-east-1");
    assert.equal(regionOf("asapp-prod-ab-exports-eu-central-1"), "eu-central-1");
    assert.equal(regionOf("x-us-gov-west-1"), "us-gov-west-1");
    assert.equal(regionOf("x-ap-southeast-2"), "ap-southeast-2");
    assert.equal(regionOf("asapp-prod-acme-exports"), null);
    assert.equal(regionOf("feeds-of-team-1"), null);
    assert.equal(masked(id), "…MPLE");
  });
});

describe("a shared credentials file", () => {
  const added = `[acme]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`;
  const cases: [string, string, string][] = [
    ["is made", "", added],
    ["gets the profile at its end", "[default]\nregion = x\n", `[default]\nregion = x\n\n${added}`],
    ["has its last line ended", "[default]\nregion = x", `[default]\nregion = x\n\n${added}`],
    ["keeps Windows line ends", "[a]\r\nb = c\r\n", `[a]\r\nb = c\r\n\r\n${added.replaceAll("\n", "\r\n")}`],
    ["takes a profile named alike for another", "[acme2]\n[Acme]\n", `[acme2]\n[Acme]\n\n${added}`],
    ["has the old key replaced", "[acme]\naws_access_key_id=1\naws_secret_access_key=2\n", added],
    ["fills an empty profile", "[acme]", added],
    ["loses a session token, which does not fit the new key", `${added}aws_session_token = t\n`, added],
    [
      "keeps the settings and comments of the replaced profile",
      "[z]\nk=1\n[acme] # ours\n# until spring\nregion = r\nAWS_ACCESS_KEY_ID : 1\n; two\naws_secret_access_key=2\ns3 =\n  a = b\n\n[b]\n",
      `[z]\nk=1\n[acme] # ours\n# until spring\nregion = r\n${added.slice(7)}; two\ns3 =\n  a = b\n\n[b]\n`,
    ],
    [
      "has a role taken out",
      "[acme]\nrole_arn = a\nsource_profile = b\nregion = r\n[b]\n",
      `${added}region = r\n[b]\n`,
    ],
    [
      "has one key for a profile that stands there twice",
      `${added}[b]\n[acme]\naws_access_key_id = 3\n`,
      `${added}[b]\n[acme]\n`,
    ],
    ["has the profile found behind a byte order mark", "\u00ef\u00bb\u00bf[acme]\n", `\u00ef\u00bb\u00bf${added}`],
  ];
  for (const [what, before, after] of cases) {
    it(what, () => {
      assert.equal(withProfile(before, "acme", id, secret), after);
      assert.equal(withProfile(after, "acme", id, secret), after);
    });
  }

  const piece = fc.oneof(
    fc.constantFrom(
      "[default]",
      "[work] # x",
      " [odd name]",
      "aws_access_key_id = OLD",
      "aws_secret_access_key=x",
      "s3 =",
      "  a = b",
      "# acme",
      "; [acme]",
      "",
      "\u00e9\u00ff",
      "[broken",
    ),
    fc.string(),
  );
  const text = fc
    .tuple(fc.array(piece), fc.constantFrom("\n", "\r\n"), fc.boolean())
    .map(([lines, end, ended]) => lines.join(end) + (ended ? end : ""));

  it("keeps every byte of the others when a profile is added", () => {
    fc.assert(
      fc.property(text, (before) => {
        fc.pre(!profileNames(before).includes("acme"));
        const after = withProfile(before, "acme", id, secret);
        assert.ok(after.startsWith(before));
        assert.deepEqual(profileNames(after), [...profileNames(before), "acme"]);
      }),
    );
  });

  it("keeps every byte of the others when a profile is replaced", () => {
    fc.assert(
      fc.property(text, text, (first, second) => {
        fc.pre(![...profileNames(first), ...profileNames(second)].includes("acme"));
        const head = first === "" ? "" : `${first}\n`;
        const tail = `[next]\n${second}`;
        assert.equal(
          withProfile(`${head}[acme]\naws_access_key_id = 1\n${tail}`, "acme", id, secret).replaceAll("\r", ""),
          `${head}${added}${tail}`.replaceAll("\r", ""),
        );
      }),
    );
  });

  it("finds a profile of ~/.aws/config that has credentials of its own", () => {
    const config =
      "[default]\nregion = r\n[profile acme]\nregion = r\nsso_session = s\n[profile plain]\noutput = json\n";
    assert.equal(credentialSetting(config, "acme"), "sso_session");
    assert.equal(credentialSetting(config, "plain"), null);
    assert.equal(credentialSetting(config, "default"), null);
    assert.equal(credentialSetting("[acme]\nrole_arn = a\n", "acme"), null);
    assert.equal(credentialSetting("[default]\nrole_arn = a\n", "default"), "role_arn");
    assert.equal(credentialSetting('[profile "acme"]\ncredential_process = a\n', "acme"), "credential_process");
  });
});

describe("kit.yaml", () => {
  const values = { bucket: prod, prefix: "messaging", region: "us-east-1", profile: "acme" };
  const lines = `bucket: ${prod}\nprefix: messaging\nregion: us-east-1\nprofile: acme\n`;
  const cases: [string, string, string][] = [
    ["is filled when empty", "", lines],
    ["is filled below its comments", "# ours\n", `# ours\n${lines}`],
    ["gets options at its end", "site:\n    title:   x # y", `site:\n    title:   x # y\n${lines}`],
    [
      "gets options beside those of the bucket",
      "# one\ncompany: acme   # two\n\nfeeds: [ a,b ]\n\n\n# end\n",
      `# one\ncompany: acme   # two\n${lines}\nfeeds: [ a,b ]\n\n\n# end\n`,
    ],
    [
      "has values replaced where they stand",
      `profile:   'old' # ours\nfeeds:\n    - a\nbucket: "other-bucket"\nregion: # where\nprefix: messaging\n`,
      `profile:   acme # ours\nfeeds:\n    - a\nbucket: ${prod}\nregion: us-east-1 # where\nprefix: messaging\n`,
    ],
    ["keeps Windows line ends", "site: {title: x}\r\n", `site: {title: x}\r\n${lines.replaceAll("\n", "\r\n")}`],
    ["may be a map in braces", "{company: acme}", ""],
    ["may use anchors and block text", "bucket: &b |-\n  other\nfeeds:\n  a: {bucket: *b}\n", ""],
    ["may end with dots", "site: {title: x}\n...\n", ""],
  ];
  for (const [what, before, after] of cases) {
    it(what, () => {
      const filled = setTopOptions(before, values, "kit.yaml").text;
      if (after !== "") assert.equal(filled, after);
      const { bucket, prefix, region, profile, ...rest } = parse(filled);
      assert.deepEqual({ bucket, prefix, region, profile }, values);
      const { bucket: _b, prefix: _p, region: _r, profile: _f, ...kept } = parse(before) ?? {};
      assert.deepEqual(Object.keys(rest), Object.keys(kept));
      assert.deepEqual(setTopOptions(filled, values, "kit.yaml"), { text: filled, changes: [] });
    });
  }

  it("loses the sub-folder of another bucket, and says what changes", () => {
    const before = `bucket: other # a\nprefix: old # b\nregion: us-east-1\n`;
    assert.deepEqual(setTopOptions(before, { ...values, prefix: null }, "kit.yaml"), {
      text: `bucket: ${prod} # a\nregion: us-east-1\nprofile: acme\n`,
      changes: [
        { option: "bucket", from: "other", to: prod },
        { option: "prefix", from: "old", to: null },
        { option: "profile", from: null, to: "acme" },
      ],
    });
  });

  it("has names quoted that YAML would take for something else", () => {
    const { text } = setTopOptions("", { prefix: "2026-01", profile: "on", bucket: "123", region: "null" }, "kit.yaml");
    assert.deepEqual(parse(text), { prefix: "2026-01", profile: "on", bucket: "123", region: "null" });
  });

  it("keeps every line of its own, whatever they are", () => {
    const line = fc.constantFrom(
      "company: acme  # c",
      "environment: test",
      "feeds:\n   - a\n   # d\n   - b",
      "site: {title:  T}",
      "# note",
      "",
      "",
      "endpoint:   http://x",
      "sync:\n    grace: 5m",
      "profile: p1",
      "bucket:",
    );
    fc.assert(
      fc.property(fc.uniqueArray(line, { selector: (text) => text || {} }), (parts) => {
        const before = parts.join("\n");
        const { text } = setTopOptions(before, values, "kit.yaml");
        const own = (yaml: string) =>
          yaml.split("\n").filter((row) => row !== "" && !/^(bucket|prefix|region|profile):/.test(row));
        assert.deepEqual(own(text), own(before));
        assert.deepEqual(parse(text), { ...parse(before), ...values });
      }),
    );
  });

  it("is refused when it is no map, no YAML, or has another source", () => {
    assert.match(thrown(() => setTopOptions("- a\n", values, "k.yaml")).message, /^k\.yaml must be a map of options$/);
    assert.match(thrown(() => setTopOptions("a: [\n", values, "k.yaml")).message, /^k\.yaml:\d+:\d+ not valid YAML/);
    assert.match(
      thrown(() => setTopOptions("source: {path: x}\n", values, "k.yaml")).message,
      /from `source`, not from a bucket/,
    );
  });
});
