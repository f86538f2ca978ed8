// Counts what happens while the process runs, for /metrics: plain additions, so that hot paths pay next to nothing.

/** A counter with labels: `add` with the values of the labels, in their order. */
export class Counter {
  readonly labels: readonly string[]
  readonly #counts = new Map<string, number>()

  constructor(...labels: readonly string[]) {
    this.labels = labels
  }

  add(amount: number, ...values: readonly string[]): void {
    const key = values.join(SEPARATOR)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + amount)
  }

  /** Every combination of labels that was counted. */
  *entries(): Generator<{ labels: Record<string, string>; value: number }> {
    for (const [key, value] of this.#counts) {
      const values = key.split(SEPARATOR)
      yield { labels: Object.fromEntries(this.labels.map((label, i) => [label, values[i]!])), value }
    }
  }
}

const SEPARATOR = '\0'

/** The upper bounds of the durations of requests, seconds. */
export const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const

/** The requests of one route and method: how many by status, and how long they took. */
export class RequestTally {
  readonly statuses = new Map<number, number>()
  /** Requests by the first bucket that holds them; the last one has no bound. */
  readonly buckets: number[] = new Array(DURATION_BUCKETS.length + 1).fill(0)
  totalSeconds = 0

  add(status: number, seconds: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    this.totalSeconds += seconds
    let bucket = 0
    while (bucket < DURATION_BUCKETS.length && seconds > DURATION_BUCKETS[bucket]!) bucket++
    this.buckets[bucket]!++
  }
}

export type Telemetry = ReturnType<typeof createTelemetry>

/** The counts of one app, all zero. */
export function createTelemetry() {
  const requests = new Map<string, RequestTally>()
  return {
    /** Stored beats by their kind. */
    beats: { success: 0, start: 0, fail: 0, log: 0, ignored: 0 },
    linesAccepted: new Counter('project'),
    linesRejected: new Counter('project', 'reason'),
    /** Requests of log lines and alerts that were refused as a whole, by the code of the problem. */
    refusedBatches: new Counter('project', 'reason'),
    commands: new Counter('command', 'outcome'),
    deliveries: new Counter('channel'),
    deliveryFailures: new Counter('channel', 'reason'),
    requests,
    /** The tally of a route; `route` is a path as the OpenAPI document has it. */
    requestsOf(method: string, route: string): RequestTally {
      const key = `${method} ${route}`
      const known = requests.get(key)
      if (known) return known
      const tally = new RequestTally()
      requests.set(key, tally)
      return tally
    },
  }
}
