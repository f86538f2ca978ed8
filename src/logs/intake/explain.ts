// Explains how a text is read: which formats fit, and the line that it becomes.
import type { FormatReader } from '../formats/format-reader.ts'
import type { NewLine } from '../line.ts'
import type { Batch } from '../store.ts'
import { readBatch, readerOf } from './read-batch.ts'

/** A line, and the names of the formats that were found on the way to it, outermost first. */
export type Explanation = { line: NewLine; formats: string[] }

/** The lines of a text as they would be stored, with how each was understood. */
export function explainText(text: string, batch: Omit<Batch, 'body' | 'format'>): Explanation[] {
  const found: string[] = []
  const reader = recording(readerOf(batch.formats), name => found.push(name))
  const body = new TextEncoder().encode(text).buffer
  const { lines } = readBatch({ ...batch, body, format: 'text' }, null, reader)
  return lines.map(line => ({ line, formats: [...new Set(found)] }))
}

function recording(reader: FormatReader, record: (name: string) => void): FormatReader {
  return {
    readText(text, place) {
      const found = reader.readText(text, place)
      if (found) record(found.format.name)
      return found
    },
    readRecord(fields, used) {
      const found = reader.readRecord(fields, used)
      if (found) record(found.format.name)
      return found
    },
  }
}
