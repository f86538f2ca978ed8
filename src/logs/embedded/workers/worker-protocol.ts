// Calls between the main thread and its workers: one message there, one back, problems included.
import { parentPort } from 'node:worker_threads'
import { Problem, type ProblemCode } from '../../../problem.ts'

/** A problem as a message can carry it. */
export type PlainProblem = {
  code: ProblemCode
  message: string
  fields: Record<string, string> | undefined
  retryAfterMs: number | undefined
}

export type Call = { call: number; name: string; args: unknown[] }
export type Answer = { call: number; result: unknown } | { call: number; problem: PlainProblem }
/** What a worker says of itself: `ready` once, and whatever else its owner knows. */
export type Notice = { notice: string; content: unknown }

/** The functions of a worker; each may be called from the main thread. */
export type Callable = { [name: string]: (...args: never[]) => unknown }

/** Answers calls in this worker with these functions. */
export function answerCalls(functions: Callable): void {
  parentPort!.on('message', async ({ call, name, args }: Call) => {
    try {
      const run = functions[name] as (...args: unknown[]) => unknown
      parentPort!.postMessage({ call, result: await run(...args) } satisfies Answer)
    } catch (error) {
      parentPort!.postMessage({ call, problem: plainProblem(error) } satisfies Answer)
    }
  })
}

/** Tells the main thread something that it did not ask for. */
export function tell(notice: string, content: unknown): void {
  parentPort!.postMessage({ notice, content } satisfies Notice)
}

export function plainProblem(error: unknown): PlainProblem {
  if (error instanceof Problem)
    return { code: error.code, message: error.message, fields: error.fields, retryAfterMs: error.retryAfterMs }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'internal', message: `The log store failed: ${message}`, fields: undefined, retryAfterMs: undefined }
}

export function problemOf({ code, message, fields, retryAfterMs }: PlainProblem): Problem {
  return new Problem(code, message, { ...(fields && { fields }), ...(retryAfterMs !== undefined && { retryAfterMs }) })
}
