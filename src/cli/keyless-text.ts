import { count, plural } from "../base/words.ts";
import type { LackingKey } from "../warehouse/stage/keyless.ts";

// the rows                             said
// have another column that may be it   what tells them apart, and what they do not replace
// lack the key, or a gone column       that each is kept
/** `issue_id: 6 of 12 rows have no value of it, since the partition 2026-09-01 03: …`. */
export function keylessText({ columns, other, rows, delivered, since }: LackingKey): string {
  const names = columns.join(", ");
  const some = `${names}: ${count(rows)} of ${plural(delivered, "row")} ${rows === 1 ? "has" : "have"}`;
  const from = `since the partition ${since}`;
  if (other !== null)
    return `${some} ${other} in place of this key column, ${from}: what has it replaces no earlier version`;
  const what = columns.length === 1 ? "no value of this key column" : "no value of any key column";
  return `${some} ${what}, ${from}: all are kept but exact copies, as nothing tells which are versions of one another`;
}

/** What to do about it. */
export function keylessNext({ feed, columns, other }: LackingKey): string {
  const name = columns[0]!;
  const renamed = (old: string) => `under \`feeds\` in kit.yaml: ${feed}: {renamed: {${old}: ${name}}}`;
  if (other !== null) return `if it is the same, write ${renamed(other)}`;
  const where = columns.map((column) => `${column} is null`).join(" and ");
  return `ask ASAPP where ${columns.join(", ")} went; asapp-kit sql "from raw.${feed} where ${where} limit 20" shows such rows. If another column has taken its place, write ${renamed("its_new_name")}`;
}
