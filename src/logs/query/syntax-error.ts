// Errors in a query: a sentence with the position, and the query with carets below the place.
import { Problem } from '../../problem.ts'
import { truncate } from '../../text.ts'

/** A range of a query: UTF-16 offsets, `end` exclusive. */
export type TextRange = { at: number; end: number }

const MAX_SHOWN_LENGTH = 60

/**
 * `invalid` on the field `query`. The message has the position (from 1) and the text found there, then `message`, which
 * tells what is wrong and what is expected. The field `where` is the query around the place, with carets below it.
 */
export function syntaxError(query: string, range: TextRange, message: string): Problem {
  const found = truncate(query.slice(range.at, Math.max(range.end, range.at + 1)), MAX_SHOWN_LENGTH)
  const place = found === '' ? 'At the end of the query' : `At character ${range.at + 1} (${found})`
  const sentence = `${place}: ${message}`
  return new Problem('invalid', sentence, { fields: { query: sentence, where: underline(query, range) } })
}

function underline(query: string, { at, end }: TextRange): string {
  const start = Math.max(0, at - MAX_SHOWN_LENGTH)
  const line = query.slice(start, Math.max(end, at) + MAX_SHOWN_LENGTH).replace(/\s/g, ' ')
  return `${line}\n${' '.repeat(at - start)}${'^'.repeat(Math.max(1, Math.min(end - at, MAX_SHOWN_LENGTH)))}`
}
