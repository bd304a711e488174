import { finite, type Maybe, quantity } from "./ratio.js";

export interface Forecasted {
  forecast: Maybe;
  actual: Maybe;
}

export interface Accuracy {
  n: number; // intervals scored: those with both values
  left: number; // intervals left out, a value being unknown
  wape: number | null; // sum|f - a| / sum a
  bias: number | null; // sum(f - a) / sum a; above zero: forecast too high
  mape: number | null; // mean of |f - a| / a; null as soon as one actual is zero
}

/**
 * How good a forecast was. WAPE and bias are the headline pair; MAPE over-weighs quiet intervals and is undefined with
 * zeros, so it is null then, never infinite and never without those intervals. A negative or broken number makes all
 * three null. Source: ccplanning, Measuring forecast accuracy.
 */
export function accuracy(intervals: Iterable<Forecasted>): Accuracy {
  let [n, left, volume, error, distance, relative] = [0, 0, 0, 0, 0, 0];
  let sound = true;
  for (const { forecast, actual } of intervals) {
    if (forecast === null || forecast === undefined || actual === null || actual === undefined) {
      left++;
      continue;
    }
    if (quantity(forecast) === null || quantity(actual) === null) sound = false;
    n++;
    volume += actual;
    error += forecast - actual;
    distance += Math.abs(forecast - actual);
    relative += Math.abs(forecast - actual) / actual; // Infinity or NaN for zero, and so for all
  }
  if (!sound || n === 0) return { n, left, wape: null, bias: null, mape: null };
  return {
    n,
    left,
    wape: finite(distance / volume),
    bias: finite(error / volume),
    mape: finite(relative / n),
  };
}

/** What a forecast and what came say about a stretch of time, added up: distances and errors in contacts. */
export interface AddedErrors {
  n: number; // intervals scored
  without: number; // intervals left out
  contacts: number;
  distance: number; // sum |f - a|
  error: number; // sum (f - a)
  floor: number; // sum f x noiseFloor(f): the distance that chance alone makes
}

/** WAPE, bias and noise floor of added stretches: added sums are divided once, as for every rate. */
export function addedAccuracy(
  stretches: readonly AddedErrors[],
): Pick<Accuracy, "n" | "left" | "wape" | "bias"> & { contacts: number; floor: number | null } {
  const total = (of: keyof AddedErrors) => stretches.reduce((sum, stretch) => sum + stretch[of], 0);
  const contacts = total("contacts");
  return {
    n: total("n"),
    left: total("without"),
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
 * The WAPE that even a perfect forecast of the rate has, sqrt(2 / (pi volume)) for Poisson arrivals: 5 % at 250 contacts
 * an interval, 20 % at 16. Null without volume. Source: wewfm, The forecaster's luck.
 */
export function noiseFloor(volumePerInterval: Maybe): number | null {
  const volume = quantity(volumePerInterval);
  return volume ? finite(Math.sqrt(2 / (Math.PI * volume))) : null;
}
