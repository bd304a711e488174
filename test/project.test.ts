import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import { feedOf, openProject } from "../src/config/project.ts";
import { loadRegistry } from "../src/export/registry.ts";

describe("project", () => {
  const home = process.cwd();
  let folder = "";
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "kit-project-")));
  });
  after(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true });
  });

  it("works without kit.yaml: every documented feed, no source, data in the current folder", () => {
    mkdirSync(join(folder, "bare"));
    process.chdir(join(folder, "bare"));
    const project = openProject(undefined, {});
    assert.equal(project.configFile, null);
    assert.equal(project.config.source, null);
    assert.equal(project.config.timezone, "UTC");
    assert.equal(project.root, join(folder, "bare"));
    assert.equal(project.data, join(folder, "bare", "data", "local"));
    assert.deepEqual([...project.feeds], [...loadRegistry()]);
  });

  it("takes the file it is given, else the environment's, else kit.yaml here", () => {
    const given = write("given.yaml", "site: {title: Given}");
    const named = write("named.yaml", "site: {title: Named}");
    write("kit.yaml", "site: {title: Here}");
    process.chdir(folder);
    const title = (file?: string, env: NodeJS.ProcessEnv = {}) => openProject(file, env).config.site.title;
    assert.equal(title(given, { ASAPP_KIT_CONFIG: named }), "Given");
    assert.equal(title(undefined, { ASAPP_KIT_CONFIG: named }), "Named");
    assert.equal(title(undefined, { ASAPP_KIT_CONFIG: "" }), "Here");
    assert.equal(title(), "Here");
  });

  it("counts paths from the file's folder, wherever it is called from", () => {
    mkdirSync(join(folder, "sub"), { recursive: true });
    const file = write("sub/kit.yaml", "{company: acme, data: d}");
    process.chdir(tmpdir());
    const project = openProject(file, {});
    assert.equal(project.root, join(folder, "sub"));
    assert.equal(project.configFile, file);
    assert.equal(project.data, join(folder, "sub", "d"));
  });

  it("lays the changes of kit.yaml over the registry, and adds feeds of its own", () => {
    const file = write(
      "own.yaml",
      [
        "feeds:",
        "  all:",
        "  reps: {latest_only: true, columns: {badge: BIGINT}}",
        "  surveys: {key: [answer_id], cadence: 1d, columns: {answer_id: {type: VARCHAR, personal: id}}}",
      ].join("\n"),
    );
    const { feeds } = openProject(file, {});
    const reps = feeds.get("reps")!;
    assert.equal(reps.latestOnly, true);
    assert.deepEqual(reps.key, ["rep_id"]);
    assert.deepEqual(reps.columns.at(-1), {
      name: "badge",
      type: "BIGINT",
      published: null,
      doc: "",
      personal: "text",
      added: null,
      deprecated: null,
      endOfLife: null,
      assumed: false,
    });
    const surveys = feeds.get("surveys")!;
    assert.deepEqual(surveys.key, ["answer_id"]);
    assert.equal(surveys.cadenceMinutes, 1440);
    assert.equal(surveys.documented, false);
    assert.equal(loadRegistry().get("reps")!.latestOnly, false); // the registry itself stays as it is
  });

  it("knows something of every feed, even of one that is only in the bucket", () => {
    const project = openProject(write("plain.yaml", ""), {});
    assert.deepEqual(feedOf(project, "reps").key, ["rep_id"]);
    assert.deepEqual(feedOf(project, "surprise").key, []);
    assert.equal(feedOf(project, "surprise").name, "surprise");
  });

  it("names the file as the user named it", () => {
    write("bad.yaml", "fedes: all");
    process.chdir(folder);
    assert.throws(
      () => openProject("bad.yaml", {}),
      (error) =>
        error instanceof CliError && error.message === 'bad.yaml:1:1 unknown option "fedes" (did you mean "feeds"?)',
    );
  });
});
