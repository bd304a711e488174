import { finite, type Maybe, quantity } from "./ratio.js";

export interface Forecasted {
  forecast: Maybe;
  actual: Maybe;
}

export interface Accuracy {
  n: number; // intervals scored: those with both values
  unscored: number; // intervals that lack a value
  wape: number | null; // sum|f - a| / sum a
  bias: number | null; // sum(f - a) / sum a; above zero: forecast too high
  mape: number | null; // mean of |f - a| / a; null if any actual is zero
}

/**
 * Forecast accuracy. WAPE and bias are the headline pair; MAPE overweights quiet intervals and is undefined if an actual
 * is zero: it is null then, not infinite and not computed without those intervals. A negative or non-finite value makes
 * all three null. Source: ccplanning, Measuring forecast accuracy.
 */
export function accuracy(intervals: Iterable<Forecasted>): Accuracy {
  let [n, unscored, volume, error, distance, relative] = [0, 0, 0, 0, 0, 0];
  let valid = true;
  for (const { forecast, actual } of intervals) {
    if (forecast === null || forecast === undefined || actual === null || actual === undefined) {
      unscored++;
      continue;
    }
    if (quantity(forecast) === null || quantity(actual) === null) valid = false;
    n++;
    volume += actual;
    error += forecast - actual;
    distance += Math.abs(forecast - actual);
    relative += Math.abs(forecast - actual) / actual; // Infinity or NaN for zero, and so for all
  }
  if (!valid || n === 0) return { n, unscored, wape: null, bias: null, mape: null };
  return {
    n,
    unscored,
    wape: finite(distance / volume),
    bias: finite(error / volume),
    mape: finite(relative / n),
  };
}

/** Forecast errors of a period, added up, in contacts. */
export interface AddedErrors {
  n: number; // intervals scored
  without: number; // intervals that lack a value
  contacts: number;
  distance: number; // sum |f - a|
  error: number; // sum (f - a)
  floor: number; // sum f x noiseFloor(f): the distance due to chance alone
}

/** WAPE, bias and noise floor of several periods: sums are added first and divided once. */
export function addedAccuracy(
  periods: readonly AddedErrors[],
): Pick<Accuracy, "n" | "unscored" | "wape" | "bias"> & { contacts: number; floor: number | null } {
  const total = (field: keyof AddedErrors) => periods.reduce((sum, period) => sum + period[field], 0);
  const contacts = total("contacts");
  return {
    n: total("n"),
    unscored: total("without"),
    contacts,
    wape: finite(total("distance") / contacts),
    bias: finite(total("error") / contacts),
    floor: finite(total("floor") / contacts),
  };
}

export function wape(intervals: Iterable<Forecasted>): number | null {
  return accuracy(intervals).wape;
}

export function bias(intervals: Iterable<Forecasted>): number | null {
  return accuracy(intervals).bias;
}

export function mape(intervals: Iterable<Forecasted>): number | null {
  return accuracy(intervals).mape;
}

/**
 * The WAPE of a perfect forecast of the rate, sqrt(2 / (pi volume)) for Poisson arrivals: 5 % at 250 contacts per
 * interval, 20 % at 16. Null without volume. Source: wewfm, The forecaster's luck.
 */
export function noiseFloor(volumePerInterval: Maybe): number | null {
  const volume = quantity(volumePerInterval);
  return volume ? finite(Math.sqrt(2 / (Math.PI * volume))) : null;
}
