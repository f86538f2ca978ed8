// Reads the lines of a period from the log store: all of them when they are few, otherwise an even sample.
import type { Level, LogLine } from '../../logs/line.ts'
import type { Query, QueryNode } from '../../logs/query/tree.ts'
import { PERSONAL_KINDS, replacePersonal } from '../../logs/redact/personal.ts'
import { redact } from '../../logs/redact/redact.ts'
import type { LogReader } from '../../logs/store.ts'

/** A line of a sample; `weight` is the number of lines that it stands for. */
export type SampledLine = {
  id: string
  at: number
  level: Level
  source: string
  host: string
  message: string
  fingerprint: string
  weight: number
}

export type LogSample = { lines: readonly SampledLine[]; total: number; atLeast: boolean }

const PAGE_SIZE = 1_000
/** A sample is taken evenly from this many parts of the period. */
const SAMPLE_PARTS = 8
const SEVERE: QueryNode = { kind: 'level', comparison: '>=', level: 'warn' }
const NOT_SEVERE: QueryNode = { kind: 'not', part: SEVERE }
/** The share of warnings and errors in a sample. */
const SEVERE_SHARE = 0.5
const MAX_MESSAGE_LENGTH = 2_000
const MAX_STACK_LINES = 4

/**
 * Reads the lines that match `where` between two instants, oldest first, about `limit` at most, with `timeoutMs` for each query.
 * When there are more, each of eight parts of the period gives its first lines, severe and other ones apart, weighted so that
 * counts stay correct on average.
 */
export async function readLines(
  store: LogReader,
  where: QueryNode | null,
  from: number,
  until: number,
  limit: number,
  timeoutMs: number,
): Promise<LogSample> {
  const query = { where, from, until }
  const { total, atLeast } = await store.count(query, timeoutMs)
  if (total === 0) return { lines: [], total, atLeast }
  if (total <= limit && !atLeast) return { lines: await readFirstLines(store, query, limit, timeoutMs), total, atLeast }
  const lines: SampledLine[] = []
  const width = Math.ceil((until - from) / SAMPLE_PARTS)
  for (const [band, share] of [
    [SEVERE, SEVERE_SHARE],
    [NOT_SEVERE, 1 - SEVERE_SHARE],
  ] as const) {
    const bandWhere: QueryNode = where === null ? band : { kind: 'and', parts: [where, band] }
    for (let at = from; at < until; at += width) {
      const part = { where: bandWhere, from: at, until: Math.min(until, at + width) }
      const first = await readFirstLines(store, part, Math.ceil((limit * share) / SAMPLE_PARTS), timeoutMs)
      const count = first.length === 0 ? 0 : (await store.count(part, timeoutMs)).total
      const weight = Math.max(1, count / Math.max(1, first.length))
      for (const line of first) lines.push({ ...line, weight })
    }
  }
  return { lines: lines.sort((a, b) => a.at - b.at), total, atLeast }
}

async function readFirstLines(
  store: LogReader,
  query: Query,
  limit: number,
  timeoutMs: number,
): Promise<SampledLine[]> {
  const lines: SampledLine[] = []
  for (let cursor: string | null = null; lines.length < limit; ) {
    const pageSize = Math.min(PAGE_SIZE, limit - lines.length)
    const page = await store.search({ query, order: 'oldest', limit: pageSize, cursor, timeoutMs })
    for (const line of page.lines) lines.push(toSampledLine(line))
    cursor = page.next
    if (cursor === null || page.searchedTo !== null) break
  }
  return lines
}

/** Converts a stored line: its message with the first stack frames, secrets masked, cut after 2,000 characters. */
export function toSampledLine(line: LogLine): SampledLine {
  const stack = line.stack === '' ? '' : `\n${line.stack.split('\n', MAX_STACK_LINES).join('\n')}`
  const { id, timestamp: at, level, source, host, fingerprint } = line
  return { id, at, level, source, host, fingerprint, message: shorten(`${line.message}${stack}`), weight: 1 }
}

/** Masks secrets and personal data before it cuts between words: no rule recognizes half a secret. */
export function shorten(text: string, maxLength = MAX_MESSAGE_LENGTH): string {
  const plain = stripInvisible(text)
  if (plain.length <= maxLength) return plain
  const hidden = mask(plain)
  if (hidden.length <= maxLength) return hidden
  const cut = hidden.slice(0, maxLength)
  const space = cut.search(/\s\S*$/)
  return `${cut.slice(0, space > 0 ? space : Math.max(0, maxLength - 320))} …cut`
}

/** Masks secrets and personal data; patterns are mined from masked text, because they keep pieces of lines. */
export function mask(text: string): string {
  return PERSONAL_KINDS.reduce((shown, kind) => replacePersonal(shown, kind, () => `[hidden:${kind}]`), redact(text))
}

/** Removes control, direction and zero-width characters, which can hide text; keeps line breaks. */
export function stripInvisible(text: string): string {
  return text.replace(/[[\p{Cc}\p{Cf}\p{Bidi_Control}\u2028\u2029\p{Cs}]--[\t\n]]/gv, '')
}

/** The origin of a line, `source@host`, or the part that is known. */
export function writeOrigin(line: { source: string; host: string }): string {
  return [line.source, line.host].filter(Boolean).join('@')
}
