import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { CliError } from "../src/base/errors.ts";
import type { Feed } from "../src/export/feed.ts";
import {
  columnTypes,
  loadRegistry,
  mergeFeed,
  minutes,
  orderTerm,
  parseRegistry,
  unknownFeed,
} from "../src/export/registry.ts";

const registry = loadRegistry();
const feeds = [...registry.values()];
const feed = (name: string): Feed => registry.get(name)!;
const columnNames = (feed: Feed) => feed.columns.map((column) => column.name);

describe("registry", () => {
  it("has the 45 feeds of the dedupe table and the 8 others", () => {
    assert.equal(feeds.filter((feed) => feed.documented).length, 45);
    assert.deepEqual(
      feeds.filter((feed) => !feed.documented).map((feed) => feed.name),
      [
        "customer_params_hourly",
        "issue_entity_genagent",
        "issue_entry",
        "vagafeedbacksurvey_shown",
        "vagafeedbacksurvey_submitted",
        "augmentation_analytics",
        "repmetrics",
        "sdk_events",
      ],
    );
    assert.equal(new Set(feeds.map((feed) => feed.name)).size, 53);
  });

  it("reads the same from its cache as from the text of feeds.yaml", () => {
    const text = readFileSync(fileURLToPath(new URL("../../feeds.yaml", import.meta.url)), "utf8");
    assert.deepEqual([...loadRegistry()], [...parseRegistry("feeds.yaml", text)]);
  });

  it("gives every feed and column what it needs", () => {
    for (const feed of feeds) {
      assert.notEqual(feed.doc, "", feed.name);
      assert.ok(feed.columns.length > 0, feed.name);
      const names = feed.columns.map((column) => column.name.toLowerCase());
      assert.equal(new Set(names).size, names.length, `${feed.name} names a column twice`);
      for (const column of feed.columns) {
        const place = `${feed.name}.${column.name}`;
        assert.ok((columnTypes as readonly string[]).includes(column.type), place);
        assert.notEqual(column.doc, "", place);
        assert.equal(column.assumed, column.published === null && column.added === null, place);
      }
    }
  });

  it("names only columns of the feed in keys, orders and renames", () => {
    for (const feed of feeds) {
      const names = columnNames(feed);
      const used = [
        ...feed.key,
        ...feed.order.flatMap((term) => term.columns),
        ...Object.keys(feed.renamed),
        ...Object.values(feed.renamed),
      ];
      for (const name of used) assert.ok(names.includes(name), `${feed.name} has no column ${name}`);
      if (feed.documented) assert.ok(feed.key.length > 0, feed.name);
    }
  });

  it("gives each order term its direction", () => {
    const order = (name: string) => feed(name).order;
    assert.deepEqual(order("convos_metrics"), [{ columns: ["first_utterance_ts"], direction: "desc" }]);
    assert.deepEqual(order("flow_completions"), [
      { columns: ["success_event_ts", "negation_event_ts"], direction: "desc" },
    ]);
    assert.deepEqual(order("rep_activity"), [{ columns: ["export_ts"], direction: "desc" }]);
    assert.deepEqual(order("rep_utilized"), [{ columns: ["export_ts"], direction: "desc" }]);
    assert.deepEqual(order("dim_queues"), []);
    for (const { direction } of feeds.flatMap((feed) => feed.order)) assert.equal(direction, "desc");
  });

  it("says in a note where its key or order is not the one of the dedupe table", () => {
    const keys: Record<string, string[]> = {
      rep_hierarchy: ["subordinate_rep_id", "superior_rep_id"],
      rep_utilized: ["instance_ts", "rep_id", "desk_mode", "max_slots"],
      flow_detail: ["issue_id", "event_ts", "event_type"],
      intents: ["code"],
      issue_sentiment: ["issue_id"],
      export_row_counts: ["export_date", "export_name", "export_interval"],
    };
    for (const [name, key] of Object.entries(keys)) assert.deepEqual(feed(name).key, key);
    for (const name of [...Object.keys(keys), "flow_completions", "rep_activity"]) {
      assert.ok(feed(name).note !== null, name);
    }
    assert.deepEqual(feed("rep_hierarchy").renamed, {
      subordinate_agent_id: "subordinate_rep_id",
      superior_agent_id: "superior_rep_id",
    });
  });

  it("keeps the documented key of the others", () => {
    assert.deepEqual(feed("convos_metrics").key, ["issue_id"]);
    assert.deepEqual(feed("queue_wfm").key, ["instance_ts", "queue_name", "rep_id"]);
    assert.deepEqual(feed("queue_membership_wfm").key, ["instance_ts", "company_id", "rep_id", "queue_id"]);
    assert.deepEqual(feed("rep_activity").key, [
      "company_id",
      "instance_ts",
      "rep_id",
      "status_id",
      "in_status_starting_ts",
    ]);
    assert.deepEqual(feed("customer_params_hourly").key, ["event_id", "param_key"]);
    assert.deepEqual(feed("sdk_events").key, []);
  });

  it("warns where the declared order decides nothing", () => {
    for (const feed of feeds.filter((feed) => feed.documented)) {
      const ordering = feed.order.flatMap((term) => term.columns).filter((name) => !feed.key.includes(name));
      const silent = feed.warnings.some((warning) => ["no-order", "order-in-partition"].includes(warning));
      if (ordering.length === 0) assert.ok(silent, feed.name);
    }
  });

  it("reads identifiers as text in every feed", () => {
    for (const feed of feeds) {
      for (const { name, type } of feed.columns) {
        if (!name.endsWith("_id") || name.endsWith("sequence_id")) continue;
        assert.equal(type, "VARCHAR", `${feed.name}.${name}`);
      }
    }
  });

  it("gives a column that two feeds share one type and one class of personal data", () => {
    const seen = new Map<string, string>();
    for (const feed of feeds) {
      for (const { name, type, personal } of feed.columns) {
        if (name === "name" || name === "sequence_id") continue; // of an intent, and of a rep
        const known = seen.get(name) ?? `${type} ${personal}`;
        assert.equal(`${type} ${personal}`, known, `${feed.name}.${name}`);
        seen.set(name, known);
      }
    }
  });

  it("reads times as TIMESTAMP and durations as DOUBLE, whatever is published", () => {
    const type = (name: string, column: string) => feed(name).columns.find((known) => known.name === column)?.type;
    assert.equal(type("convos_intents", "first_utterance_ts"), "TIMESTAMP"); // published as varchar
    assert.equal(type("admin_activity", "status_start_ts"), "TIMESTAMP"); // datetime
    assert.equal(type("reps", "disabled_time"), "TIMESTAMP");
    assert.equal(type("rep_utilized", "lin_avail_min"), "DOUBLE"); // bigint
    assert.equal(type("rep_convos", "first_response_seconds"), "DOUBLE"); // bigint
    assert.equal(type("convos_metrics", "total_seconds_to_first_rep_response"), "DOUBLE"); // bigint
    assert.equal(type("transfers", "requested_rep_transfer"), "VARCHAR"); // a rep id, published as bigint
    assert.equal(type("convos_metadata", "ended_resolved"), "BIGINT");
    assert.equal(type("customer_params", "auth_state"), "VARCHAR"); // boolean here, text elsewhere
    assert.equal(type("csid_containment", "is_contained"), "BOOLEAN");
    for (const feed of feeds) {
      for (const column of feed.columns) {
        if (column.name.endsWith("_ts")) assert.equal(column.type, "TIMESTAMP", `${feed.name}.${column.name}`);
        if (/_(min|seconds)$/.test(column.name)) assert.equal(column.type, "DOUBLE", `${feed.name}.${column.name}`);
      }
    }
  });

  it("marks all that names a person, or that a person wrote, in every feed that has it", () => {
    const never: Record<string, string[]> = {
      text: [
        ...["utterance", "first_utterance", "first_utterance_text", "disposition_notes", "disposition_notes_txt"],
        ...["auto_summary_txt", "answer", "success_event_details", "session_metadata", "params", "param_value"],
        ...["trigger_link", "raw_trigger_link", "stripped_trigger_link", "deep_link_queue", "referring_page_url"],
        "raw_current_page_url",
        "current_page_url",
        "link_resolved_pdl",
        "link_resolved_pil",
        "final_action_destination",
        "original",
        "edits",
        "text_sent",
        "suggested_msg",
        "auto_suggestion",
        "auto_completion",
      ],
      id: [
        ...["customer_id", "external_customer_id", "external_user_id", "third_party_customer_id", "opaque_id"],
        "auth_external_user_id",
        "auth_external_token_id",
        "first_auth_external_user_id",
        "first_auth_external_token_id",
        "last_auth_external_user_id",
        "last_auth_external_token_id",
        ...["internal_user_identifier", "sender_id", "csid", "session_id", "customer_session_id", "client_uuid"],
        "internal_session_id",
        "external_session_id",
        "issue_id",
        "conversation_id",
        "external_issue_id",
        "first_issue_id",
        "last_issue_id",
        "merged_from_issue_id",
        "next_callback_issue_id",
        "callback_prev_issue_id",
        "included_issues",
        "reps_involved",
        "agents_involved",
        "event_uuid",
        ...["event_id", "rep_id", "agent_id", "external_rep_id", "external_agent_id", "first_rep_id", "last_rep_id"],
        "first_agent_id",
        "last_agent_id",
        "from_rep_id",
        "superior_rep_id",
        "subordinate_rep_id",
        "superior_agent_id",
        "subordinate_agent_id",
        "requested_rep_transfer",
        "actual_rep_transfer",
        "requested_agent_transfer",
        "actual_agent_transfer",
        "rep_attribute_id",
        "agent_attribute_id",
        "sms_flow_id",
        "span_id",
      ],
      name: ["rep_name", "agent_name", "crm_rep_id", "crm_agent_id", "attribute_value"],
    };
    for (const [personal, names] of Object.entries(never)) {
      for (const name of names) {
        const found = feeds.flatMap((feed) => feed.columns.filter((column) => column.name === name));
        assert.ok(found.length > 0, `no feed has ${name}`);
        for (const column of found) assert.equal(column.personal, personal, name);
      }
    }
    const named = (name: string) => feed(name).columns.find((column) => column.name === "name")?.personal;
    assert.equal(named("reps"), "name");
    assert.equal(named("intents"), "none");
  });

  it("lets no identifier, link or note pass as harmless that nobody has judged", () => {
    const judged = new Set([
      ...["company_id", "queue_id", "queue_key", "issue_queue_id", "from_queue_id", "requested_group_transfer_id"],
      "article_id",
      "external_article_id",
      "flow_id",
      "faq_id",
      "status_id",
      "success_rule_id",
      "negation_rule_id",
      "sequence_id",
      "last_sequence_id",
      "generative_agent_tasks__configuration_id",
      "disposition_notes_valid",
      "notes_presented_tags",
      "notes_selected_tags",
      "notes_presented_tags_ct_distinct",
      "notes_selected_tags_ct_distinct",
      "utterance_type",
      "is_flow_success_event",
      "short_description",
      "quick_reply_button_text",
    ]);
    const suspicious = /_id$|_url$|_link$|_notes|notes_|_txt$|_text$|_token|_uuid$|identifier|^utterance_?t?y?p?e?$/;
    for (const feed of feeds) {
      for (const { name, personal } of feed.columns) {
        if (personal !== "none" || judged.has(name)) continue;
        assert.ok(!suspicious.test(name), `${feed.name}.${name}`);
      }
    }
  });

  it("knows the cadence in minutes, and where none is published", () => {
    assert.equal(feed("convos_metrics").cadenceMinutes, 60);
    assert.equal(feed("reps").cadenceMinutes, 1440);
    assert.equal(feed("queue_wfm").cadenceMinutes, 30);
    assert.equal(feed("cobrowsing").cadenceMinutes, null);
  });

  it("marks the columns of the WFM feeds as assumed", () => {
    for (const name of ["queue_wfm", "queue_membership_wfm"]) {
      assert.ok(
        feed(name).columns.every((column) => column.assumed && column.published === null),
        name,
      );
    }
    for (const name of ["instance_ts", "queue_name", "total_assignments", "waits_under_60s", "reps_in_queue"]) {
      assert.ok(columnNames(feed("queue_wfm")).includes(name), name);
    }
    assert.ok(columnNames(feed("queue_membership_wfm")).includes("lin_ute_busy_min"));
  });

  it("tells ends of life and deprecations", () => {
    const attempted = feed("convos_metrics").columns.find((column) => column.name === "attempted_chat")!;
    assert.equal(attempted.deprecated, "2020-04-14");
    assert.equal(attempted.endOfLife, "2021-10-15");
    assert.ok(feed("quick_reply_buttons").deprecated);
    assert.ok(!feed("convos_metrics").deprecated);
  });

  it("names every mistake in its file with the place", () => {
    const text = [
      "conversations:",
      "  kee: [issue_id]",
      "  kind: convo",
      "  cadence: often",
      "  order: [instance_ts]",
      "  columns:",
      "    issue_id: {type: TEXT, personal: none}",
      "Reps: {}",
    ].join("\n");
    assert.throws(
      () => parseRegistry("feeds.yaml", text),
      (error) => {
        assert.ok(error instanceof CliError);
        assert.equal(error.exit, "config");
        assert.deepEqual(error.message.split("\n"), [
          'feeds.yaml:2:3 unknown option "kee" in feed conversations (did you mean "key"?)',
          'feeds.yaml:3:9 unknown value "convo" (one of conversation, queue, rep, wfm, other)',
          "feeds.yaml:4:12 invalid duration: often (as in 15m, 2h, 1d)",
          'feeds.yaml:5:11 invalid order: instance_ts (as in "instance_ts desc" or "coalesce(a, b) desc")',
          'feeds.yaml:7:22 unknown value "TEXT" (one of VARCHAR, BIGINT, DOUBLE, BOOLEAN, TIMESTAMP, DATE, JSON)',
          "feeds.yaml:8:1 invalid feed name: Reps",
        ]);
        return true;
      },
    );
  });

  it("reads order terms and durations as people write them", () => {
    assert.deepEqual(orderTerm("a desc"), { columns: ["a"], direction: "desc" });
    assert.deepEqual(orderTerm(" coalesce( a,b ) ASC "), { columns: ["a", "b"], direction: "asc" });
    for (const bad of ["a", "a down", "desc", "coalesce(a,) desc", "a, b desc", ""]) {
      assert.throws(() => orderTerm(bad), /invalid order/, bad);
    }
    assert.deepEqual(["15", "15m", "15min", "2h", "1d", "2w"].map(minutes), [15, 15, 15, 120, 1440, 20160]);
    for (const bad of ["", "h", "1.5h", "-1h", "1y", "1h30m"])
      assert.throws(() => minutes(bad), /invalid duration/, bad);
  });

  it("lays what a user writes over what it knows, part by part", () => {
    const file = parseRegistry("own", "reps: {key: [crm_rep_id], columns: {name: {personal: none}, badge: BIGINT}}");
    const written = file.get("reps")!;
    const merged = mergeFeed(
      "reps",
      {
        key: written.key,
        columns: new Map([
          ["badge", { type: "BIGINT" }],
          ["name", { doc: "A badge name" }],
        ]),
      },
      feed("reps"),
    );
    assert.deepEqual(merged.key, ["crm_rep_id"]);
    assert.equal(merged.doc, feed("reps").doc);
    assert.deepEqual(merged.order, feed("reps").order);
    const column = (name: string) => merged.columns.find((known) => known.name === name)!;
    assert.equal(column("name").doc, "A badge name");
    assert.equal(column("name").personal, "name");
    assert.equal(column("badge").type, "BIGINT");
    assert.equal(column("badge").personal, "text"); // nobody has said that it is harmless
    assert.equal(merged.columns.length, feed("reps").columns.length + 1);
  });

  it("takes whole rows as the key of a feed that nobody describes", () => {
    assert.deepEqual(unknownFeed("surprise").key, []);
    assert.deepEqual(unknownFeed("surprise").columns, []);
    assert.equal(unknownFeed("surprise").documented, false);
  });
});
