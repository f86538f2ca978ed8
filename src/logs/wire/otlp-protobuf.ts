// OTLP as protobuf: the numbers of the fields are those of opentelemetry/proto/{logs,resource,common}/v1.
import type { BinaryReader } from '@bufbuild/protobuf/wire'
import type { Fields } from '../formats/format.ts'
import type { OtlpRecord, OtlpScope, OtlpVisitor } from './otlp-record.ts'
import { createReader, readEnd, readFields, type Scalars, WireType } from './protobuf.ts'

/** How deep values may be nested; the store keeps less. */
const MAX_DEPTH = 60

/** Reads an `ExportLogsServiceRequest` in order. Throws an `Error` for a body that is none. */
export function readOtlpProtobuf(body: Uint8Array, visitor: OtlpVisitor): void {
  const reader = createReader(body)
  readFields(reader, reader.len, field => (field === 1 ? readResourceLogs(reader, visitor) : false))
}

function readResourceLogs(reader: BinaryReader, visitor: OtlpVisitor): void {
  const end = readEnd(reader)
  // Fields may come in any order, and the resource belongs to all scopes.
  const scopes: number[] = []
  let resource: Fields = {}
  readFields(reader, end, (field, type) => {
    if (field === 1) resource = readAttributes(reader, 1)
    // 1000 is that of versions before 2022.
    else if (field === 2 || field === 1000) {
      scopes.push(reader.pos)
      reader.skip(type, field)
    } else return false
  })
  visitor.resource(resource)
  for (const scope of scopes) {
    reader.pos = scope
    readScopeLogs(reader, visitor)
  }
  reader.pos = end
}

function readScopeLogs(reader: BinaryReader, visitor: OtlpVisitor): void {
  const end = readEnd(reader)
  const records: OtlpRecord[] = []
  let scope: OtlpScope = { name: '', version: '', attributes: {} }
  readFields(reader, end, field => {
    if (field === 1) scope = readScope(reader)
    else if (field === 2) records.push(readRecord(reader))
    else return false
  })
  visitor.scope(scope)
  for (const record of records) visitor.record(record)
}

function readScope(reader: BinaryReader): OtlpScope {
  const scope = { name: '', version: '', attributes: {} }
  readFields(reader, readEnd(reader), field => {
    if (field === 1) scope.name = reader.string()
    else if (field === 2) scope.version = reader.string()
    else if (field === 3) readPair(reader, scope.attributes, 0)
    else return false
  })
  return scope
}

/** The attributes of a message that has nothing else of interest. */
function readAttributes(reader: BinaryReader, wanted: number): Fields {
  const attributes = {}
  readFields(reader, readEnd(reader), field => (field === wanted ? readPair(reader, attributes, 0) : false))
  return attributes
}

const RECORD_SCALARS: Scalars = { 1: WireType.Bit64, 2: WireType.Varint, 11: WireType.Bit64 }
const VALUE_SCALARS: Scalars = { 2: WireType.Varint, 3: WireType.Varint, 4: WireType.Bit64 }

function readRecord(reader: BinaryReader): OtlpRecord {
  const record: OtlpRecord = {
    ...{ time: null, severityNumber: 0, severityText: '', body: null, attributes: {} },
    ...{ traceId: '', spanId: '', eventName: '' },
  }
  let observed: string | null = null
  readFields(
    reader,
    readEnd(reader),
    field => {
      switch (field) {
        case 1:
          record.time = readTime(reader)
          break
        case 2:
          record.severityNumber = reader.int32()
          break
        case 3:
          record.severityText = reader.string()
          break
        case 5:
          record.body = readValue(reader, 0)
          break
        case 6:
          readPair(reader, record.attributes as { [name: string]: unknown }, 0)
          break
        case 9:
          record.traceId = readId(reader)
          break
        case 10:
          record.spanId = readId(reader)
          break
        case 11:
          observed = readTime(reader)
          break
        case 12:
          record.eventName = reader.string()
          break
        default:
          return false
      }
    },
    RECORD_SCALARS,
  )
  record.time ??= observed
  return record
}

function readTime(reader: BinaryReader): string | null {
  const time = String(reader.fixed64())
  return time === '0' ? null : time
}

/** An id as hex; all zeros are none. */
function readId(reader: BinaryReader): string {
  const id = Buffer.from(reader.bytes()).toString('hex')
  return /^0*$/.test(id) ? '' : id
}

function readPair(reader: BinaryReader, fields: { [name: string]: unknown }, depth: number): void {
  let name = ''
  let value: unknown = null
  readFields(reader, readEnd(reader), field => {
    if (field === 1) name = reader.string()
    else if (field === 2) value = readValue(reader, depth)
    else return false
  })
  if (name !== '' && name !== '__proto__') fields[name] = value
}

/** An AnyValue as a plain value; null for none. */
function readValue(reader: BinaryReader, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new Error('a value is nested too deep')
  let value: unknown = null
  readFields(
    reader,
    readEnd(reader),
    field => {
      switch (field) {
        case 1:
          value = reader.string()
          break
        case 2:
          value = reader.bool()
          break
        case 3: {
          const integer = reader.int64()
          value = Number.isSafeInteger(Number(integer)) ? Number(integer) : String(integer)
          break
        }
        case 4:
          value = reader.double()
          break
        case 5: {
          const items: unknown[] = []
          readFields(reader, readEnd(reader), part => (part === 1 ? items.push(readValue(reader, depth + 1)) : false))
          value = items
          break
        }
        case 6: {
          const fields = {}
          readFields(reader, readEnd(reader), part => (part === 1 ? readPair(reader, fields, depth + 1) : false))
          value = fields
          break
        }
        case 7:
          value = Buffer.from(reader.bytes()).toString('base64')
          break
        default:
          return false
      }
    },
    VALUE_SCALARS,
  )
  return value
}
