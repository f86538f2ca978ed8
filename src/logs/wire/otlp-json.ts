// OTLP as JSON: lowerCamelCase names (snake_case is read, too), ids as hex, 64-bit integers as texts or numbers, enums as
// numbers or names; unknown fields are ignored.
import type { Fields } from '../formats/format.ts'
import type { OtlpRecord, OtlpVisitor } from './otlp-record.ts'

/** How deep values may be nested; the store keeps less. */
const MAX_DEPTH = 60

/** Reads a request in order. Throws an `Error` whose message completes "is not …: ". */
export function readOtlpJson(request: unknown, visitor: OtlpVisitor): void {
  for (const resourceLogs of list(object(request, 'the request'), 'resourceLogs', 'resource_logs')) {
    const { resource } = resourceLogs
    visitor.resource(attributesOf(optional(resource, 'the resource')))
    for (const scopeLogs of scopesOf(resourceLogs)) {
      const scope = optional(scopeLogs.scope ?? scopeLogs.instrumentationLibrary, 'the scope')
      const { name, version } = scope
      visitor.scope({ name: text(name), version: text(version), attributes: attributesOf(scope) })
      for (const record of list(scopeLogs, 'logRecords', 'log_records')) visitor.record(readRecord(record))
    }
  }
}

/** The second list is that of versions before 2022. */
function scopesOf(resourceLogs: Fields): Fields[] {
  return [
    ...list(resourceLogs, 'scopeLogs', 'scope_logs'),
    ...list(resourceLogs, 'instrumentationLibraryLogs', 'instrumentation_library_logs'),
  ]
}

function readRecord(record: Fields): OtlpRecord {
  const get = (name: string, snake: string) => record[name] ?? record[snake]
  return {
    time:
      readTime(get('timeUnixNano', 'time_unix_nano')) ??
      readTime(get('observedTimeUnixNano', 'observed_time_unix_nano')),
    severityNumber: readSeverity(get('severityNumber', 'severity_number')),
    severityText: text(get('severityText', 'severity_text')),
    body: readValue(record.body, 0),
    attributes: attributesOf(record),
    traceId: readId(get('traceId', 'trace_id')),
    spanId: readId(get('spanId', 'span_id')),
    eventName: text(get('eventName', 'event_name')),
  }
}

function readTime(value: unknown): string | null {
  const time = typeof value === 'number' ? String(Math.round(value)) : text(value)
  return time === '' || /^0+$/.test(time) ? null : time
}

/** Ids are hex; some write base64, as JSON of protobuf usually has it. All zeros are none. */
function readId(value: unknown): string {
  const id = text(value)
  if (/^0*$/.test(id)) return ''
  const isBase64 = !/^[0-9a-f]+$/i.test(id) && (id.length === 24 || id.length === 12)
  return isBase64 ? Buffer.from(id, 'base64').toString('hex') : id.toLowerCase()
}

const SEVERITIES = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']

/** 9, "9" or "SEVERITY_NUMBER_INFO"; 0 is none. */
function readSeverity(value: unknown): number {
  if (typeof value === 'number') return value
  const name = text(value)
  const [, word = '', step = '1'] = /^SEVERITY_NUMBER_([A-Z]+)([2-4])?$/.exec(name) ?? []
  const at = SEVERITIES.indexOf(word)
  return at >= 0 ? at * 4 + Number(step) : Number(name) || 0
}

function attributesOf(owner: Fields): Fields {
  return readPairs(list(owner, 'attributes', 'attributes'), 0)
}

function readPairs(pairs: readonly Fields[], depth: number): Fields {
  const fields: { [name: string]: unknown } = {}
  for (const { key, value } of pairs) {
    const name = text(key)
    if (name !== '' && name !== '__proto__') fields[name] = readValue(value, depth)
  }
  return fields
}

/** An AnyValue as a plain value; null for none. */
function readValue(value: unknown, depth: number): unknown {
  if (value === undefined || value === null) return null
  if (depth > MAX_DEPTH) throw new Error('a value is nested too deep')
  // Some exporters write plain values.
  if (typeof value !== 'object') return value
  const any = value as Fields
  const get = (name: string, snake: string) => any[name] ?? any[snake]
  const string = get('stringValue', 'string_value')
  if (string !== undefined) return typeof string === 'string' ? string : String(string)
  const int = get('intValue', 'int_value')
  if (int !== undefined) return readInteger(int)
  const double = get('doubleValue', 'double_value')
  if (double !== undefined) return typeof double === 'string' ? Number(double) || double : double
  const bool = get('boolValue', 'bool_value')
  if (bool !== undefined) return bool
  const array = get('arrayValue', 'array_value')
  if (array !== undefined)
    return list(optional(array, 'an array'), 'values', 'values').map(item => readValue(item, depth + 1))
  const map = get('kvlistValue', 'kvlist_value')
  if (map !== undefined) return readPairs(list(optional(map, 'a list of pairs'), 'values', 'values'), depth + 1)
  return get('bytesValue', 'bytes_value') ?? null
}

/** A number where JavaScript holds it, else its digits. */
function readInteger(value: unknown): unknown {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

function object(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new Error(`${what} is not an object`)
}

function optional(value: unknown, what: string): Fields {
  return value === undefined || value === null ? {} : object(value, what)
}

function list(owner: Fields, name: string, snake: string): Fields[] {
  const value = owner[name] ?? owner[snake] ?? []
  if (!Array.isArray(value)) throw new Error(`"${name}" is not a list`)
  return value.map(item => object(item, `an element of "${name}"`))
}
