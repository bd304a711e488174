declare const made: unique symbol;

/**
 * Values by names from outside, where JSON needs an object rather than a Map. It has no prototype: "constructor" is absent,
 * and "__proto__" is a name like any other. Only the two functions below make one; an object literal, or a copy by `...`,
 * is not one.
 */
export interface Names<T> {
  [name: string]: T;
  readonly [made]: true;
}

export function noNames<T>(): Names<T> {
  return Object.create(null) as Names<T>;
}

/** Of two values with one name the later counts. */
export function namesOf<T>(entries: Iterable<readonly [string, T]>): Names<T> {
  const names = noNames<T>();
  for (const [name, value] of entries) names[name] = value;
  return names;
}

/** An object's own value under a name from outside, never its prototype's. */
export function own<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
