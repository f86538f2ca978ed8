// Finds the format of a text or a record: candidates by first character and a literal before any pattern, and the format of
// the last line first.
import { type RecordShape, shapeOf } from '../intake/roles/record-shape.ts'
import { bucketOf, createBuckets } from './buckets.ts'
import type { Fields, Format, RecordFormat, TextFormat } from './format.ts'
import type { FormattedText } from './matched-parts.ts'

/**
 * Where a text stands, which decides the formats that it may have: at the start of a line, there with only those that are a
 * prefix or without these, or after the time at the start.
 */
export type Place = TextFormat['after'] | 'prefix' | 'bare'

export type FormatReader = {
  /** The fields of a text at a place of its line, or null when no format fits. */
  readText(text: string, place: Place): FormattedText | null
  /** The record with the names that every reader knows, by a format that is not in `used`. */
  readRecord(record: Fields, used: ReadonlySet<string>): { format: RecordFormat; fields: Fields } | null
}

/** A reader that tries the formats in their order. */
export function createFormatReader(formats: readonly Format[]): FormatReader {
  const texts = formats.filter(format => format.kind === 'text')
  const records = formats.filter(format => format.kind === 'record')
  const buckets = {
    start: createBuckets(texts.filter(format => format.after === 'start')),
    time: createBuckets(texts.filter(format => format.after === 'time')),
    prefix: createBuckets(texts.filter(format => format.after === 'start' && format.isPrefix)),
    bare: createBuckets(texts.filter(format => format.after === 'start' && !format.isPrefix)),
  }
  const byName = Map.groupBy(records, format => format.names[0])
  /** The format of the last line, by the place at which it is read. */
  const last: { [place in Place]: TextFormat | null } = {
    prefix: null,
    bare: null,
    start: null,
    time: null,
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

  return {
    readText(text, place) {
      const found = bucketOf(buckets[place], text)?.firstMatch(text, last[place]) ?? null
      if (found !== null && !found.format.isGeneral) last[place] = found.format
      return found
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
