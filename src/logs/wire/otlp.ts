// OTLP logs, as protobuf and as JSON: resources, scopes and log records.
// https://opentelemetry.io/docs/specs/otlp/, opentelemetry/proto/logs/v1/logs.proto
import type { Fields } from '../formats/format.ts'
import { countElementsUnder } from '../intake/count-records.ts'
import { parseExact } from '../intake/json-numbers.ts'
import { LEVELS } from '../line.ts'
import type { Batch } from '../store.ts'
import { readOtlpJson } from './otlp-json.ts'
import { readOtlpProtobuf } from './otlp-protobuf.ts'
import type { OtlpRecord, OtlpScope, OtlpVisitor } from './otlp-record.ts'
import { countMessages, readWhole } from './protobuf.ts'
import { limitName, limitShared } from './shared-fields.ts'
import { type WireFormat, WireRecord } from './wire-format.ts'

const WHAT = 'an OTLP export of logs'

export const OTLP_FORMATS: readonly WireFormat[] = [
  {
    name: 'wire:otlp-json',
    read(body, { lines }) {
      const text = decoder.decode(body)
      const count = countElementsUnder(text, LISTS, lines)
      if (count > lines) return null
      const request = readWhole('JSON', () => parseExact(text))
      return collect(count, visitor => readWhole(WHAT, () => readOtlpJson(request, visitor)))
    },
    count: body => countElementsUnder(decoder.decode(body), LISTS),
  },
  {
    name: 'wire:otlp-protobuf',
    read(body, { lines }) {
      const count = countMessages(body, PATH)
      if (count > lines) return null
      return collect(count, visitor => readWhole(WHAT, () => readOtlpProtobuf(body, visitor)))
    },
    count: body => countMessages(body, PATH),
  },
]

const decoder = new TextDecoder()
/** Where the log records are in a body. */
const LISTS = ['logRecords', 'log_records']
const PATH = [1, 2, 2]

/** Names of a resource that are the host of its records, the best first; the latter only where nothing else is known. */
const HOST_NAMES = ['host.name', 'k8s.node.name', 'host.id']
const WEAK_HOST_NAMES = ['k8s.pod.name', 'container.name', 'service.instance.id']
const WEAK_SERVICE_NAMES = ['k8s.container.name', 'container.name', 'k8s.deployment.name', 'faas.name', 'log.file.name']

/** `count`: how many records there are, which all get what their resource and scope say. */
function collect(count: number, read: (visitor: OtlpVisitor) => void): WireRecord[] {
  const records: WireRecord[] = []
  let resource: Fields = {}
  const limited = (scope: OtlpScope): Shared => {
    const { attributes, ...rest } = shareOf(resource, scope)
    return { ...rest, attributes: limitShared(attributes, count) }
  }
  let shared = limited(NO_SCOPE)
  read({
    resource(attributes) {
      resource = attributes
      shared = limited(NO_SCOPE)
    },
    scope(scope) {
      shared = limited(scope)
    },
    record: record => void records.push(toRecord(shared, record)),
  })
  return records
}

const NO_SCOPE: OtlpScope = { name: '', version: '', attributes: {} }

/** What all records of a resource and a scope have in common. */
type Shared = { names: { source?: string; host?: string }; attributes: Fields; defaults: Batch['defaults'] }

function shareOf(resource: Fields, scope: OtlpScope): Shared {
  const { 'service.name': service, ...rest } = resource
  const isNamed = typeof service === 'string' && service !== '' && !/^unknown_service(:|$)/.test(service)
  const hostName = HOST_NAMES.find(name => typeof resource[name] === 'string' && resource[name] !== '')
  const host = hostName === undefined ? '' : (resource[hostName] as string)
  const attributes: { [name: string]: unknown } = {}
  for (const name of Object.keys(rest)) if (name !== 'host.name') attributes[name] = rest[name]
  if (scope.name !== '') attributes['otel.scope.name'] = scope.name
  if (scope.version !== '') attributes['otel.scope.version'] = scope.version
  Object.assign(attributes, scope.attributes)
  // A logger's name is a better source than none, and than "unknown_service:node".
  const weakSource = limitName(
    firstText(resource, WEAK_SERVICE_NAMES) || scope.name || (typeof service === 'string' ? service : ''),
  )
  const weakHost = limitName(firstText(resource, WEAK_HOST_NAMES))
  return {
    names: { ...(isNamed ? { source: limitName(service) } : {}), ...(host === '' ? {} : { host: limitName(host) }) },
    attributes,
    defaults: { ...(weakSource === '' ? {} : { source: weakSource }), ...(weakHost === '' ? {} : { host: weakHost }) },
  }
}

function firstText(fields: Fields, names: readonly string[]): string {
  for (const name of names) {
    const value = fields[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return ''
}

/** Severity numbers 1 to 24, four for each level. */
function levelOf(severity: number): string | undefined {
  return severity >= 1 && severity <= 24 ? LEVELS[Math.floor((severity - 1) / 4)] : undefined
}

function toRecord({ names, attributes, defaults }: Shared, record: OtlpRecord): WireRecord {
  const { time, severityNumber, severityText, traceId, spanId, eventName } = record
  const level = levelOf(severityNumber) ?? (severityText === '' ? undefined : severityText)
  const own = record.attributes
  const stack = own['exception.stacktrace']
  const fields: { [name: string]: unknown } = { ...bodyFields(record, level !== undefined), ...names }
  if (time !== null) fields.timestamp = time
  if (level !== undefined) fields.level = level
  if (traceId !== '') fields.trace_id = traceId
  if (spanId !== '') fields.span_id = spanId
  const all: { [name: string]: unknown } = { ...attributes, ...own }
  if (eventName !== '') all['event.name'] = eventName
  if (typeof stack === 'string' && stack !== '') {
    fields.stack = stack
    delete all['exception.stacktrace']
  }
  fields.attributes = all
  return new WireRecord(fields, defaults)
}

/** The text of a record that says no level is a line that was passed on, as the Collector reads files: it has a format of its own. */
function bodyFields({ body, eventName, attributes }: OtlpRecord, hasLevel: boolean): Fields {
  if (typeof body === 'string')
    return body === '' ? { message: titleOf(eventName, attributes) } : { [hasLevel ? 'message' : 'log']: body }
  if (body === null || body === undefined) return { message: titleOf(eventName, attributes) }
  if (typeof body !== 'object') return { message: String(body) }
  return Array.isArray(body) ? { message: JSON.stringify(body) } : (body as Fields)
}

/** What a record without a body is about: its exception or its event. */
function titleOf(eventName: string, attributes: Fields): string {
  const parts = [attributes['exception.type'], attributes['exception.message']].filter(part => typeof part === 'string')
  return parts.filter(part => part !== '').join(': ') || eventName
}
