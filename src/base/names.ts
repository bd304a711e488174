declare const made: unique symbol;

/**
 * Values by names from outside, where JSON wants an object and a Map will not do. It has no prototype, so that nothing is
 * in it under "constructor", and "__proto__" is a name like any other. Made by the two functions below alone: an object
 * literal, or a copy by `...`, is none.
 */
export interface Names<T> {
  [name: string]: T;
  readonly [made]: true;
}

export function noNames<T>(): Names<T> {
  return Object.create(null) as Names<T>;
}

/** The later of two values of one name counts. */
export function namesOf<T>(entries: Iterable<readonly [string, T]>): Names<T> {
  const names = noNames<T>();
  for (const [name, value] of entries) names[name] = value;
  return names;
}

/** What an object has itself under a name from outside: never what its prototype has. */
export function own<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
