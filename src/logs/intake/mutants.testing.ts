// Lines that no program wrote on purpose: examples of all formats with pieces cut, doubled, swapped and replaced by rubbish.
import { FORMATS } from '../formats/formats.ts'
import { aBatch } from './batches.testing.ts'
import { clean } from './clean.ts'
import { readBatch } from './read-batch.ts'

const SEEDS = FORMATS.flatMap(format => format.examples.map(({ text }) => text.split('\n')[0]!)).concat([
  '{"level":"error","msg":"no","user":{"id":7,"tags":["a",null]},"time":"2026-11-29T10:00:00Z"}',
  'time=2026-11-29T10:00:00Z level=warn msg="disk \\"a\\" full" free=0',
  '2026-11-29 10:00:00 ERROR boom',
])
const RUBBISH = [
  '',
  ' ',
  '\u0000',
  '\u001b[31m',
  '\ufeff',
  '"',
  '{',
  '}',
  '[',
  ']',
  '<34>',
  '|',
  '\t',
  '9'.repeat(40),
  '1e999',
  '2026-99-99',
  '25:61:61',
  '__proto__',
  '💥',
  '数据库',
  '\ud800',
  '$&',
  '%s',
  'null',
]

/** A line; `random` gives numbers from 0 to 1. */
export function mutantLine(random: () => number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  let line = pick(SEEDS)
  for (let n = Math.floor(random() * 5); n > 0; n--) {
    const [a, b] = [Math.floor(random() * (line.length + 1)), Math.floor(random() * (line.length + 1))]
    const [from, until] = a < b ? [a, b] : [b, a]
    const kind = random()
    if (kind < 0.25) line = line.slice(0, from) + line.slice(Math.min(until, from + 20))
    else if (kind < 0.5) line = line.slice(0, from) + pick(RUBBISH) + line.slice(from)
    else if (kind < 0.7) line = line.slice(0, until) + line.slice(from, Math.min(until, from + 40)) + line.slice(until)
    else if (kind < 0.9) line = line.slice(0, from) + pick(SEEDS).slice(0, 60) + line.slice(until)
    else line = pick(RUBBISH) + line
  }
  return line.replace(/[\r\n]/g, ' ')
}

/** What is wrong with how a line is read through the doors, or null: it must become one line with a message, whatever it is. */
export function faultOf(text: string): string | null {
  if (clean(text).replaceAll('\ufeff', '').trim() === '') return null
  for (const [door, body, format] of [
    ['text', text, 'text'],
    ['ndjson', `{"message":"first"}\n${text}`, 'ndjson'],
    ['json', JSON.stringify([{ message: text }]), 'json'],
  ] as const) {
    const { lines, rejected } = readBatch(aBatch(body, { format }))
    const line = lines.at(-1)
    const wanted = door === 'ndjson' ? 2 : 1
    if (lines.length + rejected.length !== wanted)
      return `${door}: ${lines.length} lines and ${rejected.length} rejected`
    // A value of JSON that is neither an object nor a text says why it is not kept.
    if (rejected.length > 0 && !/^\s*(?:null|true|false|-?\d|\[|""|\{)/.test(text))
      return `${door}: rejected: ${rejected[0]!.message}`
    if (rejected.length === 0 && (line!.message === '' || !Number.isFinite(line!.timestamp)))
      return `${door}: no message or no time`
    JSON.stringify(line)
  }
  return null
}
