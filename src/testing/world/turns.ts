// The turns of the event loop in a world: what is due at once runs from a list, because a real turn costs more than most of it.
import { Killed } from './mortal-database.ts'

type Task = { run: (...args: unknown[]) => void; args: unknown[] }

/** More rounds than this without an end are a loop that would never let time pass. */
const MAX_ROUNDS = 20_000

const { setImmediate: realImmediate } = globalThis
let waiting: Task[] | null = null

/** Collects the immediates of the process until the returned function is called. What a dead process was about to do is dropped. */
export function collectImmediates(): () => void {
  const list: Task[] = []
  waiting = list
  const collect = (run: Task['run'], ...args: unknown[]) => {
    const task = { run, args }
    waiting?.push(task)
    return task
  }
  globalThis.setImmediate = collect as unknown as typeof setImmediate
  return () => {
    globalThis.setImmediate = realImmediate
    waiting = null
  }
}

/** Lets pending promises and immediates run until none is left, and those of Node itself for one turn. */
export async function settle(): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    await new Promise<void>(resolve => process.nextTick(resolve))
    if (waiting === null || waiting.length === 0) {
      await new Promise(resolve => realImmediate(resolve))
      if (waiting === null || waiting.length === 0) return
    }
    const tasks = waiting
    waiting = []
    for (const task of tasks) {
      runOf(task)
      if (tasks.length > 1) await new Promise<void>(resolve => process.nextTick(resolve))
    }
  }
  throw new Error('immediates follow each other without an end')
}

function runOf({ run, args }: Task): void {
  try {
    run(...args)
  } catch (error) {
    if (!(error instanceof Killed)) throw error
  }
}
