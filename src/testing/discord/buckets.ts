// Rate limits with the headers of the real thing: a bucket per route and channel, and one global bucket per second.

import { createHash } from 'node:crypto'

const PER_ROUTE = 5
const WINDOW = 5_000
const GLOBAL_PER_SECOND = 50

export interface Verdict {
  headers: Record<string, string>
  /** Seconds to wait when the request is over the limit. */
  retryAfter?: number
  global?: boolean
}

interface Bucket {
  used: number
  resetAt: number
}

/** Counts requests by the simulator's clock; `enforced` off still sends headers, always with room left. */
export class Buckets {
  readonly #now: () => number
  readonly #enforced: boolean
  readonly #buckets = new Map<string, Bucket>()

  constructor(now: () => number, enforced: boolean) {
    this.#now = now
    this.#enforced = enforced
  }

  /** Counts one request; `major` is the channel, guild or webhook that Discord keeps apart. Interactions are not global. */
  spend(method: string, template: string, major: string, countsGlobally: boolean): Verdict {
    const id = createHash('sha256').update(`${method} ${template}`).digest('hex').slice(0, 32)
    if (!this.#enforced) return { headers: headers(id, { used: 1, resetAt: this.#now() + WINDOW }, this.#now()) }
    const global = countsGlobally ? this.#take('global', 1_000, GLOBAL_PER_SECOND) : undefined
    const bucket = this.#take(`${id}:${major}`, WINDOW, PER_ROUTE)
    const verdict: Verdict = { headers: headers(id, bucket, this.#now()) }
    if (global && global.used > GLOBAL_PER_SECOND) return { ...verdict, global: true, retryAfter: this.#left(global) }
    if (bucket.used > PER_ROUTE) return { ...verdict, retryAfter: this.#left(bucket) }
    return verdict
  }

  #take(key: string, window: number, limit: number): Bucket {
    const known = this.#buckets.get(key)
    const bucket = known && this.#now() < known.resetAt ? known : { used: 0, resetAt: this.#now() + window }
    this.#buckets.set(key, bucket)
    if (bucket.used <= limit) bucket.used++
    return bucket
  }

  #left(bucket: Bucket): number {
    return Math.max(0.001, (bucket.resetAt - this.#now()) / 1000)
  }
}

function headers(id: string, bucket: Bucket, now: number): Record<string, string> {
  return {
    'x-ratelimit-limit': String(PER_ROUTE),
    'x-ratelimit-remaining': String(Math.max(0, PER_ROUTE - bucket.used)),
    'x-ratelimit-reset': (bucket.resetAt / 1000).toFixed(3),
    'x-ratelimit-reset-after': Math.max(0, (bucket.resetAt - now) / 1000).toFixed(3),
    'x-ratelimit-bucket': id,
  }
}
