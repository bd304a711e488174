import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { CliError } from "../src/base/errors.ts";
import { openProject } from "../src/config/project.ts";
import { claimSite, requireOwnSite } from "../src/site/site-owner.ts";

describe("whose site a folder holds", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "asapp-owner-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const project = (name: string, file = "kit.yaml") => {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, file), `site:\n  title: ${JSON.stringify(name)}\n`);
    return openProject(join(folder, name, file));
  };
  const put = (site: string, text = '<meta name="generator" content="Observable Framework v1.13.4">') => {
    mkdirSync(site, { recursive: true });
    writeFileSync(join(site, "index.html"), text);
  };
  const refused = (run: () => void, message: RegExp) =>
    assert.throws(run, (error) => error instanceof CliError && error.exit === "build" && message.test(error.message));

  // the folder                                   this project
  // is not there, or empty                       may write it
  // holds a site of this project                 may write it
  // holds a site of the demo                     may write it
  // holds a site of another project              may not
  // holds a site, nobody knows whose             may write it
  // holds something else                         may not
  it("lets a project write where nothing is lost, and nowhere else", () => {
    const [a, b] = [project("a"), project("b")];
    const site = join(folder, "www", "site");
    requireOwnSite(a, site);
    mkdirSync(site, { recursive: true });
    requireOwnSite(a, site);
    put(site);
    requireOwnSite(b, site);
    claimSite(a, site);
    requireOwnSite(a, site);
    refused(() => requireOwnSite(b, site), /holds the site "a" of another project$/);
    claimSite(a, site, true);
    requireOwnSite(b, site);
    claimSite(b, site);
    refused(() => requireOwnSite(a, site), /holds the site "b"/);
    const documents = join(folder, "documents");
    mkdirSync(documents);
    writeFileSync(join(documents, "letter.txt"), "Dear");
    refused(() => requireOwnSite(a, documents), /documents holds files that are not a site of the kit/);
    put(join(folder, "page"), "<h1>Mine</h1>");
    refused(() => requireOwnSite(a, join(folder, "page")), /not a site of the kit/);
    refused(() => requireOwnSite(a, a.root), /not a site of the kit/);
  });

  it("tells two configuration files of one folder apart, and names the other", () => {
    const [a, b] = [project("one"), project("one", "prod #2.yaml")];
    put(a.config.output);
    claimSite(a, a.config.output);
    assert.equal(b.config.output, a.config.output);
    refused(() => requireOwnSite(b, b.config.output), /holds the site "one" of .*one.kit\.yaml$/);
  });

  it("goes along when a project is moved, and not with a copy", () => {
    const a = project("a");
    put(a.config.output);
    claimSite(a, a.config.output);
    renameSync(join(folder, "a"), join(folder, "ä b?"));
    const moved = openProject(join(folder, "ä b?", "kit.yaml"));
    requireOwnSite(moved, moved.config.output);
    cpSync(moved.root, join(folder, "copy"), { recursive: true });
    const copy = openProject(join(folder, "copy", "kit.yaml"));
    requireOwnSite(copy, copy.config.output);
    refused(() => requireOwnSite(copy, moved.config.output), /of .*\?.kit\.yaml$/);
  });

  it("stays the demo's while the demo builds it again, and says nothing of paths elsewhere", () => {
    const demo = project(".demo");
    const site = join(folder, "site");
    put(site);
    claimSite(demo, site, true);
    claimSite(demo, site);
    requireOwnSite(project("real"), site);
    const far = join(folder, "far", "site");
    put(far);
    claimSite(demo, far);
    assert.ok(!readFileSync(join(folder, "far", ".asapp-kit", "sites", "site.json"), "utf8").includes("kit.yaml"));
  });

  it("takes a damaged note for none", () => {
    const [a, b] = [project("a"), project("b")];
    const site = join(folder, "site");
    put(site);
    claimSite(a, site);
    for (const text of ["", "null", "{}", "[1]", '{"format":2}', '{"format":1,"project":4,"title":"x"}']) {
      writeFileSync(join(folder, ".asapp-kit", "sites", "site.json"), text);
      requireOwnSite(b, site);
    }
  });
});
