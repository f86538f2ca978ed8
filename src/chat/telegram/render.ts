// A card as a Telegram message: HTML of at most 4096 characters, and buttons that carry command lines. Pure.
// https://core.telegram.org/bots/api#formatting-options
import type { InlineKeyboardButton, InlineKeyboardMarkup } from 'grammy/types'
import {
  type Button,
  type Card,
  cutText,
  type Mention,
  type Span,
  type Text,
  TONE_ICONS,
  typedLine,
} from '../../card.ts'
import { formatMoment } from '../../time.ts'
import { withAbsoluteTimes } from '../absolute-times.ts'
import { simpleCard } from '../card-parts.ts'
import { plainMessage } from '../plain-form.ts'
import { safeText } from '../safe-text.ts'

/** Telegram counts the characters that are left when the markup is read. */
const MAX_MESSAGE_LENGTH = 4096
const MAX_TITLE_LENGTH = 300
const MAX_SPAN_LENGTH = 1000
const MAX_CODE_LENGTH = 2 * MAX_SPAN_LENGTH
const MAX_FIELD_NAME_LENGTH = 100
const MAX_LABEL_LENGTH = 60
const MAX_MENTIONS = 20
const MAX_BUTTONS = 30
const BUTTONS_PER_ROW = 3
const MAX_CALLBACK_BYTES = 64
/** Room for the line that counts what was left out. */
const NOTE_LENGTH = 30

export type Rendered = { text: string; keyboard: InlineKeyboardMarkup; isHtml: boolean }

/** The message for a card. Telegram cannot show each reader's own time zone, so `timeZone` is used for all. */
export function renderCard(card: Card, timeZone: string, instance?: string): Rendered {
  if (card.form) return renderPlain(card, timeZone)
  const {
    title,
    tone,
    lines = [],
    fields = [],
    code,
    footer,
    mention = [],
    buttons = [],
  } = simpleCard(withAbsoluteTimes(card), timeZone)
  const html = (text: Text) => toHtml(text, timeZone)
  const icon = TONE_ICONS[tone]
  const heading = escapeProse(cutText(title.replace(/\s+/g, ' ').trim() || 'Vakt', MAX_TITLE_LENGTH))
  const parts = [
    ...lines.map(html),
    ...fields.map(({ name, value }) => `<b>${escapeProse(cutText(name, MAX_FIELD_NAME_LENGTH))}:</b> ${html(value)}`),
    ...(code && code.text.trim() !== '' ? [`<pre>${escapeHtml(cutText(code.text, MAX_CODE_LENGTH))}</pre>`] : []),
    ...buttons
      .filter(needsTyping)
      .map(button => html(['Type ', { code: `/${typedLine(button)}` }, ` (${button.label}).`])),
    ...(footer === undefined ? [] : [`<i>${html(footer)}</i>`]),
  ]
  return {
    text: fitParts(`${mentions(mention)}${icon}${icon && ' '}<b>${heading}</b>`, parts),
    keyboard: { inline_keyboard: buttonRows(buttons, instance) },
    isHtml: true,
  }
}

/** Text without markup, in which only its length could be refused. */
function renderPlain(card: Card, timeZone: string): Rendered {
  const names = (card.mention ?? []).slice(0, MAX_MENTIONS).map(({ name }) => `${name}: `)
  return {
    text: withoutMentions(`${names.join('')}${plainMessage(card, timeZone)}`),
    keyboard: { inline_keyboard: [] },
    isHtml: false,
  }
}

/** As many parts as fit whole, because markup must never be cut; the rest is counted. */
function fitParts(heading: string, parts: readonly string[]): string {
  const shown = [heading]
  let length = lengthOf(heading)
  for (const part of parts) {
    length += 1 + lengthOf(part)
    if (length > MAX_MESSAGE_LENGTH - NOTE_LENGTH) break
    shown.push(part)
  }
  const missing = parts.length + 1 - shown.length
  return missing === 0 ? shown.join('\n') : `${shown.join('\n')}\n… ${missing} more`
}

/** At least what Telegram counts: UTF-16 units without the markup. */
function lengthOf(html: string): number {
  return html.replace(/<[^>]*>/g, '').replace(/&\w+;/g, '&').length
}

function buttonRows(buttons: readonly Button[], instance: string | undefined): InlineKeyboardButton[][] {
  const usable = buttons.flatMap(button => toButton(button, instance)).slice(0, MAX_BUTTONS)
  return Array.from({ length: Math.ceil(usable.length / BUTTONS_PER_ROW) }, (_, i) =>
    usable.slice(i * BUTTONS_PER_ROW, (i + 1) * BUTTONS_PER_ROW),
  )
}

/**
 * Whether people type the line of a button: it does nothing without what a form asks for, or it answers a question and is
 * too long for Telegram.
 */
function needsTyping({ line, url, tone, example }: Button): boolean {
  if (example !== undefined) return true
  const isAnswer = tone === 'primary' || tone === 'danger'
  return isAnswer && url === undefined && !fits(line) && line.length < MAX_SPAN_LENGTH
}

const fits = (data: string) => Buffer.byteLength(data) <= MAX_CALLBACK_BYTES

/** The command line of a pressed button, and the id of the Vakt that made it; null for one without. */
export function readPress(data: string): { line: string; instance: string | null } {
  const [, instance = null, line = data] = /^(\w{5})\|(.*)$/s.exec(data) ?? []
  return { line, instance }
}

/** Nothing for a button that Telegram would refuse. A line that has no room for the id goes without: its card is known. */
function toButton(button: Button, instance: string | undefined): InlineKeyboardButton[] {
  const { label, line, url, example } = button
  if (example !== undefined) return []
  const text = cutText(safeText(label), MAX_LABEL_LENGTH) || '–'
  if (url !== undefined) return /^https?:\/\//.test(url) ? [{ text, url }] : []
  const marked = instance === undefined ? line : `${instance}|${line}`
  return line !== '' && fits(line) ? [{ text, callback_data: fits(marked) ? marked : line }] : []
}

function mentions(mention: readonly Mention[]): string {
  return mention
    .slice(0, MAX_MENTIONS)
    .map(({ kind, id, name }) =>
      kind === 'person' && id !== null && /^\d+$/.test(id)
        ? `<a href="tg://user?id=${id}">${escapeHtml(name)}</a> `
        : `${escapeHtml(name)}: `,
    )
    .join('')
}

function toHtml(text: Text, timeZone: string): string {
  const spans = typeof text === 'string' ? [text] : text
  return spans.map(span => spanHtml(span, timeZone)).join('')
}

function spanHtml(span: Span, timeZone: string): string {
  const cut = (text: string) => escapeHtml(cutText(text, MAX_SPAN_LENGTH))
  if (typeof span === 'string') return escapeProse(cutText(span, MAX_SPAN_LENGTH))
  if ('bold' in span) return `<b>${escapeProse(cutText(span.bold, MAX_SPAN_LENGTH))}</b>`
  if ('code' in span) return `<code>${cut(span.code)}</code>`
  if ('time' in span) return escapeHtml(formatMoment(span.time, timeZone))
  const url = URL.parse(span.link)
  if (!url || !/^https?:$/.test(url.protocol)) return cut(`${span.label} (${span.link})`)
  return `<a href="${escapeHtml(url.href)}">${cut(span.label)}</a>`
}

/** A dot of a name, in any script, before what may be a top-level domain. */
const DOMAIN_DOT = /(?<=[\p{L}\p{N}-])[.\u3002\uff0e\uff61](?=\p{L}{2})/gu
/** A word that Telegram takes for a command to the bot. */
const BOT_COMMAND = /(?<![\w/<\u2060])\/(?=\w{1,64}(?![\w/]))/g
const ADDRESS = /(https?:\/\/[^\s<>"]+)/g

/**
 * Data outside of code, where Telegram makes links of bare names such as `evil.sh` and of words such as `/stop`. An
 * invisible joiner prevents that; an address with its scheme stays a link, because readers see where it leads.
 */
function escapeProse(text: string): string {
  const plain = (part: string) => part.replace(DOMAIN_DOT, '$&\u2060').replace(BOT_COMMAND, '/\u2060')
  const parts = text.split(ADDRESS).map((part, i) => (i % 2 === 1 ? part : plain(part)))
  return escapeHtml(parts.join(''))
}

/** Data can neither mark up nor mention: an @ would otherwise become a link to somebody. */
function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return withoutMentions(text).replace(/[&<>"]/g, character => entities[character]!)
}

function withoutMentions(text: string): string {
  return safeText(text.toWellFormed()).replace(/@(?=\w)/g, '@\u2060')
}
