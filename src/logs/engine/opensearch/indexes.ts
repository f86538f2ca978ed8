// The indexes that hold lines: their names, settings and fields. One index is one partition.
import { parsePartition } from '../../embedded/partitions/partition-name.ts'
import type { OpenSearchOptions } from './options.ts'

/** The version of the fields; an index with another one is not searched. */
export const LAYOUT = 1

const keyword = { type: 'keyword' }
/** Found by its terms only. */
const terms = { type: 'keyword', doc_values: false }
const text = { type: 'text', analyzer: 'words', norms: false }

/** Nothing of a line's own names becomes a field. */
const MAPPINGS = {
  dynamic: false,
  _source: { includes: ['l'] },
  properties: {
    t: { type: 'date', format: 'epoch_millis' },
    pos: { type: 'long' },
    lv: { type: 'byte' },
    ...{ w: text, ws: text, wa: text },
    ...{ project: keyword, source: keyword, host: keyword, group: keyword, fingerprint: keyword, tag: keyword },
    ...{ f_project: terms, f_source: terms, f_host: terms, f_group: terms, f_fingerprint: terms, f_tag: terms },
    ...{ trace: terms, span: terms, at: terms, an: terms },
    cut: { type: 'boolean', doc_values: false },
    l: { type: 'object', enabled: false },
  },
}

export type IndexNames = {
  /** The index that takes the lines of a partition, and the one that a restore fills. */
  ofPartition(partition: string): string
  ofRestore(partition: string): string
  /** Stands for the restored index once it is whole. */
  aliasOfRestore(partition: string): string
  /** Everything that is searched. */
  all: string
  /** The same with what is being restored. */
  withUnfinished: string
  /** The partition of an index, or null. */
  partitionOf(index: string): string | null
  /** The name by which searches of everything find an index. */
  searchedAs(index: string): string
}

/** Options of requests for which no index is no fault. */
export const FOUND = 'ignore_unavailable=true&allow_no_indices=true'

/** The name of the index template under a prefix. */
export function templateName(prefix: string): string {
  return `${prefix}-lines`
}

/** The names of indexes under a prefix; `vakt-2026-11-21.3d.0`. */
export function indexNames(prefix: string): IndexNames {
  const all = `${prefix}-2*,${prefix}-restored-*`
  const unfinished = `${prefix}-restoring-`
  return {
    ofPartition: partition => `${prefix}-${partition}`,
    ofRestore: partition => unfinished + partition,
    aliasOfRestore: partition => `${prefix}-restored-${partition}`,
    all,
    withUnfinished: `${all},${unfinished}*`,
    partitionOf(index) {
      const partition = index.startsWith(unfinished) ? index.slice(unfinished.length) : index.slice(prefix.length + 1)
      return parsePartition(partition) ? partition : null
    },
    searchedAs(index) {
      return index.startsWith(unfinished) ? `${prefix}-restored-${index.slice(unfinished.length)}` : index
    },
  }
}

/** The settings and fields of an index; `meta` is kept with it. */
export function indexBody({ shards, replicas }: OpenSearchOptions, meta: object = {}): object {
  return {
    settings: {
      number_of_shards: shards,
      number_of_replicas: replicas,
      'index.codec': 'best_compression',
      // An answer means that the lines are on the disks of every copy.
      'index.translog.durability': 'request',
      refresh_interval: '1s',
      'index.sort.field': ['t', 'pos'],
      'index.sort.order': ['desc', 'desc'],
      analysis: {
        analyzer: { words: { type: 'custom', tokenizer: 'spaces' } },
        tokenizer: { spaces: { type: 'whitespace', max_token_length: 4_000 } },
      },
    },
    mappings: { ...MAPPINGS, _meta: { vakt: LAYOUT, ...meta } },
  }
}
