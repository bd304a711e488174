import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kitRoot } from "../src/base/kit-folders.ts";

/** A clone of the kit whose pages a test may edit. */
export interface KitClone {
  folder: string;
  bin: string;
  delete(): void;
}

/** What a compiled clone is made of, with the packages of this one. */
export function cloneKit(): KitClone {
  const folder = mkdtempSync(join(tmpdir(), "asapp-clone-"));
  const parts = ["bin", "data-loaders", "dist/notebooks", "dist/src", "feeds.yaml", "notebooks", "src"];
  const names = ["dist/observablehq.config.js", "observablehq.config.js", "observablehq.config.ts"];
  const packages = ["package.json", "package-lock.json"];
  for (const part of [...parts, ...names, ...packages])
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
