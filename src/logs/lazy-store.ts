// A log store that is opened when it is first used: who sends no logs pays nothing for its workers.
import type { LogStore } from './store.ts'

export type LazyStore = LogStore & {
  /** Whether the store has been opened. */
  isOpen(): boolean
}

/**
 * The store that `open` gives, opened by the first call; a failed opening rejects that call and is tried again by the next.
 * `hasLines` says whether there is something to maintain in a store that nobody has used yet.
 */
export function lazyStore(open: () => Promise<LogStore>, hasLines: () => boolean): LazyStore {
  let opening: Promise<LogStore> | null = null
  const store = (): Promise<LogStore> => {
    opening ??= open().catch(error => {
      opening = null
      throw error
    })
    return opening
  }
  const inUse = () => opening !== null || hasLines()
  return {
    isOpen: () => opening !== null,
    append: async batch => (await store()).append(batch),
    search: async request => (await store()).search(request),
    count: async (query, withinMs) => (await store()).count(query, withinMs),
    read: async id => (await store()).read(id),
    context: async (id, before, after) => (await store()).context(id, before, after),
    histogram: async (query, from, until, buckets, withinMs) =>
      (await store()).histogram(query, from, until, buckets, withinMs),
    top: async (query, field, limit, withinMs) => (await store()).top(query, field, limit, withinMs),
    values: async (field, prefix, limit) => (inUse() ? (await store()).values(field, prefix, limit) : []),
    purge: async query => (await store()).purge(query),
    status: async () => (await store()).status(),
    maintain: async (now, keeper) => (inUse() ? (await store()).maintain(now, keeper) : { removed: [], status: null }),
    archive: async (partition, folder) => (await store()).archive(partition, folder),
    restore: async (file, keptUntil) => (await store()).restore(file, keptUntil),
    tail(query, onLines) {
      let stop = () => {}
      let stopped = false
      store().then(
        opened => {
          if (!stopped) stop = opened.tail(query, onLines)
        },
        () => {},
      )
      return () => {
        stopped = true
        stop()
      }
    },
    async close() {
      if (opening !== null) await (await opening).close()
    },
  }
}
