export interface Import {
  name: string; // a path, a package, or a module of Node
  when: "start" | "later" | "never"; // never: types alone
}

const forms =
  /^import\s*"([^"]+)"|^(?:import|export)\b(\s+type\b)?[^"';=]*?\bfrom\s*"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;

/** What a file of TypeScript, or the code of a page, imports or passes on. */
export function importsIn(source: string): Import[] {
  return [...source.matchAll(forms)].map(([, bare, types, named, lazy]) => ({
    name: (bare ?? named ?? lazy)!,
    when: lazy !== undefined ? "later" : types !== undefined ? "never" : "start",
  }));
}
