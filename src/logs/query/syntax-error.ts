// Tells people where their query went wrong: a sentence, and the query with the place marked below it.
import { Problem } from '../../problem.ts'

/** A place in a query: UTF-16 offsets, `end` exclusive. */
export type Span = { at: number; end: number }

const SHOWN = 60

/**
 * `invalid` on the field `query`. The message names the piece and its position (counted from 1) before `what`, which says
 * what is wrong and what would be right; the field `where` is the line around it with carets below.
 */
export function syntaxError(query: string, span: Span, what: string): Problem {
  const piece = query.slice(span.at, Math.max(span.end, span.at + 1))
  const shown = piece.length > SHOWN ? `${piece.slice(0, SHOWN)}…` : piece
  const place = piece === '' ? 'At the end' : `At character ${span.at + 1}, ${shown}`
  const message = `${place}: ${what}`
  return new Problem('invalid', message, { fields: { query: message, where: marked(query, span) } })
}

function marked(query: string, { at, end }: Span): string {
  const start = Math.max(0, at - SHOWN)
  const line = query.slice(start, Math.max(end, at) + SHOWN).replace(/\s/g, ' ')
  return `${line}\n${' '.repeat(at - start)}${'^'.repeat(Math.max(1, Math.min(end - at, SHOWN)))}`
}
