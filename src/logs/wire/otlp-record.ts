// What the two encodings of OTLP are read into.
import type { Fields } from '../formats/format.ts'

/** A log record of either encoding. Times are ns since 1970 as text, null for none; `body` and attributes are plain values. */
export type OtlpRecord = {
  time: string | null
  severityNumber: number
  severityText: string
  body: unknown
  attributes: Fields
  traceId: string
  spanId: string
  eventName: string
}

/** What a resource or a scope says of its records. */
export type OtlpScope = { name: string; version: string; attributes: Fields }

/** Takes the records of a body in order. */
export type OtlpVisitor = {
  resource(attributes: Fields): void
  scope(scope: OtlpScope): void
  record(record: OtlpRecord): void
}
