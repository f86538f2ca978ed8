// Events of Splunk's HTTP Event Collector: JSON objects one after another, with nothing or line breaks between them.
// https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector
import { Problem } from '../../problem.ts'
import type { Fields } from '../formats/format.ts'
import { endOfValue } from '../intake/count-records.ts'
import { parseExact } from '../intake/json-numbers.ts'
import { type WireFormat, type WireLimits, WireRecord } from './wire-format.ts'

/** The fields of the problem of a wrong event: Splunk's code for it, and its number from 0. */
export const EVENT_CODE = 'code'
export const EVENT_NUMBER = 'invalid-event-number'

const INVALID_DATA = 6
const NO_EVENT = 12
const BLANK_EVENT = 13
/** Source types that say nothing about the program. */
const GENERIC_TYPES = /^(?:_json|json|httpevent|generic_single_line|syslog|text)?$/

export const SPLUNK_FORMATS: readonly WireFormat[] = [
  { name: 'wire:splunk-events', read: readEvents, count: body => [...objectsOf(decode(body))].length },
]

const decoder = new TextDecoder()
const decode = (body: Uint8Array) => decoder.decode(body)

function readEvents(body: Uint8Array, { lines }: WireLimits): unknown[] | null {
  const records: WireRecord[] = []
  for (const text of objectsOf(decode(body))) {
    if (records.length === lines) return null
    records.push(toRecord(parseEvent(text, records.length), records.length))
  }
  return records
}

/** The texts of the objects of a body; of one list, those of its elements. */
function* objectsOf(text: string): Generator<string> {
  for (let at = skipBetween(text, 0); at < text.length; at = skipBetween(text, at)) {
    const end = endOfValue(text, at)
    yield text.slice(at, end + 1)
    at = end + 1
  }
}

/** What may stand between objects: space, and the brackets and commas of a list. */
function skipBetween(text: string, from: number): number {
  let at = from
  while (at < text.length && (text.charCodeAt(at) <= 32 || '[],\uFEFF'.includes(text[at]!))) at++
  return at
}

function parseEvent(text: string, number: number): Fields {
  try {
    const event = parseExact(text)
    if (typeof event === 'object' && event !== null) return event as Fields
  } catch {
    // The same answer as for a value that is no object.
  }
  throw wrongEvent(number, INVALID_DATA, 'is not a JSON object')
}

function toRecord(wrapped: Fields, number: number): WireRecord {
  const { time, host, source, sourcetype, index, event, fields } = wrapped
  if (event === undefined || event === null) throw wrongEvent(number, NO_EVENT, 'has no field "event"')
  if (typeof event === 'string' && event.trim() === '') throw wrongEvent(number, BLANK_EVENT, 'is empty')
  const own = typeof event === 'object' && !Array.isArray(event) ? ofDocker(event as Fields) : { log: textOf(event) }
  const attributes = {
    ...(isText(sourcetype) ? { sourcetype } : {}),
    ...(isText(index) ? { index } : {}),
    ...(typeof own.attributes === 'object' ? own.attributes : {}),
  }
  const record: { [name: string]: unknown } = { ...objectOf(fields), ...own, attributes }
  if (time !== undefined && time !== null && time !== '') record.timestamp = time
  if (isText(host)) record.host = host
  const weak = isText(source) ? source : isText(sourcetype) && !GENERIC_TYPES.test(sourcetype) ? sourcetype : ''
  return new WireRecord(record, weak === '' ? undefined : { source: weak })
}

/** Docker's driver writes the line under `line`, its stream under `source`, and the container under `tag`. */
function ofDocker(event: Fields): Fields {
  const { line, source, tag, attrs, ...rest } = event
  if (line === undefined || (source !== 'stdout' && source !== 'stderr')) return event
  const inner = typeof line === 'object' && line !== null ? line : { log: textOf(line) }
  return { ...rest, ...objectOf(attrs), stream: source, ...(isText(tag) ? { source: tag } : {}), ...inner }
}

function objectOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function wrongEvent(number: number, code: number, why: string): Problem {
  const fields = { [EVENT_CODE]: String(code), [EVENT_NUMBER]: String(number) }
  return new Problem('invalid', `Event ${number} ${why}. Nothing of the request is stored.`, { fields })
}
