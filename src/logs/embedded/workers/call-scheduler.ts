// Decides which searches run: a few of each actor at a time, in turns, so that nobody's many searches delay another's.
import { Problem } from '../../../problem.ts'

export type SchedulerLimits = {
  /** Calls of one actor that run at a time. */
  perActor: number
  /** Calls that run at a time; an actor of whom none runs may still start one, up to `actors` calls in all. */
  total: number
  actors: number
  /** Calls of one actor, and of all, that may wait. */
  waitingPerActor: number
  waiting: number
}

type Actor = { name: string; running: number; waiting: (() => void)[] }

export class CallScheduler {
  readonly #limits: SchedulerLimits
  /** Actors with calls, in the order of their turns. */
  readonly #actors = new Map<string, Actor>()
  #running = 0
  #waiting = 0

  constructor(limits: SchedulerLimits) {
    this.#limits = limits
  }

  /** Calls that run now. */
  get running(): number {
    return this.#running
  }

  /** Calls that wait for their turn. */
  get waiting(): number {
    return this.#waiting
  }

  /** Runs `call` in the turn of an actor. Rejects with `limited` or `busy` when too many calls wait, and as `call` does. */
  async run<T>(name: string, call: () => Promise<T>): Promise<T> {
    const actor = this.#actors.get(name) ?? { name, running: 0, waiting: [] }
    this.#refuseMore(actor)
    this.#actors.set(name, actor)
    await new Promise<void>(start => {
      actor.waiting.push(start)
      this.#waiting++
      this.#startNext()
    })
    try {
      return await call()
    } finally {
      actor.running--
      this.#running--
      this.#forgetIdle(actor)
      this.#startNext()
    }
  }

  #startNext(): void {
    for (let actor = this.#next(); actor; actor = this.#next()) {
      const start = actor.waiting.shift()!
      this.#waiting--
      actor.running++
      this.#running++
      // Its next turn comes after all others'.
      this.#actors.delete(actor.name)
      this.#actors.set(actor.name, actor)
      start()
    }
  }

  /** The actor whose turn it is; undefined when nothing can start. */
  #next(): Actor | undefined {
    const { perActor, total, actors } = this.#limits
    if (this.#waiting === 0 || this.#running >= Math.max(total, actors)) return undefined
    for (const actor of this.#actors.values()) {
      const limit = actor.running === 0 ? Math.max(total, actors) : total
      if (actor.waiting.length > 0 && actor.running < perActor && this.#running < limit) return actor
    }
    return undefined
  }

  #refuseMore(actor: Actor): void {
    if (actor.waiting.length >= this.#limits.waitingPerActor)
      throw new Problem(
        'limited',
        `${actor.waiting.length} of your log searches are waiting already. Try again when some are done.`,
        { retryAfterMs: 5_000 },
      )
    if (this.#waiting >= this.#limits.waiting)
      throw new Problem('busy', 'Too many log searches are running. Try again in a moment.', { retryAfterMs: 1_000 })
  }

  #forgetIdle({ name, running, waiting }: Actor): void {
    if (running === 0 && waiting.length === 0) this.#actors.delete(name)
  }
}
