// A family of metrics: its values are read where they are kept, when Prometheus asks. prom-client's own counters would hash labels
// at every event.
import { DURATION_BUCKETS, type DurationTally } from '../../telemetry.ts'

/** A value with its labels, as prom-client writes them. */
export type Value = { labels: Record<string, string | number>; value: number; metricName?: string }
export type Family = {
  name: string
  help: string
  type: 'gauge' | 'counter' | 'histogram'
  read(): Value[] | Promise<Value[]>
}

export function gauge(name: string, help: string, read: Family['read']): Family {
  return { name, help, type: 'gauge', read }
}

export function counter(name: string, help: string, read: Family['read']): Family {
  return { name, help, type: 'counter', read }
}

export function histogram(
  name: string,
  help: string,
  read: () => readonly { labels: Record<string, string>; tally: DurationTally }[],
): Family {
  return {
    name,
    help,
    type: 'histogram',
    read: () => read().flatMap(({ labels, tally }) => histogramOf(name, labels, tally)),
  }
}

/** One value without labels. */
export function one(value: number): Value[] {
  return [{ labels: {}, value }]
}

/** The cumulative buckets, the sum and the count of a histogram. */
export function histogramOf(name: string, labels: Record<string, string>, tally: DurationTally): Value[] {
  let count = 0
  const values = tally.buckets.map((inBucket, i): Value => {
    count += inBucket
    return { metricName: `${name}_bucket`, labels: { ...labels, le: DURATION_BUCKETS[i] ?? '+Inf' }, value: count }
  })
  return [
    ...values,
    { metricName: `${name}_sum`, labels, value: tally.totalSeconds },
    { metricName: `${name}_count`, labels, value: count },
  ]
}
