import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CliError } from "../src/base/errors.ts";
import { loadersFolder, pagesFolder } from "../src/base/kit-folders.ts";
import { openProject, type Project } from "../src/config/project.ts";
import type { Database } from "../src/duckdb/database.ts";
import { bindParameters, computeDataset, computeDatasets } from "../src/site/dataset.ts";
import { reachOf } from "../src/site/dataset-inputs.ts";
import { type Dataset, listDatasets, loaderFiles } from "../src/site/dataset-list.ts";
import { shippedColumns } from "../src/site/privacy/guard.ts";
import { openCatalog } from "../src/warehouse/catalog/catalog.ts";
import { keepDerived, keptRelations } from "../src/warehouse/catalog/derived.ts";
import { awsEnv, cleanEnv, openCliKit } from "./cli-kit.ts";
import { fillLarge } from "./large-centre.ts";

describe("data loaders", () => {
  let folder: string;
  let project: Project;
  let database: Database;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "asapp-datasets-"));
    writeFileSync(join(folder, "kit.yaml"), "data: data\ntimezone: America/New_York\n");
    project = openProject(join(folder, "kit.yaml"));
    database = await openCatalog(project, { threads: 1 });
  });

  after(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const files = loaderFiles().map((file) => relative(loadersFolder, file).replaceAll("\\", "/"));
  const sample: Record<string, string> = { day: "2026-11-01", part: "1", declared: "[]" };
  const dataset = (name: string): Dataset => ({
    name: name.replace(/\.sql$/, ""),
    file: join(loadersFolder, name),
    sql: readFileSync(join(loadersFolder, name), "utf8"),
    parameters: sample,
  });

  for (const name of files) {
    it(`${name} binds where nothing is synced, with typed columns, and ships what it says`, async () => {
      const { sql: source } = dataset(name);
      assert.match(source, /^-- One row/, "the first line says what one row is");
      assert.equal(
        source,
        source.replace(/\b(SELECT|FROM|WHERE|GROUP BY|ORDER BY|WITH|JOIN)\b/g, (word) => word.toLowerCase()),
      );
      const { columns } = await database.rows(bindParameters(source, sample));
      const of = Object.keys(sample).filter((parameter) => source.includes(`$${parameter}s`));
      assert.deepEqual(columns.map((column) => column.name).sort(), [...shippedColumns(source), ...of].sort());
      for (const column of columns) assert.doesNotMatch(column.type, /^"?NULL"?$/, `${column.name} has no type`);
      const { text } = await computeDataset(database, dataset(name), project);
      assert.ok(Array.isArray(JSON.parse(text)));
    });
  }

  it("answer every attachment of a page", () => {
    const answers = new Set(files.map((name) => `data/${name.replace(/\.sql$/, "")}`));
    for (const page of readdirSync(pagesFolder).filter((name) => name.endsWith(".md"))) {
      const text = readFileSync(join(pagesFolder, page), "utf8");
      for (const [, name] of text.matchAll(/FileAttachment\("([^"]+)"\)/g))
        assert.ok(answers.has(name!), `${page} attaches ${name}`);
    }
  });

  it("take no parameter by surprise", () => {
    assert.equal(bindParameters("where day = date $day", { day: "2026-11-01" }), "where day = date '2026-11-01'");
    assert.equal(bindParameters("$part", { part: "it's" }), "'it''s'");
    assert.throws(() => bindParameters("where day = $day", {}), /no value for \$day/);
    const days = [{ day: "2026-11-01" }, { day: "2026-11-02" }];
    assert.equal(bindParameters("unnest($days)", ...days), "unnest(['2026-11-01', '2026-11-02'])");
    assert.throws(() => bindParameters("where day = $day", ...days), /no value for \$day/);
  });
});

// `watch` leaves the file of a day alone when no row within its reach has changed.
describe("the reach of a data loader", () => {
  const day = "2026-09-10"; // six days before the newest
  let folder: string;
  let project: Project;
  let database: Database;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "asapp-reach-"));
    const config = "data: data\ntimezone: America/New_York\nsite: { queue_groups: { Group: [Queue 01, Queue 02] } }\n";
    writeFileSync(join(folder, "kit.yaml"), config);
    project = openProject(join(folder, "kit.yaml"));
    database = await openCatalog(project);
    await fillLarge(database, { queues: 3, days: 95 });
    await keepDerived(database);
  });
  after(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const answer = async (dataset: Dataset, where: Record<string, string> = {}) => {
    for (const kept of keptRelations)
      await database.run(`create or replace view ${kept} as from ${kept}_kept where ${where[kept] ?? true}`);
    return (await computeDataset(database, dataset, project)).text;
  };
  const everywhere = (where: string) => Object.fromEntries(keptRelations.map((name) => [name, where]));
  const reaching = loaderFiles().flatMap((file): Dataset[] => {
    const sql = readFileSync(file, "utf8");
    const parameter = /\[(\w+)\]/.exec(file)?.[1];
    const parameters = parameter === undefined ? {} : { [parameter]: parameter === "day" ? day : "0" };
    return sql.includes("-- Reach:") ? [{ name: relative(loadersFolder, file), file, parameters, sql }] : [];
  });

  for (const dataset of reaching) {
    it(`of ${dataset.name} is what it says: no day beyond it counts, those at its ends do`, async () => {
      const reach = reachOf(dataset.sql, { ...dataset.parameters, today: "2026-09-16" });
      assert.ok(reach, "the line is understood");
      const { first, last } = reach;
      const whole = await answer(dataset);
      assert.ok(JSON.parse(whole).length > 0);
      assert.equal(await answer(dataset, everywhere(`day between '${first || "2000-01-01"}' and '${last}'`)), whole);
      assert.notEqual(await answer(dataset, everywhere(`day <> '${last}'`)), whole);
      if (first !== "") assert.notEqual(await answer(dataset, everywhere(`day <> '${first}'`)), whole);
      for (const name of keptRelations.filter((name) => dataset.sql.includes(name)))
        if (first !== "" && first < last)
          assert.notEqual(await answer(dataset, { [name]: `day >= '${last}'` }), whole, name);
    });
  }

  it("is said by the loaders of a day, of the heatmaps and of the level at close", () => {
    assert.deepEqual(
      reaching.map(({ name }) => name),
      [
        "close/[part].json.sql",
        "heatmap/[part].json.sql",
        "intraday/[day].json.sql",
        "known/[day].json.sql",
        "slots/[day].json.sql",
        "waiting/[day].json.sql",
      ],
    );
  });
});

describe("computeDatasets", () => {
  let folder: string;
  let loaders: string;
  let project: Project;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "asapp-compute-"));
    loaders = mkdtempSync(join(folder, "loaders-"));
    writeFileSync(join(folder, "kit.yaml"), "data: data\n");
    project = openProject(join(folder, "kit.yaml"));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, sql: string) => writeFileSync(join(loaders, name), sql);
  const out = () => join(folder, "out");

  it("writes numbers, times in UTC, lists and JSON as pages read them", async () => {
    write(
      "values.json.sql",
      `-- One row: a value of each kind.
-- Ships: count, mean, time, day, none, bins, settings
select 9007199254740991::bigint as count, 0.5 as mean, timestamp '2026-11-01 05:15:00' as time,
  date '2026-11-01' as day, null::integer as none, [1, 2] as bins, '{"a": [1]}'::json as settings`,
    );
    const [computed] = await computeDatasets(project, { loaders, out: out() });
    assert.deepEqual({ name: computed!.name, rows: computed!.rows }, { name: "values.json", rows: 1 });
    assert.deepEqual(JSON.parse(readFileSync(join(out(), "values.json"), "utf8")), [
      {
        count: 9007199254740991,
        mean: 0.5,
        time: "2026-11-01T05:15:00Z",
        day: "2026-11-01",
        none: null,
        bins: [1, 2],
        settings: { a: [1] },
      },
    ]);
  });

  it("makes one file per listed value of a parameter", async () => {
    write("[part].json.sql", "-- One row.\n-- For part: 0, 1\n-- Ships: part\nselect $part as part");
    assert.deepEqual(
      listDatasets(project, loaders).map(({ name }) => name),
      ["0.json", "1.json", "values.json"],
    );
    await computeDatasets(project, { loaders, out: out() });
    assert.deepEqual(JSON.parse(readFileSync(join(out(), "1.json"), "utf8")), [{ part: "1" }]);
    rmSync(join(loaders, "[part].json.sql"));
  });

  it("computes many values of a parameter by one query that names them all", async () => {
    const parts = Array.from({ length: 40 }, (_, i) => i);
    write(
      "[part].json.sql",
      `-- One row for each part that is asked for.
-- For part: ${parts.join(", ")}
-- Ships: n, asked
select part, part::integer as n, len($parts) as asked
from (select unnest($parts) as part) where part <> '7' order by n desc`,
    );
    const computed = await computeDatasets(project, { loaders, out: out() });
    const answers = parts.map((part) => JSON.parse(readFileSync(join(out(), `${part}.json`), "utf8")));
    for (const [part, rows] of answers.entries())
      assert.deepEqual(
        rows.map(({ n }: { n: number }) => n),
        part === 7 ? [] : [part],
      );
    assert.ok(answers[0][0].asked > 5 && answers[0][0].asked < 40);
    assert.equal(computed.length, 41);
    write("[part].json.sql", "-- One row.\n-- For part: 0, 1\n-- Ships: n\nselect len($parts) as n");
    await assert.rejects(computeDatasets(project, { loaders, out: out() }), /has no column part/);
    rmSync(join(loaders, "[part].json.sql"));
    for (const part of parts.slice(2)) rmSync(join(out(), `${part}.json`));
  });

  it("keeps all former answers when one query is wrong, and names its file", async () => {
    write("wrong.json.sql", "-- One row.\n-- Ships: a\nselect nowhere as a");
    await assert.rejects(
      computeDatasets(project, { loaders, out: out() }),
      (error) =>
        error instanceof CliError && error.exit === "build" && /wrong\.json\.sql: .*nowhere/s.test(error.message),
    );
    assert.deepEqual(readdirSync(out()).sort(), ["0.json", "1.json", "values.json"]);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith(`${basename(out())}.`)),
      [],
    );
    rmSync(join(loaders, "wrong.json.sql"));
  });

  it("refuses a number that a page would round", async () => {
    write("wrong.json.sql", "-- One row.\n-- Ships: n\nselect 9007199254740993::bigint as n");
    await assert.rejects(computeDatasets(project, { loaders, out: out() }), /n holds 9007199254740993/);
    rmSync(join(loaders, "wrong.json.sql"));
  });

  it("lets a query neither write nor read files", async () => {
    write("wrong.json.sql", `-- One row.\n-- Ships: a\ncopy (select 1 as a) to '${join(folder, "leak.csv")}'`);
    await assert.rejects(computeDatasets(project, { loaders, out: out() }), CliError);
    rmSync(join(loaders, "wrong.json.sql"));
  });
});

describe("a data loader run by Framework", () => {
  it("takes in what a sync fetched, when the update after it was cut short", async () => {
    const kit = await openCliKit();
    try {
      kit.partition("convos_metrics/dt=2026-11-22/hr=05", [{ issue_id: 1 }]);
      assert.equal((await kit.run(["sync"])).code, 0);
      const { data } = openProject(join(kit.folder, "kit.yaml"));
      for (const name of ["catalog.json", "staged", "current"]) rmSync(join(data, name), { recursive: true });
      const loader = fileURLToPath(new URL("../src/site/loader.js", import.meta.url));
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        [loader, join(loadersFolder, "health-feeds.json.sql")],
        { cwd: kit.folder, env: cleanEnv(awsEnv) },
      );
      assert.equal(stderr, "");
      const feeds = JSON.parse(stdout) as { feed: string; kept: number }[];
      assert.equal(feeds.find(({ feed }) => feed === "convos_metrics")?.kept, 1);
    } finally {
      await kit.close();
    }
  });
});
