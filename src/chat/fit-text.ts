// Texts of cards within the limits of a platform: cleaned, and cut between whole characters with a count of the rest.
import { countCodePoints, cutText, type Span, type Text } from '../card.ts'
import { safeText } from './safe-text.ts'

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
 * (`… 12 more`). Escapes and marks are never cut in half; times and links are shown whole or not at all. Text is cut
 * before it is written, so that the work depends on `max`, and a long text is only counted.
 */
export function fitText(text: Text, max: number, writer: SpanWriter): string {
  const spans = typeof text === 'string' ? [text] : text
  const whole = writeAll(spans, max, writer)
  if (whole !== null) return whole
  const total = spans.reduce((sum, span) => sum + countCharacters(span), 0)
  let room = max - writer.size(`… ${total} more`)
  // Not even the note fits. Without backticks, no code span stays open.
  if (room < 0) {
    const start = spans.slice(0, max + 1).map(span => writer.write(shortened(span, max)))
    return cutText(start.join(''), max).replaceAll('`', '')
  }
  let shown = 0
  let written = ''
  for (const span of spans) {
    const piece = fitSpan(span, room, writer)
    written += piece.written
    room -= writer.size(piece.written)
    shown += piece.shown
    if (piece.shown < countCharacters(span)) break
  }
  return `${written}… ${total - shown} more`
}

/** All spans as written, or null when they are larger than `max`; nothing is written beyond that. */
function writeAll(spans: readonly Span[], max: number, writer: SpanWriter): string | null {
  let written = ''
  let size = 0
  for (const span of spans) {
    if (isLonger(span, max)) return null
    const piece = writer.write(span)
    size += writer.size(piece)
    if (size > max) return null
    written += piece
  }
  return written
}

/** A character takes two UTF-16 units at most, and so does a line break. */
const UNITS_PER_CHARACTER = 2

/** Whether a span has more than `max` characters: writers replace and add characters; they drop none but repeated spaces. */
function isLonger(span: Span, max: number): boolean {
  return visibleText(span).length > UNITS_PER_CHARACTER * max
}

/** A span of which only the first characters are written: one more than fit into `max`. */
function shortened(span: Span, max: number): Span {
  const text = visibleText(span)
  const units = UNITS_PER_CHARACTER * (max + 1)
  if (text.length <= units || !isCuttable(span)) return span
  return withText(span, text.slice(0, units))
}

/** As much of a span as fits into `room`, and how many of its characters that are. */
function fitSpan(span: Span, room: number, writer: SpanWriter): { written: string; shown: number } {
  if (!isLonger(span, room)) {
    const whole = writer.write(span)
    if (writer.size(whole) <= room) return { written: whole, shown: countCharacters(span) }
  }
  if (!isCuttable(span)) return { written: '', shown: 0 }
  const characters = Array.from(visibleText(shortened(span, room)))
  const start = (count: number) => writer.write(withText(span, characters.slice(0, count).join('')))
  let low = 0
  let high = Math.min(characters.length, room)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (writer.size(start(middle)) <= room) low = middle
    else high = middle - 1
  }
  return { written: low === 0 ? '' : start(low), shown: low }
}

/** How many code points a reader sees of a span. */
function countCharacters(span: Span): number {
  return countCodePoints(visibleText(span))
}

function visibleText(span: Span): string {
  if (typeof span === 'string') return span
  if ('bold' in span) return span.bold.trim()
  if ('code' in span) return span.code
  return 'time' in span ? 'a time' : span.label
}

type Cuttable = string | { bold: string } | { code: string }

function isCuttable(span: Span): span is Cuttable {
  return typeof span === 'string' || 'bold' in span || 'code' in span
}

function withText(span: Cuttable, text: string): Span {
  if (typeof span === 'string') return text
  return 'bold' in span ? { bold: text } : { code: text }
}
