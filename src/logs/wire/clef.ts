// CLEF, the compact log event format of Serilog and Seq: one JSON object a line (https://clef-json.org); and the events that
// older clients of Seq send as one JSON object.
import { Problem } from '../../problem.ts'
import type { Fields } from '../formats/format.ts'
import { countElements, countLines } from '../intake/count-records.ts'
import { parseExact } from '../intake/json-numbers.ts'
import { readWhole } from './protobuf.ts'
import type { WireFormat, WireLimits } from './wire-format.ts'

export const CLEF_FORMATS: readonly WireFormat[] = [
  { name: 'wire:clef', read: readEvents, count: body => countLines(decoder.decode(body)) },
  { name: 'wire:seq-events', read: readOldEvents, count: body => countElements(decoder.decode(body)) },
]

const decoder = new TextDecoder()

function readEvents(body: Uint8Array, { lines }: WireLimits): unknown[] | null {
  const text = decoder.decode(body)
  if (countLines(text, lines) > lines) return null
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), index }))
    .filter(({ line }) => line !== '')
    .map(({ line, index }) => toFields(parse(line, index + 1)))
}

/** `{"Events": [{Timestamp, Level, MessageTemplate, Exception, Properties}]}`, or the list alone. */
function readOldEvents(body: Uint8Array, { lines }: WireLimits): unknown[] | null {
  const text = decoder.decode(body)
  if (countElements(text, lines) > lines) return null
  const request = readWhole('JSON', () => parseExact(text)) as Fields | null
  const list = Array.isArray(request) ? request : (request?.Events ?? request?.events)
  if (!Array.isArray(list)) throw malformed('The body has no list "Events".')
  return list.map((event: unknown) => (isObject(event) ? toFields(toClef(event)) : event))
}

/** An old event as CLEF has it: the properties are fields of their own. */
function toClef(event: Fields): Fields {
  const { Timestamp, Level, MessageTemplate, RenderedMessage, Exception, Properties, ...rest } = event
  const named = { '@t': Timestamp, '@l': Level, '@mt': MessageTemplate, '@m': RenderedMessage, '@x': Exception }
  const set = Object.entries(named).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return { ...(isObject(Properties) ? Properties : {}), ...rest, ...Object.fromEntries(set) }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(line: string, number: number): Fields {
  try {
    const event = parseExact(line)
    if (isObject(event)) return event
  } catch {
    // The same answer as for a value that is no object.
  }
  throw malformed(`Line ${number} is not a JSON object.`)
}

function malformed(why: string): Problem {
  const message = `${why} Nothing of the request is stored.`
  return new Problem('invalid', message, { fields: { body: message } })
}

/** An event without a level is information; a property whose name begins with @ has another @ before it. */
function toFields(event: Fields): Fields {
  const fields: { [name: string]: unknown } = Object.hasOwn(event, '@l') ? {} : { '@l': 'Information' }
  let kept: { [name: string]: unknown } | null = null
  for (const name of Object.keys(event)) {
    if (!name.startsWith('@@')) fields[name] = event[name]
    else {
      kept ??= {}
      kept[name.slice(1)] = event[name]
    }
  }
  return kept === null ? fields : { ...fields, attributes: { ...kept, ...(event.attributes as object | undefined) } }
}
