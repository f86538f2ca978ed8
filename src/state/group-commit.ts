// Group commit: everything that arrives during one turn of the event loop shares one transaction and one flush to disk.
import type { State } from './database.ts'

/** Runs `work` in the next shared transaction; resolves with its result only after that is on disk. */
export type GroupCommit = <T>(work: () => T) => Promise<T>

type Job = { work: () => unknown; resolve: (value: never) => void; reject: (error: unknown) => void }

/** A group commit over `state`. One job that throws is rejected alone: the others are committed without it. */
export function createGroupCommit(state: State): GroupCommit {
  let waiting: Job[] = []
  const flush = () => {
    const jobs = waiting
    waiting = []
    try {
      const results = state.transaction(() => jobs.map(job => job.work()))
      for (const [i, job] of jobs.entries()) job.resolve(results[i] as never)
    } catch {
      for (const job of jobs) runAlone(state, job)
    }
  }
  return work =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush)
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
