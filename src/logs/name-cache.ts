// The sources, hosts, groups and tags seen lately, kept at hand for autocomplete, which cannot wait for a search.
import type { Logger } from '../logger.ts'
import type { LogStore } from './store.ts'

export const NAMED = ['source', 'host', 'group', 'tag'] as const
export type NamedField = (typeof NAMED)[number]

/** How many names of each field are kept at hand. */
const MOST = 500

export interface NameCache {
  /** The names of a field as of the last refresh. */
  of(field: NamedField): readonly string[]
  /** Asks the store anew. */
  refresh(): Promise<void>
}

/** Names that are empty until the first refresh; a failed refresh keeps the older ones. */
export function createNameCache(store: LogStore, logger: Logger): NameCache {
  const names: Record<NamedField, readonly string[]> = { source: [], host: [], group: [], tag: [] }
  return {
    of: field => names[field],
    async refresh() {
      for (const field of NAMED) {
        names[field] = await store.values(field, '', MOST).catch(error => {
          logger.debug('the names of log lines could not be read', { field, error })
          return names[field]
        })
      }
    },
  }
}
