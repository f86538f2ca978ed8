// A log store that is opened by its first use, so that a Vakt without logs does not pay for its workers.
import { type LogStore, missingLines, readBy } from './store.ts'

export type LazyStore = LogStore & {
  /** Whether the store has been opened. */
  isOpen(): boolean
}

type Methods = Required<Omit<LogStore, 'readBy'>>

/** The methods of a store, each of which can wait until the store is open: a method that cannot does not compile here. */
type Deferred = {
  [Name in keyof Methods]: (...args: Parameters<Methods[Name]>) => Promise<Awaited<ReturnType<Methods[Name]>>>
}

/**
 * The store that `open` resolves with, opened by the first call of any method. When opening fails, that call rejects and
 * the next one tries again. `hasLines` tells whether a store that nobody has used yet has lines to maintain.
 */
export function lazyStore(open: () => Promise<LogStore>, hasLines: () => boolean): LazyStore {
  let opening: Promise<LogStore> | null = null
  const opened = (): Promise<LogStore> => {
    opening ??= open().catch(error => {
      opening = null
      throw error
    })
    return opening
  }
  const isInUse = () => opening !== null || hasLines()

  /** What does not open the store by itself. */
  const own: Pick<LazyStore, 'isOpen' | 'values' | 'linesAfter' | 'maintain' | 'close' | 'missing'> & {
    readBy(actor: string): LogStore
  } = {
    readBy: actor => deferred(async () => readBy(await opened(), actor)),
    isOpen: () => opening !== null,
    missing: async range => missingLines(await opened(), range),
    values: async (...args) => (isInUse() ? (await opened()).values(...args) : []),
    linesAfter: async (position, limits) =>
      isInUse() ? (await opened()).linesAfter(position, limits) : { lines: [], next: position, committedTo: position },
    maintain: async (...args) => (isInUse() ? (await opened()).maintain(...args) : { removed: [], status: null }),
    async close() {
      if (opening !== null) await (await opening).close()
    },
  }
  const deferred = (openView: () => Promise<LogStore>) =>
    new Proxy(own as Deferred & typeof own, {
      get(target, name) {
        // Promises look for `then` in any value they resolve with.
        if (Object.hasOwn(target, name) || typeof name === 'symbol' || name === 'then') return Reflect.get(target, name)
        return async (...args: never[]) => {
          const store = await openView()
          return (store[name as keyof Methods] as (...args: never[]) => unknown).call(store, ...args)
        }
      },
    })
  return deferred(opened)
}
