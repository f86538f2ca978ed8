// The lines of a container's output: splits the stream, reads the engine's timestamps and removes control sequences. Pure.
import { StringDecoder } from 'node:string_decoder'
import { KIBIBYTE } from '../../bytes.ts'
import { clean } from '../../logs/intake/clean.ts'
import { detectLevel, readLevel } from '../../logs/intake/levels.ts'
import type { Level } from '../../logs/line.ts'

export type StreamName = 'stdout' | 'stderr'

/** A line of output. `stamp` is the engine's timestamp (RFC 3339, up to nanoseconds), `at` the same in epoch ms. */
export type OutputLine = {
  host: string
  container: string
  stream: StreamName
  stamp: string
  at: number
  text: string
}

const MAX_LINE_LENGTH = 64 * KIBIBYTE
const STAMP_PATTERN = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ?/

/**
 * Splits a stream into lines and calls `onLine` for each, without its line break. `end` passes an unfinished last line. A line
 * longer than 64 Ki characters comes in pieces.
 */
export function createLineSplitter(onLine: (line: string) => void): { add(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const split = (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    for (; rest.length > MAX_LINE_LENGTH; rest = rest.slice(MAX_LINE_LENGTH)) onLine(rest.slice(0, MAX_LINE_LENGTH))
  }
  return {
    add: chunk => split(decoder.write(chunk)),
    end() {
      split(decoder.end())
      if (rest !== '') onLine(rest)
      rest = ''
    },
  }
}

/** Splits a line of `logs --timestamps` into timestamp and text; null for a message of the engine, which has no timestamp. */
export function parseStamped(line: string): { stamp: string; at: number; text: string } | null {
  const [head, stamp] = STAMP_PATTERN.exec(line) ?? []
  if (head === undefined || stamp === undefined) return null
  const at = Date.parse(stamp)
  return Number.isNaN(at) ? null : { stamp, at, text: line.slice(head.length) }
}

/** As engines write it, with a fraction of the second; in a greeting there is none. */
const STAMP_AFTER_GREETING = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,9}(?:Z|[+-]\d\d:\d\d) /

/** The first line of a stream, without what a login shell printed before it on the same line. */
export function skipGreeting(line: string): string {
  if (STAMP_PATTERN.test(line)) return line
  const start = line.search(STAMP_AFTER_GREETING)
  return start < 0 ? line : line.slice(start)
}

/** Compares two timestamps of any zone, exact to the nanosecond: negative when `a` is earlier. */
export function compareStamps(a: string, b: string): number {
  if (a === b) return 0
  return Math.floor(Date.parse(a) / 1000) - Math.floor(Date.parse(b) / 1000) || readNanoseconds(a) - readNanoseconds(b)
}

/** Sorts lines by time; lines of the same instant keep their order. */
export function sortByTime(lines: readonly OutputLine[]): OutputLine[] {
  return [...lines].sort((a, b) => a.at - b.at || compareStamps(a.stamp, b.stamp))
}

/** Removes terminal control sequences and carriage returns. */
export function stripControlSequences(text: string): string {
  return clean(text).replaceAll('\r', ' ')
}

/** Guesses the level of a line from its text (default: info). */
export function detectOutputLevel(text: string): Level {
  return detectLevel(text) ?? readJsonLevel(text) ?? 'info'
}

const JSON_LEVEL_PATTERN = /"(?:level|severity|lvl)"\s*:\s*"?([a-zA-Z]{1,13}|\d{1,2})/

function readJsonLevel(text: string): Level | null {
  const match = text.startsWith('{') ? JSON_LEVEL_PATTERN.exec(text) : null
  return match ? readLevel(/^\d/.test(match[1]!) ? Number(match[1]) : match[1]) : null
}

function readNanoseconds(stamp: string): number {
  return Number((/\.(\d{1,9})/.exec(stamp)?.[1] ?? '').padEnd(9, '0'))
}
