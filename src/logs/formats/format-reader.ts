// Finds the format of a text or a record: candidates by first character and a literal before any pattern, and the format of
// the last line first.

import { type RecordShape, shapeOf } from '../intake/roles/record-shape.ts'
import type { Level } from '../line.ts'
import type { Fields, Format, RecordFormat, TextFormat } from './format.ts'
import { priorityFacility, priorityLevel, statusLevel } from './number-levels.ts'
import { readStructuredData } from './syslog/elements.ts'

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
  /** The format of the last line, by the place at which it is read. */
  const last: { [place in TextFormat['after'] | 'prefix']: TextFormat | null } = {
    prefix: null,
    start: null,
    time: null,
  }

  const match = (format: TextFormat, text: string): FormattedText | null => {
    const found = format.pattern.exec(text)
    return found === null ? null : { format, ...readGroups(format, found.groups ?? {}, text) }
  }

  const matchRecent = (recent: TextFormat | null, bucket: Bucket, text: string, head: string): FormattedText | null => {
    if (recent === null || !bucket.formats.includes(recent)) return null
    return recent.has === undefined || head.includes(recent.has) ? match(recent, text) : null
  }

  /** The formats whose names a record has, by its shape: most have none. */
  const byShape = new WeakMap<RecordShape, readonly RecordFormat[]>()
  const recordFormats = (record: Fields): readonly RecordFormat[] => {
    const shape = shapeOf(record)
    let fitting = byShape.get(shape)
    if (fitting === undefined) {
      fitting = [...shape.names]
        .flatMap(name => byName.get(name) ?? [])
        .filter(format => format.names.every(name => shape.names.has(name)))
      byShape.set(shape, fitting)
    }
    return fitting
  }

  const firstMatch = (bucket: Bucket, text: string, place: keyof typeof last): FormattedText | null => {
    const head = text.length > MAX_LITERAL_DISTANCE ? text.slice(0, MAX_LITERAL_DISTANCE) : text
    const again = matchRecent(last[place], bucket, text, head)
    if (again) return again
    bucket.states.fill(UNKNOWN)
    for (let i = 0; i < bucket.formats.length; i++) {
      const found = hasLiteral(bucket, i, head) ? match(bucket.formats[i]!, text) : null
      if (!found) continue
      if (!found.format.isGeneral) last[place] = found.format
      return found
    }
    return null
  }

  return {
    readText(text, after, prefixesOnly = false) {
      const code = text.charCodeAt(0)
      const bucket = (prefixesOnly ? prefixes : buckets[after])[code < OTHER ? code : OTHER]
      return bucket === undefined ? null : firstMatch(bucket, text, prefixesOnly ? 'prefix' : after)
    },
    readRecord(record, used) {
      for (const format of recordFormats(record)) {
        if (used.has(format.name)) continue
        const fields = format.read(record)
        if (fields) return { format, fields }
      }
      return null
    },
  }
}

/** The bucket of characters beyond ASCII. */
const OTHER = 128

/** The formats that a text may have, and the literals that they want: each is looked for once, if at all. */
type Bucket = {
  formats: readonly TextFormat[]
  literals: readonly string[]
  /** The literal of each format, -1 for none. */
  literalOf: readonly number[]
  /** What is known of each literal in the text at hand. */
  states: Uint8Array
}
type Buckets = readonly (Bucket | undefined)[]

const UNKNOWN = 0
const PRESENT = 1
const ABSENT = 2

/** Whether the text may have a format of the bucket, by its literal. */
function hasLiteral({ literals, literalOf, states }: Bucket, format: number, head: string): boolean {
  const literal = literalOf[format]!
  if (literal < 0) return true
  if (states[literal] === UNKNOWN) states[literal] = head.includes(literals[literal]!) ? PRESENT : ABSENT
  return states[literal] === PRESENT
}

/** The formats by the character that a text begins with. */
function createBuckets(formats: readonly TextFormat[]): Buckets {
  const tests = formats.map(format => new RegExp(`^[${format.first.replaceAll('[', '\\[')}]`))
  return Array.from({ length: OTHER + 1 }, (_, code) => {
    const first = code === OTHER ? '\u{ffff}' : String.fromCharCode(code)
    const fitting = formats.filter((_format, i) => tests[i]!.test(first))
    return fitting.length > 0 ? createBucket(fitting) : undefined
  })
}

function createBucket(formats: readonly TextFormat[]): Bucket {
  const literals = [...new Set(formats.map(format => format.has).filter(has => has !== undefined))]
  const literalOf = formats.map(format => (format.has === undefined ? -1 : literals.indexOf(format.has)))
  return { formats, literals, literalOf, states: new Uint8Array(literals.length) }
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
    else if (name === 'structured_data') Object.assign(attributes, readStructuredData(value))
    else attributes[name] = WHOLE_NUMBER.test(value) ? Number(value) : value
  }
  // Without a header, the fields of the text are all there is to show.
  const hasHeader = format.isPrefix && groups.pri !== undefined && groups.time !== undefined
  const facility = hasHeader ? priorityFacility(Number(groups.pri)) : undefined
  if (facility !== undefined) attributes.facility ??= facility
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
