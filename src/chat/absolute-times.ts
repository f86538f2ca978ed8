// Cards for readers to whom no platform can show "2 min ago" as it grows: mails, and chats without live times.
import type { Card, Span, Text } from '../card.ts'

/**
 * A card whose relative times are instants. `11:51:45 (2s ago)` and `2s ago, at 11:51:45` become `11:51:45`,
 * so that no instant stands twice.
 */
export function withAbsoluteTimes(card: Card): Card {
  return {
    ...card,
    ...(card.lines && { lines: card.lines.map(absolute) }),
    ...(card.fields && { fields: card.fields.map(field => ({ ...field, value: absolute(field.value) })) }),
    ...(card.facts && { facts: card.facts.map(fact => ({ ...fact, value: absolute(fact.value) })) }),
    ...(card.rows && { rows: card.rows.map(row => ({ ...row, text: absolute(row.text) })) }),
    ...(card.footer !== undefined && { footer: absolute(card.footer) }),
  }
}

function absolute(text: Text): Text {
  if (typeof text === 'string') return text
  const spans: Span[] = []
  for (let i = 0; i < text.length; i++) {
    const span = text[i]!
    const repeated = repeatedAt(text, i)
    if (repeated === null) spans.push(isTime(span) ? { ...span, style: 'moment' } : span)
    else {
      if (repeated.rest !== '') spans.push(repeated.rest)
      i += repeated.length - 1
    }
  }
  return spans
}

/** What joins an instant to itself: `10:00 (2 h ago)`, `2 h ago, at 10:00`. */
const JOINS = /^(?: \(|,? at |, | – )$/

/**
 * The spans from `i` on that only say once more which instant the span before them is: how many they are, and what of the
 * last one is to be shown. Null where that is not so.
 */
function repeatedAt(spans: readonly Span[], i: number): { length: number; rest: string } | null {
  const [before, join, time, after] = [spans[i - 1], ...spans.slice(i, i + 3)]
  if (typeof join !== 'string' || !JOINS.test(join)) return null
  if (!isTime(before) || !isTime(time) || before.time !== time.time) return null
  if (join !== ' (') return { length: 2, rest: '' }
  return typeof after === 'string' && after.startsWith(')') ? { length: 3, rest: after.slice(1) } : null
}

type Time = Extract<Span, { time: number }>

function isTime(span: Span | undefined): span is Time {
  return typeof span === 'object' && 'time' in span
}
