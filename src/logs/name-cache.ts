// Caches recent sources, hosts, groups and tags for autocomplete, which cannot wait for a search.
import type { Logger } from '../logger.ts'
import type { LogReader } from './store.ts'

export const CACHED_FIELDS = ['source', 'host', 'group', 'tag'] as const
export type CachedField = (typeof CACHED_FIELDS)[number]

/** Names that are cached of each field. */
const MAX_NAMES = 500

export interface NameCache {
  /** The names of a field as of the last refresh. */
  namesOf(field: CachedField): readonly string[]
  /** Reads the names from the store again. */
  refresh(): Promise<void>
}

/** A cache that is empty until the first refresh; a failed refresh keeps the earlier names. */
export function createNameCache(store: LogReader, logger: Logger): NameCache {
  const names: Record<CachedField, readonly string[]> = { source: [], host: [], group: [], tag: [] }
  return {
    namesOf: field => names[field],
    async refresh() {
      for (const field of CACHED_FIELDS) {
        names[field] = await store.values(field, '', MAX_NAMES).catch(error => {
          logger.debug('names for autocomplete could not be read', { field, error })
          return names[field]
        })
      }
    },
  }
}
