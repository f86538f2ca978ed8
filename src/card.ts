// A card is everything that Vakt shows; each chat platform has one renderer for it.

/** The tone of a card; renderers show it as colour and icon, and the title always carries a word for it. */
export type Tone = 'plain' | 'good' | 'info' | 'warning' | 'critical' | 'muted'

/**
 * A piece of text. A bare string is data: renderers escape markup and mentions in it. `time` is an instant in epoch ms,
 * shown in the reader's own time zone where the platform can: `moment` is date and time, `clock` the time of day,
 * `relative` the distance from now.
 */
export type Span =
  | string
  | { bold: string }
  | { code: string }
  | { time: number; style: 'relative' | 'moment' | 'clock' }
  | { link: string; label: string }

/** One paragraph or value: data, or a row of spans. */
export type Text = string | readonly Span[]

/**
 * A button is a command line. `ask` names arguments of the command that a form asks for first; `url` makes the button a
 * plain link instead (then `line` is ignored).
 */
export type Button = {
  label: string
  line: string
  tone?: 'primary' | 'danger' | 'plain'
  ask?: readonly string[]
  url?: string
}

/**
 * A mention in a new message; the only way for a card to notify a person or group by name. `id` belongs to the platform
 * that the card goes to; without an id the name is plain text.
 */
export type Mention = { kind: 'person' | 'group' | 'here'; id: string | null; name: string }

export type Field = { name: string; value: Text; inline?: boolean }

export type Card = {
  title: string
  tone: Tone
  /** Paragraphs under the title, in order. */
  lines?: readonly Text[]
  fields?: readonly Field[]
  /** Preformatted text, shown in a fixed-width font after lines and fields. */
  code?: { text: string; language?: string }
  image?: { name: string; alt: string; png: Uint8Array }
  file?: { name: string; content: Uint8Array }
  buttons?: readonly Button[]
  mention?: readonly Mention[]
  /** Small print at the end. */
  footer?: Text
  /** Set when a platform refused the whole card: it is shown as text only, which nothing but its length can make invalid. */
  form?: 'plain' | 'bare'
}

/** The icon of each tone, so that colour never stands alone. */
export const TONE_ICONS: Record<Tone, string> = {
  plain: '',
  good: '🟢',
  info: '🔵',
  warning: '🟠',
  critical: '🔴',
  muted: '⚪',
}

/** A text without markup, for logs and fallbacks; `formatTime` formats the instants. */
export function plainText(
  text: Text,
  formatTime: (at: number, style: 'relative' | 'moment' | 'clock') => string,
): string {
  if (typeof text === 'string') return text
  return text.map(span => plainSpan(span, formatTime)).join('')
}

/** How far from now a time of day is still unambiguous, ms. */
const SAME_DAY_MS = 18 * 60 * 60_000

/** A card as shown at `now`: if any time of day belongs to another day, all of them are shown with their dates. */
export function datedCard(card: Card, now: number): Card {
  const isFar = (text: Text) =>
    typeof text !== 'string' && text.some(span => isClock(span) && isOtherDay(span.time, now))
  const lines = card.lines ?? []
  if (![...lines, card.footer ?? ''].some(isFar)) return card
  const dated = (text: Text): Text =>
    typeof text === 'string' ? text : text.map(span => (isClock(span) ? { ...span, style: 'moment' as const } : span))
  return { ...card, lines: lines.map(dated), ...(card.footer === undefined ? {} : { footer: dated(card.footer) }) }
}

const isOtherDay = (time: number, now: number) => Math.abs(now - time) > SAME_DAY_MS

function isClock(span: Span): span is { time: number; style: 'clock' } {
  return typeof span === 'object' && 'time' in span && span.style === 'clock'
}

function plainSpan(span: Span, formatTime: (at: number, style: 'relative' | 'moment' | 'clock') => string): string {
  if (typeof span === 'string') return span
  if ('bold' in span) return span.bold
  if ('code' in span) return span.code
  if ('time' in span) return formatTime(span.time, span.style)
  return `${span.label} (${span.link})`
}

/**
 * A text cut to at most `max` code points, with the number of omitted code points at the end ("… 12 more"). No character
 * is cut in half. Only what is shown is copied; the rest is counted.
 */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text
  const count = countCodePoints(text)
  if (count <= max) return text
  const room = Math.max(0, max - `… ${count} more`.length)
  return firstCodePoints(`${firstCodePoints(text, room)}… ${count - room} more`, max)
}

/** How many code points a text has: a pair of surrogates is one. */
export function countCodePoints(text: string): number {
  let count = text.length
  for (let i = 1; i < text.length; i++) if (isLow(text.charCodeAt(i)) && isHigh(text.charCodeAt(i - 1))) count--
  return count
}

function firstCodePoints(text: string, count: number): string {
  // Every code point has one or two units, so these hold `count` of them; a half at the end is not among them.
  const points = Array.from(text.slice(0, 2 * count))
  return points.slice(0, count).join('')
}

const isHigh = (unit: number) => unit >= 0xd800 && unit <= 0xdbff
const isLow = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff
