// What must be true of log lines: an acknowledged one is found exactly once, a refused one never, and each new error is reported once.
import { DAY, MINUTE } from '../../../time.ts'

/** One batch, with every attempt to send it: `unanswered` may be stored or not, but never a part of it. */
export type LogBatch = {
  /** Its lines carry these numbers. */
  first: number
  count: number
  /** The word of the error that nobody has seen before; null in a batch without one. */
  word: string | null
  /** In true time. */
  begunAt: number
  outcome: 'unsent' | 'refused' | 'unanswered' | 'stored'
  /** When it was acknowledged, in true time. */
  storedAt: number
  /** Whether its alert may be missing: a restored backup, or a full disk of the state, forgot that it was counted. */
  isCountUncertain: boolean
}

export class LogLines {
  batches: LogBatch[] = []
  /** The days whose file was damaged, counted since 1970: their lines may be lost. */
  readonly damagedDays = new Set<number>()

  begin(first: number, count: number, word: string | null, at: number): LogBatch {
    const batch: LogBatch = {
      ...{ first, count, word, begunAt: at },
      ...{ outcome: 'unsent', storedAt: Number.POSITIVE_INFINITY, isCountUncertain: false },
    }
    this.batches.push(batch)
    return batch
  }

  /** An attempt more: an acknowledged one counts, and then an unanswered one. */
  attempted(batch: LogBatch, outcome: 'refused' | 'unanswered' | 'stored', at: number): void {
    if (batch.outcome === 'stored') return
    if (outcome === 'stored') batch.storedAt = at
    if (outcome !== 'refused' || batch.outcome === 'unsent') batch.outcome = outcome
  }

  /** The state is as it was at `at`, in true time; the lines are as they were. */
  forgetSince(at: number): void {
    for (const batch of this.batches) if (batch.storedAt >= at) batch.isCountUncertain = true
  }

  /** Forgets what was begun before `at`, in true time. */
  forgetBefore(at: number): void {
    this.batches = this.batches.filter(({ begunAt }) => begunAt >= at)
  }

  /** The first thing that is not true of what was found: how often each number is, and how many alerts name each word. */
  findWrong(found: ReadonlyMap<number, number>, reported: (word: string) => number): string | null {
    for (const batch of this.batches) {
      const wrong = this.#wrongLines(batch, found) ?? this.#wrongAlert(batch, reported)
      if (wrong !== null) return wrong
    }
    return null
  }

  /** The days with damaged files of which acknowledged lines were not found. */
  daysWithLosses(found: ReadonlyMap<number, number>): number[] {
    const isLost = ({ first, count, outcome }: LogBatch) =>
      outcome === 'stored' && Array.from({ length: count }, (_, i) => first + i).some(number => !found.has(number))
    const lost = this.batches.filter(isLost)
    return [...this.damagedDays].filter(day => lost.some(batch => isOfDay(batch, day)))
  }

  #wrongLines(batch: LogBatch, found: ReadonlyMap<number, number>): string | null {
    const { first, count, outcome } = batch
    const times = Array.from({ length: count }, (_, i) => found.get(first + i) ?? 0)
    const what = `lines ${first} to ${first + count - 1}`
    if (times.some(times => times > 1)) return `Stored twice: ${what}.`
    const stored = times.filter(times => times === 1).length
    if ([...this.damagedDays].some(day => isOfDay(batch, day))) return null
    if (stored !== 0 && stored !== count) return `Only ${stored} of ${count} are stored: ${what}.`
    if (outcome === 'stored' && stored === 0) return `Acknowledged and lost: ${what}.`
    if (stored > 0 && (outcome === 'refused' || outcome === 'unsent')) return `Refused and stored: ${what}.`
    return null
  }

  #wrongAlert({ word, outcome, isCountUncertain }: LogBatch, reported: (word: string) => number): string | null {
    if (word === null) return null
    const alerts = reported(word)
    if (alerts > 1) return `${alerts} alerts report the new error "${word}".`
    if (alerts === 1 && (outcome === 'refused' || outcome === 'unsent'))
      return `An alert reports "${word}", which was refused.`
    if (alerts === 0 && outcome === 'stored' && !isCountUncertain) return `No alert reports the new error "${word}".`
    return null
  }
}

/** A batch is sent again for this long. */
const SENT_AGAIN_MS = 5 * MINUTE

/** Whether the lines of a batch may be in the file of a day, counted since 1970. */
function isOfDay({ begunAt }: LogBatch, day: number): boolean {
  return Math.floor(begunAt / DAY) <= day && Math.floor((begunAt + SENT_AGAIN_MS) / DAY) >= day
}
