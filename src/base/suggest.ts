/** The candidate that `word` is most likely a slip or the beginning of, or null. Case and `-` for `_` cost nothing. */
export function suggest(word: string, candidates: Iterable<string>): string | null {
  const wanted = plain(word);
  let best: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  const all = [...candidates];
  for (const candidate of all) {
    if (Math.abs(candidate.length - wanted.length) >= least) continue;
    const distance = editDistance(wanted, plain(candidate));
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  if (best !== null || wanted.length < 3) return best;
  return all.find((candidate) => plain(candidate).startsWith(wanted)) ?? null;
}

/** `did you mean "key"?`, or the given alternatives when nothing is close. */
export function hint(word: string, candidates: readonly string[], shown = 12): string {
  const close = suggest(word, candidates);
  if (close !== null) return `did you mean "${close}"?`;
  const list = candidates.slice(0, shown).join(", ");
  return candidates.length > shown ? `one of ${list}, …` : `one of ${list}`;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll("-", "_");
}

/** Insertions, deletions, changed letters and swapped neighbours, one each. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
