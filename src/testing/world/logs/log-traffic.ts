// The log lines that the programs of a world send, in several formats; now and then one has an error that nobody has seen before.
import { DAY, MINUTE, SECOND } from '../../../time.ts'
import { BLOCK_MS } from '../jobs.ts'
import type { Random } from '../random.ts'
import type { Step } from '../steps/step.ts'

export const LOG_FORMATS = ['array', 'object', 'ndjson', 'text', 'logfmt'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/** No program sends in this time before the end of a block. */
export const STILL_MS = 20 * MINUTE
const SYLLABLES = ['ba', 'ko', 'le', 'mi', 'nu', 'pa', 'ro', 'se', 'ti', 'vu']

/** The steps of all programs for `lengthMs`; `between` two batches are so many minutes. */
export function logTraffic(random: Random, lengthMs: number, between = { least: 5, most: 45 }): Step[] {
  const steps: Step[] = []
  let line = 1
  for (
    let at = random.whole(1, 10) * MINUTE;
    at < lengthMs;
    at += random.whole(between.least, between.most) * MINUTE + random.whole(0, 59) * SECOND
  ) {
    if (at % BLOCK_MS > BLOCK_MS - STILL_MS) continue
    const isError = random.chance(0.12)
    const count = isError ? random.whole(1, 5) : random.whole(1, 20)
    const word = isError ? wordOf(line) : null
    steps.push({
      ...{ at, kind: 'log batch', first: line, count, word },
      ...{ format: random.pick(LOG_FORMATS), hasKey: random.chance(0.6), isRepeated: random.chance(0.1) },
    })
    line += count
  }
  return steps.filter(step => step.at < lengthMs - DAY / 24)
}

/** The body of a batch and its type; every line carries its number. */
export function logBody(
  format: LogFormat,
  first: number,
  messages: readonly string[],
  isError: boolean,
  source = 'shop',
): [string, string] {
  const level = isError ? 'error' : 'info'
  const records = messages.map((message, i) => ({ message: `${message} line-${first + i}`, level, source }))
  if (format === 'array') return [JSON.stringify(records), 'application/json']
  if (format === 'object') return [JSON.stringify({ logs: records }), 'application/json']
  if (format === 'ndjson') return [records.map(record => JSON.stringify(record)).join('\n'), 'application/x-ndjson']
  const line = ({ message }: { message: string }) =>
    format === 'text' ? `${level.toUpperCase()} ${message}` : `level=${level} msg="${message}"`
  return [records.map(line).join('\n'), 'text/plain']
}

/** A word for a number, of syllables, so that no two errors look alike. */
function wordOf(number: number): string {
  return [...String(number).padStart(5, '0')].map(digit => SYLLABLES[Number(digit)]).join('')
}
