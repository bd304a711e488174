// What strangers write into kit.yaml, and the wanted form that the answer shows.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import { parseConfig } from "../src/config/config.ts";

const rows: [string, RegExp][] = [
  ["site: {service_level: 80/20}", /written \{target: 0\.8, seconds: 20\}/],
  ["site: {service_level: 80% in 20s}", /written \{target: 0\.8, seconds: 20\}/],
  ["site: {service_level: 0.8}", /must be a map of options/],
  ["site: {service_level: {target: 80}}", /a share between 0 and 1, such as 0\.8/],
  ["site: {service_level: {target: 80%}}", /a share between 0 and 1, such as 0\.8/],
  ["site: {service_level: {seconds: 20s}}", /seconds from 1 to 86400/],
  ["environment: production", /written prod, as in the bucket's name/],
  ["environment: PROD", /prod, preprod, test/],
  ["environment: pre-prod", /written preprod/],
  ["bucket: s3://my-exports/messaging/", /written bucket: my-exports and prefix: messaging/],
  ["bucket: s3a://my-exports/a/b", /written bucket: my-exports and prefix: a\/b/],
  ["bucket: arn:aws:s3:::my-exports", /written bucket: my-exports\)/],
  ["bucket: arn:aws:s3:::my-exports/x/*", /written bucket: my-exports and prefix: x\)/],
  ["bucket: https://my-exports.s3.eu-west-1.amazonaws.com/x", /written bucket: my-exports and prefix: x/],
  ["bucket: [my-exports]", /a bucket name such as asapp-prod-acme.*not a list/],
  ["company: Acme Corp", /perhaps "acmecorp"/],
  ["timezone: EST", /America\/New_York/],
  ["timezone: PST8PDT", /America\/Los_Angeles/],
  ["timezone: CET", /Europe\/Berlin/],
  ["timezone: +01:00", /IANA name such as Europe\/Berlin/],
  ["since: yesterday", /as in 2026-09-01/],
  ["since: 01.09.2026", /as in 2026-09-01/],
  ["since: {day: 1}", /a date such as 2026-09-01, not a map/],
  ["lookback: 90", /as in 90d or 12w/],
  ["lookback: 3 months", /as in 90d or 12w/],
  ["sync: {max_age: 5 minutes}", /as in 15m, 2h, 1d/],
  ["sync: {concurrency: '16'}", /a whole number from 1 to 256, not "16"/],
  ["etag_is_md5: 'false'", /must be true or false, not "false"/],
  ["etag_is_md5: no", /must be true or false, not "no"/],
  ["endpoint: minio:9000", /a URL such as http:\/\/127\.0\.0\.1:9000/],
  ["source: {url: 'sftp://host/x'}", /as in sftp:\/\/user@host:22\/path/],
  ["site: {week_start: mon}", /did you mean "monday"/],
  ["site: {open_hours: {default: 8-20}}", /a map of options|08:00-20:00/],
  ["site: {open_hours: {default: {mon-fri: 8am-8pm}}}", /as in 08:00-20:00/],
  ["site: {queue_groups: {Money: Billing}}", /must be a list/],
  ["site: {exclude_days: Christmas}", /as in 2026-09-01/],
  ["decrypt: gpg -d", /must be a list/],
];

describe("wrong form in kit.yaml", () => {
  for (const [yaml, form] of rows)
    it(`is answered with the wanted one: ${yaml}`, () => {
      const text = /^(bucket|company|source)/.test(yaml) ? yaml : `company: acme\n${yaml}`;
      assert.throws(
        () => parseConfig(text, "kit.yaml", "/tmp/x"),
        (error) => {
          assert.ok(error instanceof CliError && error.exit === "config", String(error));
          assert.match(error.message, form);
          return true;
        },
      );
    });
});
