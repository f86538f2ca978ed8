// A card is the only thing Vakt ever says; each chat platform has one renderer for it.

/** What a card feels like; renderers pair it with a colour and an icon, and always with a word in the title. */
export type Tone = 'plain' | 'good' | 'info' | 'warning' | 'critical' | 'muted'

/**
 * A piece of text. A bare string is data: renderers neutralise markup and mentions in it.
 * `time` is an instant in epoch ms, shown in each reader's own time zone where the platform can:
 * `moment` is date and time, `clock` the time of day, `relative` a distance from now.
 */
export type Span =
  | string
  | { bold: string }
  | { code: string }
  | { time: number; style: 'relative' | 'moment' | 'clock' }
  | { link: string; label: string }

/** One paragraph or value: data, or spans in a row. */
export type Text = string | readonly Span[]

/**
 * A button is a command line. `ask` names arguments of that command that a form asks for before it runs;
 * `url` makes it a plain link instead (then `line` is ignored).
 */
export type Button = {
  label: string
  line: string
  tone?: 'primary' | 'danger' | 'plain'
  ask?: readonly string[]
  url?: string
}

/**
 * Somebody called out by name in a new message; the only way for a card to notify anybody by name. `id` is theirs on the
 * platform that the card goes to; without one they are only named.
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
}

/** The words a severity or tone is shown with, so that colour never stands alone. */
export const TONE_ICONS: Record<Tone, string> = {
  plain: '',
  good: '🟢',
  info: '🔵',
  warning: '🟠',
  critical: '🔴',
  muted: '⚪',
}

/** The plain text of a text: what a log, a fallback or a terminal without zones would show. `formatTime` gives instants. */
export function plainText(
  text: Text,
  formatTime: (at: number, style: 'relative' | 'moment' | 'clock') => string,
): string {
  if (typeof text === 'string') return text
  return text.map(span => plainSpan(span, formatTime)).join('')
}

/** How far from now a time of the day is still told from that of another day, ms. */
const SAME_DAY = 18 * 60 * 60_000

/** A card read at `now`: where any time of the day is of another day, all of them are shown with their dates. */
export function datedCard(card: Card, now: number): Card {
  const isFar = (text: Text) =>
    typeof text !== 'string' && text.some(span => isClock(span) && isOtherDay(span.time, now))
  const lines = card.lines ?? []
  if (![...lines, card.footer ?? ''].some(isFar)) return card
  const dated = (text: Text): Text =>
    typeof text === 'string' ? text : text.map(span => (isClock(span) ? { ...span, style: 'moment' as const } : span))
  return { ...card, lines: lines.map(dated), ...(card.footer === undefined ? {} : { footer: dated(card.footer) }) }
}

const isOtherDay = (time: number, now: number) => Math.abs(now - time) > SAME_DAY

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
 * The first `max` code points of a text, with what was left out said at the end ("… 12 more").
 * Counts code points, so no character is ever cut in half; the result is at most `max` code points long.
 */
export function cutText(text: string, max: number): string {
  const points = Array.from(text)
  if (points.length <= max) return text
  const room = Math.max(0, max - `… ${points.length} more`.length)
  const cut = `${points.slice(0, room).join('')}… ${points.length - room} more`
  return Array.from(cut).slice(0, max).join('')
}
