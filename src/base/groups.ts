/** The limits of a group. An item larger than `size` is a group of its own. */
export interface GroupLimits {
  count: number;
  size: number; // sum over the group
}

/** Splits a list into runs of neighbours within the limits. */
export function inGroups<T>(items: readonly T[], sizeOf: (item: T) => number, limits: GroupLimits): T[][] {
  const groups: T[][] = [];
  let sum = 0;
  for (const item of items) {
    const size = sizeOf(item);
    const group = groups.at(-1);
    if (group && group.length < limits.count && sum + size <= limits.size) {
      group.push(item);
      sum += size;
    } else {
      groups.push([item]);
      sum = size;
    }
  }
  return groups;
}
