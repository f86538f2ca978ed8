// Bodies of other programs' protocols for tests, made with the writers of protobuf and snappy, as their clients make them.
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { snappyCompress } from 'hysnappy'

export type LokiStream = {
  labels: { [name: string]: string }
  entries: readonly [ns: bigint, line: string, metadata?: { [name: string]: string }][]
}

/** A push request of Loki as JSON. */
export function lokiJson(streams: readonly LokiStream[]): Buffer {
  const values = (entries: LokiStream['entries']) => entries.map(([ns, ...rest]) => [String(ns), ...rest])
  return Buffer.from(
    JSON.stringify({ streams: streams.map(({ labels, entries }) => ({ stream: labels, values: values(entries) })) }),
  )
}

/** The same as protobuf, compressed with snappy. */
export function lokiSnappy(streams: readonly LokiStream[]): Buffer {
  return Buffer.from(snappyCompress(lokiProtobuf(streams)))
}

export function lokiProtobuf(streams: readonly LokiStream[]): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
  for (const { labels, entries } of streams) {
    writer.tag(1, 2).fork()
    const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    writer.tag(1, 2).string(`{${pairs.join(', ')}}`)
    for (const [ns, line, metadata = {}] of entries) {
      writer.tag(2, 2).fork()
      writer
        .tag(1, 2)
        .fork()
        .tag(1, 0)
        .int64(String(ns / 1_000_000_000n))
      writer
        .tag(2, 0)
        .int32(Number(ns % 1_000_000_000n))
        .join()
      writer.tag(2, 2).string(line)
      for (const [name, value] of Object.entries(metadata))
        writer.tag(3, 2).fork().tag(1, 2).string(name).tag(2, 2).string(value).join()
      writer.join()
    }
    writer.join()
  }
  return writer.finish()
}

/** A value of OTLP's JSON. */
export type AnyValue = { [kind: string]: unknown }

const KINDS = ['stringValue', 'boolValue', 'intValue', 'doubleValue', 'arrayValue', 'kvlistValue', 'bytesValue']

type Pair = { key: string; value: AnyValue }
type OtlpJson = {
  resourceLogs: {
    resource?: { attributes: Pair[] }
    scopeLogs: {
      scope?: { name?: string; version?: string; attributes?: Pair[] }
      logRecords: { [name: string]: unknown }[]
    }[]
  }[]
}

/** A request of OTLP in JSON as protobuf. */
export function otlpProtobuf(request: OtlpJson): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
  for (const { resource, scopeLogs } of request.resourceLogs) {
    writer.tag(1, 2).fork()
    if (resource) writePairs(writer.tag(1, 2).fork(), 1, resource.attributes).join()
    for (const { scope, logRecords } of scopeLogs) {
      writer.tag(2, 2).fork()
      if (scope) {
        writer
          .tag(1, 2)
          .fork()
          .tag(1, 2)
          .string(scope.name ?? '')
        writePairs(writer.tag(2, 2).string(scope.version ?? ''), 3, scope.attributes ?? []).join()
      }
      for (const record of logRecords) writeRecord(writer.tag(2, 2).fork(), record).join()
      writer.join()
    }
    writer.join()
  }
  return writer.finish()
}

function writeRecord(writer: BinaryWriter, record: { [name: string]: unknown }): BinaryWriter {
  const { timeUnixNano, observedTimeUnixNano, severityNumber, severityText, body, attributes, traceId, spanId } = record
  if (timeUnixNano !== undefined) writer.tag(1, 1).fixed64(String(timeUnixNano))
  if (severityNumber !== undefined) writer.tag(2, 0).int32(severityNumber as number)
  if (severityText !== undefined) writer.tag(3, 2).string(severityText as string)
  if (body !== undefined) writeValue(writer.tag(5, 2).fork(), body as AnyValue).join()
  writePairs(writer, 6, (attributes ?? []) as Pair[])
  if (traceId !== undefined) writer.tag(9, 2).bytes(Buffer.from(traceId as string, 'hex'))
  if (spanId !== undefined) writer.tag(10, 2).bytes(Buffer.from(spanId as string, 'hex'))
  if (observedTimeUnixNano !== undefined) writer.tag(11, 1).fixed64(String(observedTimeUnixNano))
  if (record.eventName !== undefined) writer.tag(12, 2).string(record.eventName as string)
  return writer
}

function writePairs(writer: BinaryWriter, field: number, pairs: readonly Pair[]): BinaryWriter {
  for (const { key, value } of pairs) {
    writer.tag(field, 2).fork().tag(1, 2).string(key)
    writeValue(writer.tag(2, 2).fork(), value).join()
    writer.join()
  }
  return writer
}

function writeValue(writer: BinaryWriter, value: AnyValue): BinaryWriter {
  const kind = KINDS.find(name => name in value)
  const inner = value[kind ?? '']
  if (kind === 'stringValue') writer.tag(1, 2).string(inner as string)
  if (kind === 'boolValue') writer.tag(2, 0).bool(inner as boolean)
  if (kind === 'intValue') writer.tag(3, 0).int64(String(inner))
  if (kind === 'doubleValue') writer.tag(4, 1).double(inner as number)
  if (kind === 'arrayValue') {
    writer.tag(5, 2).fork()
    for (const item of (inner as { values: AnyValue[] }).values) writeValue(writer.tag(1, 2).fork(), item).join()
    writer.join()
  }
  if (kind === 'kvlistValue') writePairs(writer.tag(6, 2).fork(), 1, (inner as { values: Pair[] }).values).join()
  if (kind === 'bytesValue') writer.tag(7, 2).bytes(Buffer.from(inner as string, 'base64'))
  return writer
}
