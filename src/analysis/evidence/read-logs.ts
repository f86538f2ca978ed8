// Reads the lines of a period from the log store: all of them when they are few, an even part of each stretch otherwise.

import type { Level, LogLine } from '../../logs/line.ts'
import type { Query, QueryNode } from '../../logs/query/tree.ts'
import { PERSONAL_KINDS, replacePersonal } from '../../logs/redact/personal.ts'
import { redact } from '../../logs/redact/redact.ts'
import type { LogStore } from '../../logs/store.ts'

/** What is kept of a line; `weight` is how many lines it stands for. */
export type ReadLine = {
  id: string
  at: number
  level: Level
  source: string
  host: string
  message: string
  fingerprint: string
  weight: number
}

export type Reading = { lines: readonly ReadLine[]; total: number; atLeast: boolean }

const PAGE = 1_000
const STRETCHES = 8
const SEVERE: QueryNode = { kind: 'level', comparison: '>=', level: 'warn' }
const QUIET: QueryNode = { kind: 'not', part: SEVERE }
/** Warnings and errors get this part of the room when not everything can be read. */
const SEVERE_SHARE = 0.5
const LONGEST = 2_000
const FRAMES = 4

/**
 * The lines that fit `where` between two instants, oldest first, at most about `most` of them, within `withinMs` for each
 * question to the store. Where there are more, each of eight stretches gives its first ones, errors and the rest apart,
 * weighted so that counts stay true on average.
 */
export async function readLines(
  store: LogStore,
  where: QueryNode | null,
  from: number,
  until: number,
  most: number,
  withinMs: number,
): Promise<Reading> {
  const query = { where, from, until }
  const { total, atLeast } = await store.count(query, withinMs)
  if (total === 0) return { lines: [], total, atLeast }
  if (total <= most && !atLeast) return { lines: await firstLines(store, query, most, withinMs), total, atLeast }
  const lines: ReadLine[] = []
  const width = Math.ceil((until - from) / STRETCHES)
  for (const [band, share] of [
    [SEVERE, SEVERE_SHARE],
    [QUIET, 1 - SEVERE_SHARE],
  ] as const) {
    const narrowed: QueryNode = where === null ? band : { kind: 'and', parts: [where, band] }
    for (let at = from; at < until; at += width) {
      const stretch = { where: narrowed, from: at, until: Math.min(until, at + width) }
      const part = await firstLines(store, stretch, Math.ceil((most * share) / STRETCHES), withinMs)
      const all = part.length === 0 ? 0 : (await store.count(stretch, withinMs)).total
      const weight = Math.max(1, all / Math.max(1, part.length))
      for (const line of part) lines.push({ ...line, weight })
    }
  }
  return { lines: lines.sort((a, b) => a.at - b.at), total, atLeast }
}

async function firstLines(store: LogStore, query: Query, most: number, timeoutMs: number): Promise<ReadLine[]> {
  const lines: ReadLine[] = []
  for (let cursor: string | null = null; lines.length < most; ) {
    const limit = Math.min(PAGE, most - lines.length)
    const page = await store.search({ query, order: 'oldest', limit, cursor, timeoutMs })
    for (const line of page.lines) lines.push(readLine(line))
    cursor = page.next
    if (cursor === null || page.searchedTo !== null) break
  }
  return lines
}

/** A line as analyses keep it: its message with the first frames of its stack, secrets masked, cut after 2,000 characters. */
export function readLine(line: LogLine): ReadLine {
  const stack = line.stack === '' ? '' : `\n${line.stack.split('\n', FRAMES).join('\n')}`
  const { id, timestamp: at, level, source, host, fingerprint } = line
  return { id, at, level, source, host, fingerprint, message: shortened(`${line.message}${stack}`), weight: 1 }
}

/** Masks before it cuts, people too, and cuts between words: half a secret or half an account number is known by no rule. */
export function shortened(text: string, most = LONGEST): string {
  const plain = cleaned(text)
  if (plain.length <= most) return plain
  const hidden = masked(plain)
  if (hidden.length <= most) return hidden
  const cut = hidden.slice(0, most)
  const space = cut.search(/\s\S*$/)
  return `${cut.slice(0, space > 0 ? space : Math.max(0, most - 320))} …cut`
}

/** A text without secrets and people: what patterns are made of, for a pattern keeps only pieces of its lines. */
export function masked(text: string): string {
  return PERSONAL_KINDS.reduce((shown, kind) => replacePersonal(shown, kind, () => `[hidden:${kind}]`), redact(text))
}

/** Without control, direction and zero-width characters, which only serve to deceive; line breaks stay. */
export function cleaned(text: string): string {
  return text.replace(/[[\p{Cc}\p{Cf}\p{Bidi_Control}\u2028\u2029\p{Cs}]--[\t\n]]/gv, '')
}

/** `source@host`, or what is known of it. */
export function fromOf(line: { source: string; host: string }): string {
  return [line.source, line.host].filter(Boolean).join('@')
}
