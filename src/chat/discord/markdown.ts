// Writes texts in Discord's markdown: data can neither format, mention nor break out, and a cut says what it left out.

import { cutText, type Span, type Text } from '../../card.ts'
import { safeText } from '../card-text.ts'

/** Data as Discord shows it literally: every mark escaped, links left whole, @everyone and @here made harmless. */
export function escapeMarkdown(text: string): string {
  return clean(text)
    .split(LINK)
    .map((part, i) => (i % 2 === 1 ? disarm(part) : disarm(escapeMarks(part))))
    .join('')
}

/** A text without what breaks counting or display: lone surrogates, carriage returns, control and bidi characters. */
export function clean(text: string): string {
  return safeText(text.toWellFormed().replaceAll('\r\n', '\n'))
}

/**
 * A text as markdown of at most `max` code points. What does not fit is counted at the end ("… 12 more", in characters);
 * escapes, code spans and links are never cut in half.
 */
export function markdown(text: Text, max: number): string {
  const spans = typeof text === 'string' ? [text] : text
  const whole = spans.map(write).join('')
  if (size(whole) <= max) return whole
  const total = spans.reduce((sum, span) => sum + size(plain(span)), 0)
  let room = max - size(`… ${total} more`)
  let shown = 0
  let written = ''
  for (const span of spans) {
    const piece = fitSpan(span, room)
    written += piece.written
    room -= size(piece.written)
    shown += piece.shown
    if (piece.shown < size(plain(span))) break
  }
  return room < 0 ? cutText(whole, max).replaceAll('`', '') : `${written}… ${total - shown} more`
}

/** A fenced block of at most `max` code points, always closed; empty when not even a line fits. */
export function codeBlock(text: string, language: string | undefined, max: number): string {
  const tag = language && /^[\w+#-]{1,20}$/.test(language) ? language : ''
  const room = max - size(`\`\`\`${tag}\n\n\`\`\``)
  if (room < 12) return ''
  // A zero-width space keeps data from closing the fence.
  const safe = clean(text).replaceAll('``', '`\u200b`').trimEnd()
  return `\`\`\`${tag}\n${cutText(safe, room)}\n\`\`\``
}

/** Length as Discord counts it: code points. */
export function size(text: string): number {
  return Array.from(text).length
}

const LINK = /(https?:\/\/[^\s<>|*`[\]]+)/g

function escapeMarks(text: string): string {
  return (
    text
      .replace(/[\\*~`|[\]<]/g, '\\$&')
      // Inside a word an underscore means nothing, and a push notification would show the backslash.
      .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\_')
      .replace(/^(\s*)([#>\-+])/gm, '$1\\$2')
      .replace(/^(\s*\d+)\./gm, '$1\\.')
  )
}

const disarm = (text: string) => text.replace(/@(everyone|here)/gi, '@\u200b$1')

function write(span: Span): string {
  if (typeof span === 'string') return escapeMarkdown(span)
  if ('bold' in span) return span.bold.trim() === '' ? '' : `**${escapeMarkdown(span.bold.trim())}**`
  if ('code' in span) return codeSpan(span.code)
  if ('time' in span) return timestamp(span)
  return link(span.link, span.label)
}

/** What a reader sees of a span, for counting what was left out. */
function plain(span: Span): string {
  if (typeof span === 'string') return span
  if ('bold' in span) return span.bold.trim()
  if ('code' in span) return span.code
  return 'time' in span ? 'a time' : span.label
}

function codeSpan(code: string): string {
  const text = disarm(clean(code).replaceAll('\n', ' '))
  if (text.trim() === '') return ''
  return text.includes('`') ? `\`\` ${text.replaceAll('``', '`\u200b`')} \`\`` : `\`${text}\``
}

/** Each reader sees it in their own time zone; instants no client can show become the bare date. */
function timestamp({ time, style }: { time: number; style: 'relative' | 'moment' | 'clock' }): string {
  const seconds = Math.floor(time / 1000)
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 8_640_000_000_000) return 'an unknown time'
  return `<t:${seconds}:${{ relative: 'R', moment: 'f', clock: 'T' }[style]}>`
}

function link(target: string, label: string): string {
  const url = URL.parse(target)
  if (!url || !/^https?:$/.test(url.protocol)) return escapeMarkdown(`${label} (${target})`)
  const safe = url.href.replaceAll('(', '%28').replaceAll(')', '%29')
  return `[${escapeMarks(clean(label).replaceAll('\n', ' '))}](<${safe}>)`
}

/** As much of a span as fits; times and links are shown whole or not at all. */
function fitSpan(span: Span, room: number): { written: string; shown: number } {
  const whole = write(span)
  if (size(whole) <= room) return { written: whole, shown: size(plain(span)) }
  if (typeof span !== 'string' && !('bold' in span) && !('code' in span)) return { written: '', shown: 0 }
  const points = Array.from(plain(span))
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (size(write(first(span, points, middle))) <= room) low = middle
    else high = middle - 1
  }
  return { written: low === 0 ? '' : write(first(span, points, low)), shown: low }
}

function first(span: Span, points: string[], count: number): Span {
  const text = points.slice(0, count).join('')
  if (typeof span === 'string') return text
  return 'bold' in span ? { bold: text } : { code: text }
}
