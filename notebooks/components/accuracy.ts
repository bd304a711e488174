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
