/** The five ways in which documented exports write one and the same kind of column, always UTC. */
export const spelling = {
  isoMicro: (at: number) => `${iso(at).slice(0, 23)}000+00:00`, // 2019-12-17T17:11:41.626000+00:00
  isoSeconds: (at: number) => `${iso(at).slice(0, 19)}+00:00`, // 2019-05-16T02:47:13+00:00
  plainSeconds: (at: number) => iso(at).slice(0, 19).replace("T", " "), // 2018-06-10 14:23:00
  plainMillis: (at: number) => iso(at).slice(0, 23).replace("T", " "), // 2020-01-06 23:13:50.617
  plainMicro: (at: number) => `${iso(at).slice(0, 23).replace("T", " ")}000+00:00`, // 2019-11-08 14:00:06.957000+00:00
};

export type Spell = (at: number) => string;

export function iso(at: number): string {
  return new Date(at).toISOString();
}

export function seconds(milliseconds: number): number {
  return milliseconds / 1000;
}

/** Minutes with four decimals: finer than any event. */
export function minutes(milliseconds: number): number {
  return Math.round(milliseconds / 6) / 10_000;
}
