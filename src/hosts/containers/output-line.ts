// Lines of a container's output: cut out of the stream, dated as the engine dates them, made safe to show.
import { StringDecoder } from 'node:string_decoder'
import { clean } from '../../logs/intake/clean.ts'
import { detectLevel, readLevel } from '../../logs/intake/levels.ts'
import type { Level } from '../../logs/line.ts'

export type StreamName = 'stdout' | 'stderr'

/** A line that a container said. `stamp` is the engine's own time (RFC 3339, up to nanoseconds), `at` the same in epoch ms. */
export type OutputLine = {
  host: string
  container: string
  stream: StreamName
  stamp: string
  at: number
  text: string
}

const LONGEST = 64 * 1024
const STAMPED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ?/

/**
 * Cuts a stream into lines and calls `onLine` for each, without its line break. `end` gives what stands after the last one.
 * A line without an end is given in pieces of 64 KiB.
 */
export function lineCutter(onLine: (line: string) => void): { add(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const take = (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    for (; rest.length > LONGEST; rest = rest.slice(LONGEST)) onLine(rest.slice(0, LONGEST))
  }
  return {
    add: chunk => take(decoder.write(chunk)),
    end() {
      take(decoder.end())
      if (rest !== '') onLine(rest)
      rest = ''
    },
  }
}

/** The stamp and the text of a line of `logs --timestamps`; null for one without a stamp, which is the engine's own word. */
export function readStamped(line: string): { stamp: string; at: number; text: string } | null {
  const [head, stamp] = STAMPED.exec(line) ?? []
  if (head === undefined || stamp === undefined) return null
  return { stamp, at: Date.parse(stamp), text: line.slice(head.length) }
}

/** The order of two stamps, exact to the nanosecond, whatever their zones: negative when `a` is earlier. */
export function compareStamps(a: string, b: string): number {
  if (a === b) return 0
  return Math.floor(Date.parse(a) / 1000) - Math.floor(Date.parse(b) / 1000) || nanos(a) - nanos(b)
}

/** Earlier lines first; lines of the same instant stay as they came. */
export function inOrder(lines: readonly OutputLine[]): OutputLine[] {
  return [...lines].sort((a, b) => a.at - b.at || compareStamps(a.stamp, b.stamp))
}

/** The text without terminal sequences, in one line. */
export function plainOutput(text: string): string {
  return clean(text).replaceAll('\r', ' ')
}

/** How bad a line is, by its look; `info` when it does not say. */
export function levelOf(text: string): Level {
  return detectLevel(text) ?? jsonLevel(text) ?? 'info'
}

const NAMED = /"(?:level|severity|lvl)"\s*:\s*"?([a-zA-Z]{1,13}|\d{1,2})/

function jsonLevel(text: string): Level | null {
  const named = text.startsWith('{') ? NAMED.exec(text) : null
  return named ? readLevel(/^\d/.test(named[1]!) ? Number(named[1]) : named[1]) : null
}

function nanos(stamp: string): number {
  return Number((/\.(\d{1,9})/.exec(stamp)?.[1] ?? '').padEnd(9, '0'))
}
