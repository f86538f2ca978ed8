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
 * plain link instead (then `line` is ignored). `example` follows a line that is refused without what the form asks for,
 * where people type it.
 */
export type Button = {
  label: string
  line: string
  tone?: 'primary' | 'danger' | 'plain'
  ask?: readonly string[]
  example?: string
  url?: string
}

/** The line of a button as people type it where they cannot press it. */
export function typedLine({ line, example }: Pick<Button, 'line' | 'example'>): string {
  return example === undefined ? line : `${line} ${example}`
}

/**
 * A mention in a new message; the only way for a card to notify a person or group by name. `id` belongs to the platform
 * that the card goes to; without an id the name is plain text.
 */
export type Mention = { kind: 'person' | 'group' | 'here'; id: string | null; name: string }

export type Field = { name: string; value: Text; inline?: boolean }

/** One line of a log as a card shows it. Matches of a search are bold in `message`. */
export type LogEntry = {
  /** Epoch ms. */
  at: number
  level: string
  /** Where it comes from, such as `api@web-1`; may be empty. */
  source: string
  message: Text
  /** The line that the others stand around. */
  isTarget?: boolean
}

/** A column of a table; without any name the table has no head. */
export type Column = { name: string; align?: 'left' | 'right' }

/**
 * What a card shows as proof, in a fixed-width font where columns matter: lines of a log, the end of an output (when it must
 * be cut, its end stays), a table, or a row of numbers over time. `isColoured`: somebody asked for colours, which telephones
 * may show as codes.
 */
export type Evidence =
  | { kind: 'log'; entries: readonly LogEntry[]; isColoured?: boolean }
  | { kind: 'output'; name?: string; text: string; language?: string }
  | { kind: 'table'; name?: string; columns: readonly Column[]; cells: readonly (readonly Text[])[] }
  | { kind: 'chart'; name: string; values: readonly (number | null)[]; unit?: string; threshold?: number }

/**
 * One thing of a list, with what people do to it most; `more` are further actions, for a menu. `name` says which thing it
 * is where the action stands apart from the row, such as `nightly-backup` or `42`.
 */
export type Row = { name: string; text: Text; action?: Button; more?: readonly Button[] }

/** Where a list goes on. */
export type Page = { text?: string; previous?: Button; next?: Button }

/** How far something is: `done` of `total`, in `unit` (a plural noun). */
export type Progress = { done: number; total: number; unit?: string }

/** A menu: each option runs its command line. */
export type Menu = { label: string; options: readonly Button[] }

/**
 * A card reads from top to bottom: title, lines (the first is the fact), fields, evidence, code, rows, progress, image,
 * buttons and menus, and at the end the facts and the footer in small print. Each thing stands on it once, and nothing that
 * is the same on every card. A platform that cannot show a part shows it as text: `simpleCard` in src/chat/card-parts.ts.
 */
export type Card = {
  /** The heading: severity or state, and the subject. */
  title: string
  tone: Tone
  /** Paragraphs under the title, in order. */
  lines?: readonly Text[]
  fields?: readonly Field[]
  evidence?: readonly Evidence[]
  /** Preformatted text, shown in a fixed-width font after lines and fields. */
  code?: { text: string; language?: string }
  rows?: readonly Row[]
  page?: Page
  progress?: Progress
  image?: { name: string; alt: string; png: Uint8Array }
  file?: { name: string; content: Uint8Array }
  /** In the order of use. Dangerous ones are shown apart, at the end. */
  buttons?: readonly Button[]
  menus?: readonly Menu[]
  mention?: readonly Mention[]
  /** Short facts for the small print: name and value, such as `Owner ann`. */
  facts?: readonly Field[]
  /** Small print at the end. */
  footer?: Text
  /** It is there to be looked at, such as a live tail, and need not appear on a lock screen. */
  isView?: boolean
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
  const { lines = [], rows = [] } = card
  if (![...lines, ...rows.map(({ text }) => text), card.footer ?? ''].some(isFar)) return card
  const dated = (text: Text): Text =>
    typeof text === 'string' ? text : text.map(span => (isClock(span) ? { ...span, style: 'moment' as const } : span))
  return {
    ...card,
    lines: lines.map(dated),
    ...(rows.length === 0 ? {} : { rows: rows.map(row => ({ ...row, text: dated(row.text) })) }),
    ...(card.footer === undefined ? {} : { footer: dated(card.footer) }),
  }
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
  return span.label === span.link ? span.link : `${span.label} (${span.link})`
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
