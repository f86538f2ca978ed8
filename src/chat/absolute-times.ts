// Cards for readers to whom no platform can show "2 min ago" as it grows: mails, and chats without live times.
import type { Card, Span, Text } from '../card.ts'

/** A card whose relative times are instants. `11:51:45 (2s ago)` becomes `11:51:45`, so that no instant stands twice. */
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
    if (isRepeatedInstant(text, i)) i += 2
    else spans.push(isTime(span) ? { ...span, style: 'moment' } : span)
  }
  return spans
}

/** Whether the three spans at `i` are the same instant as the span before them, in brackets. */
function isRepeatedInstant(spans: readonly Span[], i: number): boolean {
  const [before, open, time, close] = [spans[i - 1], ...spans.slice(i, i + 3)]
  return open === ' (' && close === ')' && isTime(before) && isTime(time) && before.time === time.time
}

type Time = Extract<Span, { time: number }>

function isTime(span: Span | undefined): span is Time {
  return typeof span === 'object' && 'time' in span
}
