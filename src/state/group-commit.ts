// Group commit: jobs that arrive close together share one transaction and one flush to disk.
import type { State } from './database.ts'

/** Runs `work` in the next shared transaction; resolves with its result after the commit is on disk. */
export type GroupCommit = <T>(work: () => T) => Promise<T>

type Job = { work: () => unknown; resolve: (value: never) => void; reject: (error: unknown) => void }

/** How long jobs wait for others while more keep arriving, ms: a few times the duration of a flush to disk. */
const MAX_GATHERING_MS = 2

/**
 * A group commit over `state`. It commits as soon as an iteration of the event loop brings no further job: a single job
 * hardly waits, and many share one flush. `onCommit` gets how long a transaction took, from its first job on. A job that throws is rejected alone; the others are committed without it.
 */
export function createGroupCommit(state: State, onCommit: (ms: number) => void = () => {}): GroupCommit {
  let waiting: Job[] = []
  let since = 0
  let before = 0

  const gather = () => {
    const grew = waiting.length > before
    before = waiting.length
    if (grew && performance.now() - since < MAX_GATHERING_MS) setImmediate(gather)
    else flush()
  }

  const flush = () => {
    const jobs = waiting
    const begun = since
    waiting = []
    before = 0
    try {
      const results = state.transaction(() => jobs.map(job => job.work()))
      onCommit(performance.now() - begun)
      for (const [i, job] of jobs.entries()) job.resolve(results[i] as never)
    } catch {
      for (const job of jobs) runAlone(state, job)
    }
  }

  return work =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) {
        since = performance.now()
        setImmediate(gather)
      }
      waiting.push({ work, resolve, reject })
    })
}

function runAlone(state: State, job: Job): void {
  try {
    job.resolve(state.transaction(job.work) as never)
  } catch (error) {
    job.reject(error)
  }
}
