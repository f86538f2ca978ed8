// Loki's push API: streams with labels, and entries of a time, a line and structured metadata, as JSON or as protobuf.
// https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs, pkg/push/push.proto
import { Problem } from '../../problem.ts'
import type { Fields } from '../formats/format.ts'
import { countElementsUnder } from '../intake/count-records.ts'
import { fieldRoleOf } from '../intake/roles/field-roles.ts'
import type { Batch } from '../store.ts'
import { countMessages, createReader, readEnd, readFields, readWhole, WireType } from './protobuf.ts'
import { limitShared } from './shared-fields.ts'
import { decompressSnappy } from './snappy.ts'
import { RejectedRecord, type WireFormat, type WireLimits, WireRecord } from './wire-format.ts'

/** Loki's own order of labels that name a service (`discover_service_name`); the first ones are the program's own words. */
const SERVICE_LABELS = ['service_name', 'service', 'app', 'application', 'name', 'app_kubernetes_io_name']
/** Labels of whoever passed the line on; a source in the line itself counts before them. */
const WEAK_SERVICE_LABELS = [
  ...['container', 'container_name', 'k8s_container_name', 'compose_service', 'swarm_service', 'component', 'workload'],
  ...['unit', 'systemd_unit', 'syslog_identifier', 'job', 'k8s_job_name', 'filename'],
]
const WEAK_HOST_LABELS = [
  'instance',
  'node_name',
  'node',
  'nodename',
  'k8s_node_name',
  'pod',
  'pod_name',
  'k8s_pod_name',
]

/** What Loki writes for a service that it does not know. */
const UNKNOWN_SERVICE = 'unknown_service'

type Entry = { time: unknown; line: unknown; metadata: Fields | null }

/** What the labels of a stream are to each of its entries. */
type Labels = {
  fields: { [name: string]: unknown }
  kept: { [name: string]: unknown } | null
  defaults: Batch['defaults']
}

export const LOKI_FORMATS: readonly WireFormat[] = [
  { name: 'wire:loki-json', read: readJson, count: body => countElementsUnder(decode(body), ['values', 'entries']) },
  {
    name: 'wire:loki-protobuf',
    read: (body, limits) => readWhole('a push request of Loki', () => readProtobuf(body, limits)),
    count: body => countMessages(body, [1, 2]),
  },
  {
    name: 'wire:loki-snappy',
    read: (body, limits) =>
      readWhole('a push request of Loki', () => readProtobuf(decompressSnappy(body, limits.bodyBytes), limits)),
    count: body => countSnappy(body),
  },
]

const decoder = new TextDecoder()

function decode(body: Uint8Array): string {
  return decoder.decode(body)
}

function countSnappy(body: Uint8Array): number {
  try {
    return countMessages(decompressSnappy(body, Number.MAX_SAFE_INTEGER), [1, 2])
  } catch {
    return 0
  }
}

function readJson(body: Uint8Array, { lines }: WireLimits): unknown[] | null {
  const text = decode(body)
  const count = countElementsUnder(text, ['values', 'entries'], lines)
  if (count > lines) return null
  const request = readWhole('JSON', () => JSON.parse(text)) as Fields | null
  const streams = request?.streams
  if (!Array.isArray(streams)) throw malformed('it has no list "streams"')
  const records: unknown[] = []
  for (const stream of streams as (Fields | null)[]) {
    if (typeof stream !== 'object' || stream === null) throw malformed('a stream is not an object')
    // Before 2020: {"labels": "{a=\"b\"}", "entries": [{"ts": …, "line": …}]}.
    const { stream: own, labels, values, entries } = stream
    const read = toLabels(typeof labels === 'string' ? parseLabels(labels) : (own ?? {}), count)
    const list = values ?? entries ?? []
    if (!Array.isArray(list)) throw malformed('the values of a stream are not a list')
    for (const entry of list) records.push(toRecord(read, readEntry(entry)))
  }
  return records
}

function readEntry(entry: unknown): Entry {
  if (Array.isArray(entry)) return { time: entry[0], line: entry[1], metadata: objectOf(entry[2]) }
  const { ts, timestamp, line, structuredMetadata } = (objectOf(entry) ?? {}) as Fields
  return { time: ts ?? timestamp, line, metadata: objectOf(structuredMetadata) }
}

function objectOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null
}

function readProtobuf(body: Uint8Array, { lines }: WireLimits): unknown[] | null {
  const reader = createReader(body)
  const records: unknown[] = []
  const count = countMessages(body, [1, 2])
  const readStream = (end: number) => {
    // The labels come first in what every client writes, but need not.
    let labels = ''
    const entries: Entry[] = []
    readFields(reader, end, field => {
      if (field === 1) labels = reader.string()
      else if (field === 2) entries.push(readProtobufEntry(reader))
      else return false
    })
    const read = toLabels(parseLabels(labels), count)
    for (const entry of entries) records.push(toRecord(read, entry))
  }
  if (count > lines) return null
  readFields(reader, reader.len, field => (field === 1 ? readStream(readEnd(reader)) : false))
  return records
}

function readProtobufEntry(reader: ReturnType<typeof createReader>): Entry {
  const entry: { time: unknown; line: string; metadata: { [name: string]: unknown } | null } = {
    ...{ time: 0, line: '', metadata: null },
  }
  readFields(reader, readEnd(reader), field => {
    if (field === 1) entry.time = readProtobufTime(reader)
    else if (field === 2) entry.line = reader.string()
    else if (field === 3) {
      let [name, value] = ['', '']
      readFields(reader, readEnd(reader), part => {
        if (part === 1) name = reader.string()
        else if (part === 2) value = reader.string()
        else return false
      })
      entry.metadata ??= {}
      setField(entry.metadata, name, value)
    } else return false
  })
  return entry
}

/** A time as ms since 1970; 0 is none. */
function readProtobufTime(reader: ReturnType<typeof createReader>): number {
  let [seconds, nanos] = [0, 0]
  readFields(
    reader,
    readEnd(reader),
    field => {
      if (field === 1) seconds = Number(reader.int64())
      else if (field === 2) nanos = reader.int32()
      else return false
    },
    { 1: WireType.Varint, 2: WireType.Varint },
  )
  return seconds * 1000 + Math.floor(nanos / 1e6)
}

const LABEL = /\s*([^\s={},"`]+)\s*=\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\s*,?/y

/** The labels of `{job="api", env="prod"}`, whose values are written as in Go. */
export function parseLabels(text: string): Fields {
  const labels: { [name: string]: unknown } = {}
  LABEL.lastIndex = text.startsWith('{') ? 1 : 0
  for (let found = LABEL.exec(text); found; found = LABEL.exec(text)) setField(labels, found[1]!, unquote(found[2]!))
  return labels
}

function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1)
  if (quoted.startsWith('`') || !inner.includes('\\')) return inner
  try {
    return JSON.parse(quoted.replace(/\\(x[0-9a-f]{2}|[0-7]{3}|U[0-9a-f]{8}|.)/gi, toJsonEscape))
  } catch {
    return inner
  }
}

/** Go has escapes that JSON does not: \x41, \101, \U00000041, \a and \v. */
function toJsonEscape(written: string, code: string): string {
  const point = /^[xU]./.test(code)
    ? Number.parseInt(code.slice(1), 16)
    : /^\d{3}$/.test(code)
      ? Number.parseInt(code, 8)
      : null
  if (point !== null) return JSON.stringify(String.fromCodePoint(point)).slice(1, -1)
  return code === 'a' ? '\\u0007' : code === 'v' ? '\\u000b' : code === "'" ? "'" : written
}

/** Sets an own property, whatever its name is. */
function setField(fields: { [name: string]: unknown }, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(fields, name, { value, enumerable: true, writable: true, configurable: true })
  else fields[name] = value
}

/** Labels by what they are, for `count` entries: names that count, names that count where the line has none, and the rest. */
function toLabels(labels: unknown, count: number): Labels {
  const all = objectOf(labels)
  if (all === null) throw malformed('the labels of a stream are not an object')
  const own = limitShared(all, count)
  const { fields, kept } = splitFields(own)
  const source = firstText(own, SERVICE_LABELS)
  if (source !== '') fields.source = source
  const weakSource = firstText(own, WEAK_SERVICE_LABELS)
  const weakHost = firstText(own, WEAK_HOST_LABELS).replace(/:\d+$/, '')
  const defaults = {
    ...(weakSource === '' ? {} : { source: weakSource }),
    ...(weakHost === '' ? {} : { host: weakHost }),
  }
  return { fields, kept, defaults }
}

/** Labels that would be read as the text or the time of an entry are attributes. */
function splitFields(own: Fields): { fields: { [name: string]: unknown }; kept: { [name: string]: unknown } | null } {
  const fields: { [name: string]: unknown } = {}
  let kept: { [name: string]: unknown } | null = null
  for (const name of Object.keys(own)) {
    const role = fieldRoleOf(name)?.role
    const isUnknown = role === 'source' && own[name] === UNKNOWN_SERVICE
    if (!isUnknown && role !== 'message' && role !== 'timestamp' && role !== 'attributes')
      setField(fields, name, own[name])
    else {
      kept ??= {}
      setField(kept, name, own[name])
    }
  }
  // Loki finds it out itself where the program says none.
  if (fields.level === undefined && fields.detected_level !== undefined) {
    if (fields.detected_level !== 'unknown') fields.level = fields.detected_level
    delete fields.detected_level
  }
  return { fields, kept }
}

function firstText(labels: Fields, names: readonly string[]): string {
  for (const name of names) {
    const value = labels[name]
    if (typeof value === 'string' && value !== '' && value !== UNKNOWN_SERVICE) return value
  }
  return ''
}

/**
 * The text is under `log`, so that it is read as a line that was passed on: JSON, a known format, or prose. Prose of a program
 * that says its level is the message as it is, which costs a fifth.
 */
function toRecord({ fields, kept, defaults }: Labels, { time, line, metadata }: Entry): WireRecord | RejectedRecord {
  if (typeof line !== 'string') return new RejectedRecord('The entry has no line.')
  const timestamp = typeof time === 'number' && time <= 0 ? undefined : time
  const more = metadata === null ? null : splitFields(metadata)
  const hasLevel = fields.level !== undefined || more?.fields.level !== undefined
  const all: { [name: string]: unknown } = { ...fields, ...more?.fields, timestamp }
  all[hasLevel && PROSE.test(line) ? 'message' : 'log'] = line
  if (kept !== null || (more?.kept ?? null) !== null) all.attributes = { ...kept, ...more?.kept }
  return new WireRecord(all, defaults)
}

/** A line that begins with a word and has no sign of a format: no `key=value`, bracket or column, and no date or code of klog. */
const PROSE = /^(?![A-Z][a-z]{2} [ \d]\d |[IWEF]\d{4} )\p{L}[^=[\]{}|<>\n]*$/u

function malformed(why: string): Problem {
  const message = `The body is not a push request of Loki: ${why}. Nothing of it is stored.`
  return new Problem('invalid', message, { fields: { body: message } })
}
