// Reads the answers of searches: an answer of a part of the shards is none.
import { Problem } from '../../../problem.ts'
import type { LogLine } from '../../line.ts'

const RETRY_AFTER_MS = 5_000

type Hits = { hits: { total?: { value: number }; hits: { _source: { l: string } }[] } }
export type Searched = Hits & {
  timed_out: boolean
  _shards: { total: number; successful: number; skipped?: number; failed: number; failures?: { reason?: object }[] }
  aggregations?: { [name: string]: { buckets: Bucket[] } }
  error?: { reason?: string }
}
export type Bucket = { key: string | number; doc_count: number; [sub: string]: unknown }
export type Sub = { value: number | null; buckets: Bucket[] }

/**
 * An answer of every shard; rejects with `busy` otherwise. A shard of which no copy is there does not count as failed: it is
 * among the total only.
 */
export function whole<T extends Pick<Searched, '_shards' | 'error'>>(found: T): T {
  const { failed, total, successful, failures } = found._shards ?? { failed: 1, failures: [found.error] }
  if (failed === 0 && successful === total) return found
  const missing = failed === 0 ? `${total! - successful!} of ${total} shards are not there` : 'without a reason'
  const reason = failures?.[0]?.reason ?? found.error
  const text = reason === undefined ? missing : JSON.stringify(reason).slice(0, 200)
  throw new Problem('busy', `A part of the log engine does not answer: ${text}`, { retryAfterMs: RETRY_AFTER_MS })
}

export function linesOf({ hits }: Hits): LogLine[] {
  return hits.hits.map(({ _source }) => JSON.parse(_source.l) as LogLine)
}

export function bucketsOf({ aggregations }: Searched, name: string): Bucket[] {
  return aggregations?.[name]?.buckets ?? []
}
