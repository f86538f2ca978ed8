// Finds the format of a text or a record: candidates by first character and a literal before any pattern, and the format of
// the last line first.
import type { Level } from '../line.ts'
import type { Fields, Format, RecordFormat, TextFormat } from './format.ts'
import { priorityLevel, statusLevel } from './number-levels.ts'

/** The fields of a text, and the format that it has. */
export type FormattedText = {
  format: TextFormat
  fields: { [name: string]: unknown }
  message: string
  /** Whether the next line goes on where this one was cut. */
  isPartial: boolean
}

export type FormatReader = {
  /** The fields of a text at a place of its line, or null when no format fits. */
  readText(text: string, after: TextFormat['after'], prefixesOnly?: boolean): FormattedText | null
  /** The record with the names that every reader knows, by a format that is not in `used`. */
  readRecord(record: Fields, used: ReadonlySet<string>): { format: RecordFormat; fields: Fields } | null
}

/** Of longer texts, only this much must hold the literal of a format. */
const MAX_LITERAL_DISTANCE = 400

/** A reader that tries the formats in their order. */
export function createFormatReader(formats: readonly Format[]): FormatReader {
  const texts = formats.filter(format => format.kind === 'text')
  const records = formats.filter(format => format.kind === 'record')
  const buckets = {
    start: createBuckets(texts.filter(format => format.after === 'start')),
    time: createBuckets(texts.filter(format => format.after === 'time')),
  }
  const prefixes = createBuckets(texts.filter(format => format.after === 'start' && format.isPrefix))
  const byName = Map.groupBy(records, format => format.names[0])
  let last: TextFormat | null = null

  const match = (format: TextFormat, text: string): FormattedText | null => {
    if (format.has !== undefined && !text.slice(0, MAX_LITERAL_DISTANCE).includes(format.has)) return null
    const found = format.pattern.exec(text)
    return found === null ? null : { format, ...readGroups(format, found.groups ?? {}, text) }
  }

  const firstMatch = (bucket: readonly TextFormat[], text: string, tried: TextFormat | null): FormattedText | null => {
    for (const format of bucket) {
      const found = format === tried ? null : match(format, text)
      if (!found) continue
      if (!format.isGeneral) last = format
      return found
    }
    return null
  }

  return {
    readText(text, after, prefixesOnly = false) {
      const code = text.charCodeAt(0)
      const bucket = (prefixesOnly ? prefixes : buckets[after])[code < OTHER ? code : OTHER]
      if (bucket === undefined) return null
      const recent = last !== null && bucket.includes(last) ? last : null
      const again = recent && match(recent, text)
      return again ?? firstMatch(bucket, text, recent)
    },
    readRecord(record, used) {
      for (const name of Object.keys(record)) {
        for (const format of byName.get(name) ?? []) {
          if (used.has(format.name) || !format.names.every(wanted => Object.hasOwn(record, wanted))) continue
          const fields = format.read(record)
          if (fields) return { format, fields }
        }
      }
      return null
    },
  }
}

/** The bucket of characters beyond ASCII. */
const OTHER = 128

type Buckets = readonly (readonly TextFormat[] | undefined)[]

/** The formats by the character that a text begins with. */
function createBuckets(formats: readonly TextFormat[]): Buckets {
  const tests = formats.map(format => new RegExp(`^[${format.first.replaceAll('[', '\\[')}]`))
  return Array.from({ length: OTHER + 1 }, (_, code) => {
    const first = code === OTHER ? '\u{ffff}' : String.fromCharCode(code)
    const fitting = formats.filter((_format, i) => tests[i]!.test(first))
    return fitting.length > 0 ? fitting : undefined
  })
}

const FIELDS = new Set(['source', 'host', 'trace_id', 'span_id'])
/** Groups that are no attributes. */
const HANDLED = new Set(['message', 'level', 'pri', 'partial'])
const WHOLE_NUMBER = /^(?:0|-?[1-9]\d{0,14})$/

function readGroups(
  format: TextFormat,
  groups: { [name: string]: string | undefined },
  text: string,
): Omit<FormattedText, 'format'> {
  const fields: { [name: string]: unknown } = {}
  const attributes: { [name: string]: unknown } = {}
  for (const [name, value] of Object.entries(groups)) {
    if (value === undefined || value === '' || value === '-' || HANDLED.has(name)) continue
    if (name === 'time') fields.timestamp = value
    else if (FIELDS.has(name)) fields[name] = value
    else attributes[name] = WHOLE_NUMBER.test(value) ? Number(value) : value
  }
  const level = levelOf(format, groups)
  if (level !== undefined) fields.level = level
  if (Object.keys(attributes).length > 0) fields.attributes = attributes
  return { fields, message: groups.message ?? text, isPartial: groups.partial === 'P' }
}

function levelOf(
  format: TextFormat,
  { level, pri, status }: { [name: string]: string | undefined },
): Level | string | undefined {
  if (level) return format.levels?.[level] ?? level
  if (pri !== undefined) return priorityLevel(Number(pri)) ?? format.level
  return status !== undefined && WHOLE_NUMBER.test(status) ? statusLevel(Number(status)) : format.level
}
