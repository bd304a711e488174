/** The candidate that `word` most likely misspells or abbreviates, or null. Case, and `-` for `_`, cost nothing. */
export function suggest(word: string, candidates: Iterable<string>): string | null {
  const sought = plain(word);
  let best: string | null = null;
  let least = Math.max(1, Math.floor(sought.length / 3)) + 1;
  const all = [...candidates];
  for (const candidate of all) {
    if (Math.abs(candidate.length - sought.length) >= least) continue;
    const distance = editDistance(sought, plain(candidate));
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  if (best !== null || sought.length < 3) return best;
  return all.find((candidate) => plain(candidate).startsWith(sought)) ?? null;
}

/** `did you mean "key"?`, or the first candidates when none is close. */
export function hint(word: string, candidates: readonly string[], shown = 12): string {
  const close = suggest(word, candidates);
  if (close !== null) return `did you mean "${close}"?`;
  const list = candidates.slice(0, shown).join(", ");
  return candidates.length > shown ? `one of ${list}, …` : `one of ${list}`;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll("-", "_");
}

/** The edit distance: an insertion, a deletion, a changed letter and a swap of neighbours cost one each. */
export function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      const changed = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + changed);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, at(i - 2, j - 2) + 1);
      row.push(cost);
    }
  }
  return at(a.length, b.length);
}
