// A card as a Telegram message: HTML of at most 4096 characters, and buttons that carry command lines. Pure.
import type { InlineKeyboardButton, InlineKeyboardMarkup } from 'grammy/types'
import { type Button, type Card, cutText, type Mention, type Span, type Text, TONE_ICONS } from '../../card.ts'
import { formatMoment } from '../../time.ts'
import { safeText } from '../card-text.ts'

/** Telegram counts what is left once the markup is read. */
const MESSAGE = 4096
const TITLE = 300
const PIECE = 1000
const PER_ROW = 3
const MOST_BUTTONS = 30
/** Bytes of what a button carries. */
const CALLBACK = 64

/** The message for a card. Telegram shows no times in each reader's zone, so `timeZone` is that of all. */
export function renderCard(card: Card, timeZone: string): { text: string; keyboard: InlineKeyboardMarkup } {
  const say = (text: Text) => write(text, timeZone)
  const icon = TONE_ICONS[card.tone]
  const title = `${icon}${icon && ' '}<b>${escaped(cutText(card.title.replace(/\s+/g, ' ').trim() || 'Vakt', TITLE))}</b>`
  const pieces = [
    ...(card.lines ?? []).map(say),
    ...(card.fields ?? []).map(({ name, value }) => `<b>${escaped(cutText(name, 100))}:</b> ${say(value)}`),
    ...(card.code && card.code.text.trim() !== '' ? [`<pre>${escaped(cutText(card.code.text, PIECE * 2))}</pre>`] : []),
    ...(card.footer === undefined ? [] : [`<i>${say(card.footer)}</i>`]),
  ]
  return {
    text: whole(`${calls(card.mention ?? [])}${title}`, pieces),
    keyboard: { inline_keyboard: rows(card.buttons ?? []) },
  }
}

/** As many pieces as fit whole, for markup must never be cut; the rest is counted. */
function whole(title: string, pieces: readonly string[]): string {
  const room = MESSAGE - 30
  const kept = [title]
  let used = lengthOf(title)
  for (const piece of pieces) {
    if (used + 1 + lengthOf(piece) > room) break
    used += 1 + lengthOf(piece)
    kept.push(piece)
  }
  const missing = pieces.length + 1 - kept.length
  return missing === 0 ? kept.join('\n') : `${kept.join('\n')}\n… ${missing} more`
}

/** Never less than Telegram counts: it counts UTF-16 units without the markup. */
function lengthOf(html: string): number {
  return html.replace(/<[^>]*>/g, '').replace(/&\w+;/g, '&').length
}

function rows(buttons: readonly Button[]): InlineKeyboardButton[][] {
  const usable = buttons
    .map(toButton)
    .filter(one => one !== null)
    .slice(0, MOST_BUTTONS)
  return Array.from({ length: Math.ceil(usable.length / PER_ROW) }, (_, i) =>
    usable.slice(i * PER_ROW, (i + 1) * PER_ROW),
  )
}

function toButton({ label, line, url }: Button): InlineKeyboardButton | null {
  const text = cutText(safeText(label), 60) || '–'
  if (url !== undefined) return /^https?:\/\//.test(url) ? { text, url } : null
  return line !== '' && Buffer.byteLength(line) <= CALLBACK ? { text, callback_data: line } : null
}

function calls(mention: readonly Mention[]): string {
  return mention
    .slice(0, 20)
    .map(({ kind, id, name }) =>
      kind === 'person' && id !== null && /^\d+$/.test(id)
        ? `<a href="tg://user?id=${id}">${escaped(name)}</a> `
        : `${escaped(name)}: `,
    )
    .join('')
}

function write(text: Text, timeZone: string): string {
  const spans = typeof text === 'string' ? [text] : text
  return spans.map(span => one(span, timeZone)).join('')
}

function one(span: Span, timeZone: string): string {
  if (typeof span === 'string') return escaped(cutText(span, PIECE))
  if ('bold' in span) return `<b>${escaped(cutText(span.bold, PIECE))}</b>`
  if ('code' in span) return `<code>${escaped(cutText(span.code, PIECE))}</code>`
  if ('time' in span) return escaped(formatMoment(span.time, timeZone))
  const url = URL.parse(span.link)
  if (!url || !/^https?:$/.test(url.protocol)) return escaped(cutText(`${span.label} (${span.link})`, PIECE))
  return `<a href="${escaped(url.href)}">${escaped(cutText(span.label, PIECE))}</a>`
}

/** Data neither marks up nor mentions: an @ would otherwise make a link to somebody. */
function escaped(text: string): string {
  const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return safeText(text.toWellFormed())
    .replace(/@(?=\w)/g, '@\u2060')
    .replace(/[&<>"]/g, letter => named[letter]!)
}
