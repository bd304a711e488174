/** What one group holds at most; one of more than `size` is alone. */
export interface GroupLimits {
  count: number;
  size: number; // of all together
}

/** Cuts a list into groups of neighbours that are small enough together, in their order. */
export function inGroups<T>(items: readonly T[], sizeOf: (item: T) => number, most: GroupLimits): T[][] {
  const groups: T[][] = [];
  let sum = 0;
  for (const item of items) {
    const size = sizeOf(item);
    const group = groups.at(-1);
    if (group && group.length < most.count && sum + size <= most.size) {
      group.push(item);
      sum += size;
    } else {
      groups.push([item]);
      sum = size;
    }
  }
  return groups;
}
