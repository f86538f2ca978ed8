// Lines that no program wrote on purpose: examples of all formats with pieces cut, doubled, swapped and replaced by rubbish.
import { FORMATS } from '../formats/formats.ts'
import type { Batch } from '../store.ts'
import { aBatch } from './batches.testing.ts'
import { clean } from './clean.ts'
import { readBatch, readerOf } from './read-batch.ts'

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

/** A door, and the body in which it takes lines; the first one shows that a body of lines is JSON. */
type Door = { name: string; format: Batch['format']; bodyOf(texts: readonly string[]): string; extra: number }

const DOORS: readonly Door[] = [
  { name: 'text', format: 'text', bodyOf: texts => texts.join('\n'), extra: 0 },
  { name: 'ndjson', format: 'ndjson', bodyOf: texts => ['{"message":"first"}', ...texts].join('\n'), extra: 1 },
  { name: 'json', format: 'json', bodyOf: texts => JSON.stringify(texts.map(message => ({ message }))), extra: 0 },
]

/** What is wrong with how a line is read through the doors, or null: it must become one line with a message, whatever it is. */
export function faultOf(text: string): string | null {
  if (isBlank(text)) return null
  for (const door of DOORS) {
    const fault = faultAt(door, [text])
    if (fault !== null) return fault
  }
  return null
}

/**
 * The faults of many lines: those of JSON are read in one body, and one by one only where something is wrong with it. Lines of
 * text may belong together, so each is read alone.
 */
export function faultsOf(texts: readonly string[]): { text: string; fault: string }[] {
  const lines = texts.filter(text => !isBlank(text))
  const [text, ...records] = DOORS as [Door, ...Door[]]
  const isGood = records.every(door => attempt(() => faultAt(door, lines)) === null)
  return lines.flatMap(line => {
    const fault = attempt(() => (isGood ? faultAt(text, [line]) : faultOf(line)))
    return fault === null ? [] : [{ text: line, fault }]
  })
}

function attempt(read: () => string | null): string | null {
  try {
    return read()
  } catch (error) {
    return `threw ${String(error)}`
  }
}

function isBlank(text: string): boolean {
  let rest = clean(text).replaceAll('\ufeff', '')
  // A blank line stays one behind what engines put before it; the header of a daemon, with a host or a level, is a line.
  for (let prefixes = 0; prefixes < 3 && rest.trim() !== ''; prefixes++) {
    const found = readerOf(undefined).readText(rest, 'prefix')
    if (found === null || found.fields.host !== undefined || found.fields.level !== undefined) return false
    rest = found.message
  }
  return rest.trim() === ''
}

function faultAt({ name, format, bodyOf, extra }: Door, texts: readonly string[]): string | null {
  const changes: Partial<Batch> = { format, limits: { lines: texts.length + extra, messageBytes: 65_536 } }
  const { lines, rejected } = readBatch(aBatch(bodyOf(texts), changes))
  if (lines.length + rejected.length !== texts.length + extra)
    return `${name}: ${lines.length} lines and ${rejected.length} rejected`
  for (const { index, message } of rejected) {
    // A value of JSON that is neither an object nor a text says why it is not kept.
    const isValue = /^\s*(?:null|true|false|-?\d|\[|""|\{)/.test(texts[index - extra]!)
    if (!isValue) return `${name}: rejected: ${message}`
  }
  for (const line of lines) {
    if (line.message === '' || !Number.isFinite(line.timestamp)) return `${name}: no message or no time`
    JSON.stringify(line)
  }
  return null
}
