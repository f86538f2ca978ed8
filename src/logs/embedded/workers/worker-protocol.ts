// The messages between the main thread and its workers: a call, its answer or problem, and notices.
import { parentPort } from 'node:worker_threads'
import { Problem, type ProblemCode } from '../../../problem.ts'
import { errorMessage } from '../../../text.ts'

/** A problem as a message can carry it. */
export type SerializedProblem = {
  code: ProblemCode
  message: string
  fields: Record<string, string> | undefined
  retryAfterMs: number | undefined
  isStorage: boolean
}

export type Call = { call: number; name: string; args: unknown[] }
export type Answer = { call: number; result: unknown } | { call: number; problem: SerializedProblem }
/** What a worker reports without being asked: `ready` once, then whatever its owner listens for. */
export type Notice = { notice: string; content: unknown }

/** The functions of a worker; each may be called from the main thread. */
export type Callable = { [name: string]: (...args: never[]) => unknown }

/** A call that every worker answers at once, unless it hangs. */
export const PING = 'ping'

/** Answers the calls to this worker with these functions. */
export function answerCalls(functions: Callable): void {
  parentPort!.on('message', async ({ call, name, args }: Call) => {
    try {
      if (name === PING) return parentPort!.postMessage({ call, result: null } satisfies Answer)
      const run = functions[name] as (...args: unknown[]) => unknown
      parentPort!.postMessage({ call, result: await run(...args) } satisfies Answer)
    } catch (error) {
      parentPort!.postMessage({ call, problem: serializeProblem(error) } satisfies Answer)
    }
  })
}

/** Sends the main thread a notice that it did not ask for. */
export function notify(notice: string, content: unknown): void {
  parentPort!.postMessage({ notice, content } satisfies Notice)
}

export function serializeProblem(error: unknown): SerializedProblem {
  if (error instanceof Problem) {
    const { code, message, fields, retryAfterMs, isStorage } = error
    return { code, message, fields, retryAfterMs, isStorage }
  }
  const message = `The log store failed: ${errorMessage(error)}`
  return { code: 'internal', message, fields: undefined, retryAfterMs: undefined, isStorage: false }
}

export function deserializeProblem({ code, message, fields, retryAfterMs, isStorage }: SerializedProblem): Problem {
  return new Problem(code, message, {
    ...(fields && { fields }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    isStorage,
  })
}
