// Whether the engine answers: a question to one that does not is not asked again for a moment, so that nobody waits for it.
import { Problem } from '../../problem.ts'
import { PartLost } from './driver.ts'

const REST_MS = 3_000
/** One that takes long to fail rests longer, so that not every question waits as long as the first. */
const REST_SHARE = 3
const MAX_REST_MS = 30_000

export class EngineHealth {
  readonly #now: () => number
  readonly #onChange: (problem: Problem | null) => void
  #away: { since: number; problem: Problem } | null = null
  #restUntil = 0
  #failedAt = Number.NEGATIVE_INFINITY

  /** `onChange` is called when it stops answering, and with null when it answers again. */
  constructor(now: () => number, onChange: (problem: Problem | null) => void) {
    this.#now = now
    this.#onChange = onChange
  }

  /** Since when it does not answer (epoch ms), and why; null while it does. */
  get away(): { since: number; problem: Problem } | null {
    return this.#away
  }

  /** How long ago (ms) a question last failed; `Infinity` for never. */
  get sinceFailure(): number {
    return performance.now() - this.#failedAt
  }

  /** What `work` resolves with; rejects with `busy` at once while the engine rests. */
  async ask<T>(work: () => Promise<T>): Promise<T> {
    if (this.#away && performance.now() < this.#restUntil) throw this.#away.problem
    return this.try(work)
  }

  /** The same without resting, for whoever waits between tries on its own. */
  async try<T>(work: () => Promise<T>): Promise<T> {
    const beganAt = performance.now()
    try {
      const answer = await work()
      if (this.#away) {
        this.#away = null
        this.#onChange(null)
      }
      return answer
    } catch (error) {
      if (isAway(error)) this.#fail(error, performance.now() - beganAt)
      throw error
    }
  }

  #fail(problem: Problem, tookMs: number): void {
    const restMs = Math.min(MAX_REST_MS, Math.max(REST_MS, REST_SHARE * tookMs))
    this.#restUntil = Math.max(this.#restUntil, performance.now() + restMs)
    this.#failedAt = performance.now()
    const wasAway = this.#away !== null
    this.#away = { since: this.#away?.since ?? this.#now(), problem }
    if (!wasAway) this.#onChange(problem)
  }
}

/** Whether a failure means that the engine does not answer, rather than that the question was wrong. */
export function isAway(error: unknown): error is Problem {
  return error instanceof Problem && error.code === 'busy' && !(error instanceof PartLost)
}
