// A log store in a process of its own, called through the port over IPC, so that it can be killed like Vakt itself.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Problem, type ProblemCode } from '../problem.ts'
import { errorMessage } from '../text.ts'
import type { LogLine } from './line.ts'
import type { LogStore, OnTailLines } from './store.ts'

/** A store with what tests may ask of it beside the port. */
export type ServedStore = LogStore & {
  /** Seals everything that is stored now. */
  seal?(): Promise<void>
}

type Call = { call: number; name: string; args: unknown[] }
type Failure = { code: ProblemCode; message: string; fields?: Record<string, string>; retryAfterMs?: number }
type FromChild =
  | { ready: true; hasSeal: boolean }
  | { call: number; result: unknown }
  | { call: number; failure: Failure }
  | { tail: number; lines: LogLine[]; leftOut: number }

/** In the child: opens a store and answers the calls of the parent until it is killed, or until the parent goes. */
export async function serveStore(open: () => Promise<ServedStore>): Promise<void> {
  const send = (message: FromChild) => process.send?.(message)
  process.on('disconnect', () => process.exit())
  const store = await open()
  const stops = new Map<number, () => void>()
  const run = async (call: number, name: string, args: unknown[]): Promise<unknown> => {
    if (name === 'tail') {
      const [query] = args as Parameters<LogStore['tail']>
      stops.set(call, await store.tail(query, (lines, leftOut) => send({ tail: call, lines: [...lines], leftOut })))
      return null
    }
    if (name === 'stopTail') {
      stops.get(args[0] as number)?.()
      return null
    }
    const method = store[name as keyof ServedStore] as ((...args: unknown[]) => unknown) | undefined
    return method?.apply(store, args)
  }
  process.on('message', async ({ call, name, args }: Call) => {
    try {
      send({ call, result: await run(call, name, args) })
    } catch (error) {
      const { code = 'internal', fields, retryAfterMs } = error as Partial<Problem>
      send({ call, failure: { code, message: errorMessage(error), fields, retryAfterMs } as Failure })
    }
    if (name === 'close') process.disconnect?.()
  })
  send({ ready: true, hasSeal: store.seal !== undefined })
}

export type StoreProcess = {
  /** The store in the child. Its calls reject with `busy` once the child has ended. */
  store: ServedStore
  /** Whether calls are still answered. */
  isRunning(): boolean
  /** Ends the child with SIGKILL, at once. */
  kill(): Promise<void>
  /** Closes the store; resolves when the child has ended. */
  close(): Promise<void>
  /** Resolves when the child has ended, with what it wrote to its error output. */
  ended: Promise<string>
}

/** Starts `program`, which calls `serveStore`; resolves when its store is open. Rejects when the child ends before. */
export async function openStoreProcess(program: URL, args: readonly string[]): Promise<StoreProcess> {
  const starting = startStoreProcess(program, args)
  await starting.ready
  return starting
}

/** As `openStoreProcess`, but it does not wait for the store. */
export function startStoreProcess(program: URL, args: readonly string[]): StoreProcess & { ready: Promise<void> } {
  const child = fork(program, args, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  const pending = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  const tails = new Map<number, OnTailLines>()
  let complaint = ''
  child.stderr!.on('data', chunk => {
    complaint += chunk
  })
  let hasSeal = false
  let onReady = () => {}
  let onGone = (_: Error) => {}
  const ready = new Promise<void>((resolve, reject) => {
    onReady = resolve
    onGone = reject
  })
  // Whoever kills the child before it is ready does not wait for it.
  ready.catch(() => {})
  child.on('message', (message: FromChild) => {
    if ('ready' in message) {
      hasSeal = message.hasSeal
      return onReady()
    }
    if ('tail' in message) return tails.get(message.tail)?.(message.lines, message.leftOut)
    const waiting = pending.get(message.call)
    pending.delete(message.call)
    if ('failure' in message) waiting?.reject(problemOf(message.failure))
    else waiting?.resolve(message.result)
  })
  const ended = once(child, 'close').then(() => {
    const problem = new Problem('busy', `The process of the log store has ended. ${complaint}`)
    onGone(problem)
    for (const { reject } of pending.values()) reject(problem)
    pending.clear()
    return complaint
  })
  let calls = 0
  const call = (name: string, args: unknown[]): { number: number; result: Promise<unknown> } => {
    const number = ++calls
    const result = new Promise<unknown>((resolve, reject) => {
      if (!child.connected) return reject(new Problem('busy', 'The process of the log store has ended.'))
      pending.set(number, { resolve, reject })
      // A call that cannot be sent any more is rejected when the child has ended.
      child.send({ call: number, name, args } satisfies Call, () => {})
    })
    return { number, result }
  }
  const tail: LogStore['tail'] = async (query, onLines) => {
    const { number, result } = call('tail', [query])
    tails.set(number, onLines)
    await result
    return () => {
      tails.delete(number)
      call('stopTail', [number]).result.catch(() => {})
    }
  }
  const store = new Proxy({} as ServedStore, {
    get(_, name) {
      if (typeof name === 'symbol' || name === 'then' || name === 'readBy') return undefined
      if (name === 'seal' && !hasSeal) return undefined
      return name === 'tail' ? tail : (...args: unknown[]) => call(name, args).result
    },
  })
  return {
    store,
    ready,
    ended,
    isRunning: () => child.connected,
    async kill() {
      kill(child)
      await ended
    },
    async close() {
      await store.close().catch(() => {})
      await ended
    },
  }
}

function kill(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
}

function problemOf({ code, message, fields, retryAfterMs }: Failure): Problem {
  return new Problem(code, message, { ...(fields && { fields }), ...(retryAfterMs !== undefined && { retryAfterMs }) })
}
