// Limits how many lines a minute one emitter (a source of a host) may store, so that one noisy program leaves room for the
// others of its project. What a batch has is known only once it is stored, so an emitter may exceed its limit by one batch;
// then its lines are rejected until the minute has paid for them. Pure.
import { BoundedMap } from '../bounded-map.ts'
import { MINUTE, SECOND } from '../time.ts'

/** The emitter of a line, as limits name it. */
export function emitterOf({ source, host }: { source: string; host: string }): string {
  return `${source}\0${host}`
}

const MAX_EMITTERS = 10_000

type Bucket = { lines: number; at: number }

/** A token bucket of lines for each emitter; it may go below zero, and those that are there may not send. */
export class EmitterLimits {
  readonly #buckets = new BoundedMap<string, Bucket>(MAX_EMITTERS)
  /** The emitters of each project that are below zero. */
  readonly #usedUp = new Map<number, Set<string>>()

  /** The emitters of a project that have no lines left, and after how long (ms) the first of them may send again. */
  usedUp(projectId: number, perMinute: number, now: number): { emitters: readonly string[]; retryAfterMs: number } {
    const known = this.#usedUp.get(projectId)
    if (known === undefined) return { emitters: [], retryAfterMs: 0 }
    const waits: number[] = []
    for (const emitter of known) {
      const left = this.#left(projectId, emitter, perMinute, now)
      if (left > 0) known.delete(emitter)
      else waits.push(Math.ceil((-left / perMinute) * MINUTE))
    }
    if (known.size === 0) this.#usedUp.delete(projectId)
    return { emitters: [...known], retryAfterMs: Math.max(SECOND, Math.min(...waits)) }
  }

  /** Takes the lines of a stored batch from the buckets of their emitters. */
  charge(
    projectId: number,
    counts: readonly { source: string; host: string; count: number }[],
    perMinute: number,
    now: number,
  ): void {
    for (const { source, host, count } of counts) {
      const emitter = emitterOf({ source, host })
      const lines = this.#left(projectId, emitter, perMinute, now) - count
      this.#buckets.set(`${projectId} ${emitter}`, { lines, at: now })
      if (lines > 0) continue
      const known = this.#usedUp.get(projectId) ?? new Set()
      this.#usedUp.set(projectId, known.add(emitter))
    }
  }

  #left(projectId: number, emitter: string, perMinute: number, now: number): number {
    const bucket = this.#buckets.get(`${projectId} ${emitter}`)
    if (bucket === undefined) return perMinute
    // After the clock went back, the bucket fills from now on.
    bucket.at = Math.min(bucket.at, now)
    return Math.min(perMinute, bucket.lines + ((now - bucket.at) / MINUTE) * perMinute)
  }
}
