import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kitRoot } from "../src/site/folders.ts";

/** A clone of the kit whose pages a test may edit. */
export interface KitClone {
  folder: string;
  bin: string;
  delete(): void;
}

/** What a compiled clone is made of, with the packages of this one. */
export function cloneKit(): KitClone {
  const folder = mkdtempSync(join(tmpdir(), "asapp-clone-"));
  const parts = [
    "bin",
    "data-loaders",
    "dist/src",
    "dist/notebooks",
    "dist/observablehq.config.js",
    "feeds.yaml",
  ];
  const pages = [
    "notebooks",
    "observablehq.config.js",
    "observablehq.config.ts",
    "package.json",
    "package-lock.json",
  ];
  for (const part of [...parts, ...pages])
    cpSync(join(kitRoot, part), join(folder, part), {
      recursive: true,
      filter: (file) => !/notebooks.(data|\.observablehq)$/.test(file),
    });
  symlinkSync(join(kitRoot, "node_modules"), join(folder, "node_modules"), "junction");
  return {
    folder,
    bin: join(folder, "bin", "asapp-kit.js"),
    delete: () => rmSync(folder, { recursive: true, force: true }),
  };
}
