// What is usual at an hour of the week: the median of the same hours before and how far values lie from it. Pure.

/** What is usual: the median, and how far from it a value usually lies, both in the unit of the values. */
export type Baseline = { median: number; spread: number }

/** With fewer values nothing is usual yet. */
const MIN_VALUES = 4
/** The median absolute deviation of a normal distribution times this is its standard deviation. */
const MAD_TO_DEVIATION = 1.4826
/** However even values were, a difference of this share of the median is usual. */
const MIN_SHARE = 0.05

/**
 * The baseline of the values at the same hours before; null while there are too few. Median and median absolute deviation
 * hold although up to half of the values were outliers, such as an outage or a burst. Counts of lines also vary by chance, by
 * about the square root of their median: `isCount` allows for that.
 */
export function baselineOf(values: readonly number[], isCount: boolean): Baseline | null {
  if (values.length < MIN_VALUES) return null
  const middle = median(values)
  const deviation = MAD_TO_DEVIATION * median(values.map(value => Math.abs(value - middle)))
  const chance = isCount ? Math.sqrt(Math.max(1, middle)) : 0
  return { median: middle, spread: Math.max(deviation, chance, MIN_SHARE * Math.abs(middle)) || 1 }
}

/** How unusual a value is: its distance from the median in spreads; negative below it. */
export function unusualness(value: number, { median: middle, spread }: Baseline): number {
  return (value - middle) / spread
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
