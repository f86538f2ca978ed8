// Takes a record out of what shippers and engines put around it, and gives it the names that Vakt knows.
import type { Fields } from '../formats/format.ts'
import { parseJson } from './json-numbers.ts'
import { fieldRoleOf } from './roles/field-roles.ts'
import { shapeOf } from './roles/record-shape.ts'
import { type TextContext, textRecords } from './text-lines.ts'

/** How many formats one record may have: a shipper's, an engine's and the program's. */
const MAX_FORMATS = 3
/** Almost no record has a format, and none needs a set of its own before the first. */
const NONE: ReadonlySet<string> = new Set()

/** The record of the program itself, with the names of its format. */
export function unwrap(record: Fields, context: TextContext): Fields {
  let fields = unwrapText(record, context)
  let used = NONE
  for (let i = 0; i < MAX_FORMATS; i++) {
    const found = context.formats.readRecord(fields, used)
    if (!found) break
    used = new Set(used).add(found.format.name)
    fields = found.format.isEnvelope ? unwrapText(found.fields, context, true) : found.fields
  }
  return fields
}

/** JSON in `log` or `message` is the record; the text in `log`, or beside the names of an envelope, is a line of text. */
function unwrapText(record: Fields, context: TextContext, isRelayed = false): Fields {
  const name = typeof record.log === 'string' ? 'log' : 'message'
  const text = record[name]
  if (typeof text !== 'string') return record
  const isJson = text.charCodeAt(0) === 123
  const isEnvelope = isRelayed || name === 'log' || (!isJson && shapeOf(record).isEnvelope)
  if (!isJson && !isEnvelope) return record
  const inner = isJson ? parseJson(text) : undefined
  if (typeof inner === 'object' && inner !== null) return merge(record, name, inner as Fields)
  if (!isEnvelope) return record
  const found = textRecords(text, context, 1)?.[0]
  return found ? merge(record, name, found) : record
}

/** The inner record with the fields of the outer one that it lacks. The outer time has a zone more often. */
function merge(outer: Fields, name: string, inner: Fields): Fields {
  const { [name]: _, ...rest } = outer
  const innerTime = Object.keys(inner).find(candidate => fieldRoleOf(candidate)?.role === 'timestamp')
  const hasOuterTime = Object.keys(rest).some(candidate => fieldRoleOf(candidate)?.role === 'timestamp')
  const isText = innerTime === 'timestamp' && typeof inner.timestamp !== 'string'
  const merged: { [name: string]: unknown } = { ...rest, ...inner }
  if (isText && hasOuterTime && !Object.hasOwn(rest, 'timestamp')) delete merged.timestamp
  else if (isText && hasOuterTime) merged.timestamp = rest.timestamp
  return merged
}
