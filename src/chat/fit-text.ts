// Texts of cards within the limits of a platform: cleaned, and cut between whole characters with a count of the rest.
import { cutText, type Span, type Text } from '../card.ts'
import { safeText } from './card-text.ts'

/** How a platform writes a span and counts length. */
export type SpanWriter = {
  write(span: Span): string
  /** The length of what was written, in the unit of the platform's limits. */
  size(written: string): number
}

/** A text without what breaks counting or display: lone surrogates, carriage returns, control and bidi characters. */
export function cleanText(text: string): string {
  return safeText(text.toWellFormed().replaceAll('\r\n', '\n'))
}

/**
 * A text as `writer` writes it, with a size of at most `max`. What does not fit is counted at the end in characters
 * (`… 12 more`). Escapes and marks are never cut in half; times and links are shown whole or not at all.
 */
export function fitText(text: Text, max: number, writer: SpanWriter): string {
  const spans = typeof text === 'string' ? [text] : text
  const whole = spans.map(writer.write).join('')
  if (writer.size(whole) <= max) return whole
  const total = spans.reduce((sum, span) => sum + charactersOf(span).length, 0)
  let room = max - writer.size(`… ${total} more`)
  // Not even the note fits. Without backticks, no code span stays open.
  if (room < 0) return cutText(whole, max).replaceAll('`', '')
  let shown = 0
  let written = ''
  for (const span of spans) {
    const piece = fitSpan(span, room, writer)
    written += piece.written
    room -= writer.size(piece.written)
    shown += piece.shown
    if (piece.shown < charactersOf(span).length) break
  }
  return `${written}… ${total - shown} more`
}

/** As much of a span as fits into `room`, and how many of its characters that are. */
function fitSpan(span: Span, room: number, writer: SpanWriter): { written: string; shown: number } {
  const whole = writer.write(span)
  const characters = charactersOf(span)
  if (writer.size(whole) <= room) return { written: whole, shown: characters.length }
  if (typeof span !== 'string' && !('bold' in span) && !('code' in span)) return { written: '', shown: 0 }
  const start = (count: number) => writer.write(withText(span, characters.slice(0, count).join('')))
  let low = 0
  let high = characters.length
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (writer.size(start(middle)) <= room) low = middle
    else high = middle - 1
  }
  return { written: low === 0 ? '' : start(low), shown: low }
}

/** The code points that a reader sees of a span. */
function charactersOf(span: Span): string[] {
  if (typeof span === 'string') return Array.from(span)
  if ('bold' in span) return Array.from(span.bold.trim())
  if ('code' in span) return Array.from(span.code)
  return Array.from('time' in span ? 'a time' : span.label)
}

function withText(span: string | { bold: string } | { code: string }, text: string): Span {
  if (typeof span === 'string') return text
  return 'bold' in span ? { bold: text } : { code: text }
}
