// Counts what happens while the process runs, for /metrics and for people: plain additions, so that hot paths pay next to nothing.
import { firstLine, truncate } from './text.ts'
import { MINUTE } from './time.ts'

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

/** How long something took, each time. */
export class DurationTally {
  /** How many by the first bucket that holds them; the last one has no bound. */
  readonly buckets: number[] = new Array(DURATION_BUCKETS.length + 1).fill(0)
  totalSeconds = 0

  record(seconds: number): void {
    this.totalSeconds += seconds
    let bucket = 0
    while (bucket < DURATION_BUCKETS.length && seconds > DURATION_BUCKETS[bucket]!) bucket++
    this.buckets[bucket]!++
  }
}

/** A tally of durations for each kind. */
export class Tallies extends Map<string, DurationTally> {
  record(kind: string, seconds: number): void {
    let tally = this.get(kind)
    if (!tally) {
      tally = new DurationTally()
      this.set(kind, tally)
    }
    tally.record(seconds)
  }
}

/** The requests of one route and method: how many by status, and how long they took. */
export class RequestTally extends DurationTally {
  readonly statuses = new Map<number, number>()

  add(status: number, seconds: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    this.record(seconds)
  }
}

/** Kinds that are counted apart; what comes later is counted without its source and host. */
const MAX_KINDS = 1_000
const MAX_NAME_LENGTH = 100
const MAX_MESSAGE_LENGTH = 200
/** For how many minutes in which something was rejected their time is remembered. */
const MAX_MINUTES = 30

/** Lines or whole requests that were not stored. `message` says why; it must not quote what was sent. */
export type Rejected = {
  project: string
  /** Empty where it is not known. */
  source: string
  host: string
  /** The key that sent them, empty for hosts and containers. */
  sender: string
  /** `unreadable`, `limited`, or the code of the problem of a request. */
  reason: string
  message: string
  lines: number
  /** Requests that were refused as a whole; their lines are in `lines` where they were counted. */
  requests: number
}

/** All rejections of one kind. `minutes` are the latest in which there were any, oldest first, epoch ms. */
export type RejectionKind = Rejected & { firstAt: number; lastAt: number; minutes: readonly number[] }

type Mutable<T> = { -readonly [name in keyof T]: T[name] }

export class Rejections {
  readonly #kinds = new Map<string, Mutable<RejectionKind> & { minutes: number[] }>()

  /** Counts what was rejected at `now`. */
  record(rejected: Rejected, now: number): void {
    const cut = limitNames(rejected)
    const known = this.#kinds.get(keyOf(cut))
    const isFull = !known && this.#kinds.size >= MAX_KINDS
    const named = isFull ? { ...cut, source: '', host: '', sender: '' } : cut
    const key = keyOf(named)
    let kind = this.#kinds.get(key)
    if (!kind) {
      kind = { ...named, lines: 0, requests: 0, firstAt: now, lastAt: now, minutes: [] }
      this.#kinds.set(key, kind)
    }
    kind.lines += rejected.lines
    kind.requests += rejected.requests
    kind.message = cut.message
    kind.lastAt = Math.max(kind.lastAt, now)
    const minute = Math.floor(now / MINUTE) * MINUTE
    if (kind.minutes.at(-1) === minute) return
    kind.minutes.push(minute)
    if (kind.minutes.length > MAX_MINUTES) kind.minutes.shift()
  }

  /** Every kind, the latest first. */
  list(): readonly RejectionKind[] {
    return [...this.#kinds.values()].sort((a, b) => b.lastAt - a.lastAt)
  }

  /** What was rejected of one source of a host. */
  of(host: string, source: string): readonly RejectionKind[] {
    return this.list().filter(kind => kind.host === host && kind.source === source)
  }
}

/** Where rejected lines came from, as people read it: `api on web-1`, `api with the key k_1`. */
export function originText({ source, host, sender }: Pick<Rejected, 'source' | 'host' | 'sender'>): string {
  const name = source === '' ? 'unnamed source' : source
  if (host !== '') return `${name} on ${host}`
  return sender === '' ? name : `${name}, key ${sender}`
}

function limitNames(rejected: Rejected): Rejected {
  return {
    ...rejected,
    source: truncate(rejected.source, MAX_NAME_LENGTH),
    host: truncate(rejected.host, MAX_NAME_LENGTH),
    message: truncate(firstLine(rejected.message), MAX_MESSAGE_LENGTH),
  }
}

function keyOf({ project, source, host, sender, reason }: Rejected): string {
  return [project, source, host, sender, reason].join('\0')
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
    /** What was not stored, by source and reason, for people. */
    rejections: new Rejections(),
    commands: new Counter('command', 'outcome'),
    /** What scenarios that run inside Vakt sent. */
    scenarioLines: new Counter('scenario', 'source'),
    scenarioBeats: new Counter('scenario', 'source', 'signal'),
    scenarioRequests: new Counter('scenario', 'source', 'outcome'),
    deliveries: new Counter('channel'),
    deliveryFailures: new Counter('channel', 'reason'),
    /** How long the shared transactions of beats and commands took, with the wait for them. */
    commits: new DurationTally(),
    /** How long batches of log lines took from their receipt until they were on disk. */
    appends: new DurationTally(),
    /** How long probes of a kind took, failed ones too; and how they ended: up, down or unknown. */
    probeDurations: new Tallies(),
    probeResults: new Counter('kind', 'outcome'),
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
