// Writes texts in Slack's mrkdwn so that data stays data: no markup, no mention, nothing cut in the middle of a token.
import type { Span, Text } from '../../card.ts'
import { formatMoment } from '../../time.ts'
import { safeText } from '../card-text.ts'

/** A text in mrkdwn of at most `max` characters; what does not fit is counted at its end. Slack shows times in each reader's zone; `timeZone` is for readers it cannot serve. */
export function toMrkdwn(text: Text, max: number, timeZone: string): string {
  const spans = typeof text === 'string' ? [text] : text
  const whole = spans.map(span => writeSpan(span, timeZone)).join('')
  if (whole.length <= max) return whole
  const room = Math.max(0, max - '… 1000000 more'.length)
  let written = ''
  let left = 0
  for (const span of spans) {
    const next = writeSpan(span, timeZone)
    if (left === 0 && written.length + next.length <= room) {
      written += next
      continue
    }
    const kept = left === 0 ? fitting(span, room - written.length, timeZone) : 0
    if (kept > 0) written += writeSpan(shorten(span, kept), timeZone)
    left += lengthOf(span) - kept
  }
  return `${written}… ${left} more`
}

/** A text from elsewhere as mrkdwn: the three escapes Slack defines, and lookalikes where a character would begin or end formatting. */
export function neutralise(text: string): string {
  return escapeMarkup(text)
    .replace(/(?<![\p{L}\p{N}])[*_~`]+|[*_~`]+(?![\p{L}\p{N}])/gu, run =>
      run.replace(/[*_~`]/g, mark => LOOKALIKES[mark] ?? mark),
    )
    .replace(/^(&gt;)+/gm, quote => '›'.repeat(quote.length / 4))
}

/** Only what Slack itself tells to escape; enough where no formatting is read. Control characters are made visible. */
export function escapeMarkup(text: string): string {
  return clean(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A text without what breaks counting or display: lone surrogates, carriage returns, control and bidi characters. */
export function clean(text: string): string {
  return safeText(text.toWellFormed().replaceAll('\r\n', '\n'))
}

/**
 * Undoes Slack's escapes, links and mentions in what people typed: `&lt;`, `<https://x|x>`, `<@U123|ann>`. A mention is
 * the name that people see, except where roles are given: there it stays what Slack made of it, with its id.
 */
export function unescapeTyped(text: string): string {
  const named = /^\s*roles\b/i.test(text)
    ? text
    : text
        .replace(/<@(\w+)(?:\|([^>]*))?>/g, (_all, id: string, name?: string) => `@${name || id}`)
        .replace(/<#(\w+)(?:\|([^>]*))?>/g, (_all, id: string, name?: string) => `#${name || id}`)
        .replace(/<!(?:subteam\^)?(\w+)(?:\|@?([^>]*))?>/g, (_all, id: string, name?: string) => `@${name || id}`)
  return named
    .replace(/<((?:https?|mailto|tel):[^|>]+)(?:\|([^>]*))?>/g, (_all, url: string, label?: string) => label ?? url)
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

// Slack's mrkdwn has no escape for its own marks, so they are replaced by characters that look the same.
const LOOKALIKES: Record<string, string> = { '*': '∗', _: 'ˍ', '~': '∼', '`': 'ˋ' }

function writeSpan(span: Span, timeZone: string): string {
  if (typeof span === 'string') return neutralise(span)
  if ('bold' in span) return wrap(span.bold, '*', /\*/g)
  if ('code' in span) return wrap(span.code, '`', /`/g)
  if ('time' in span) return writeTime(span.time, span.style, timeZone)
  const label = neutralise(oneLine(span.label)).replaceAll('|', '¦')
  if (!/^(https?:\/\/|mailto:)/i.test(span.link)) return neutralise(span.label)
  return `<${escapeMarkup(encodeUrl(span.link))}|${label === '' ? 'link' : label}>`
}

/** Marks do not reach over line ends and cannot be escaped inside themselves. */
function wrap(content: string, mark: string, inner: RegExp): string {
  const line = escapeMarkup(oneLine(content)).replace(inner, found => LOOKALIKES[found] ?? found)
  const text = mark === '*' ? line.replace(/[_~`]/g, found => LOOKALIKES[found] ?? found) : line
  return text === '' ? '' : `${mark}${text}${mark}`
}

const FORMATS = {
  relative: '{ago}',
  moment: '{date_short_pretty} at {time_secs}',
  clock: '{time_secs}',
} as const

function writeTime(at: number, style: keyof typeof FORMATS, timeZone: string): string {
  return `<!date^${Math.floor(at / 1000)}^${FORMATS[style]}|${formatMoment(at, timeZone)}>`
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function encodeUrl(url: string): string {
  return clean(url).replace(/[\s<>|`]/g, found => encodeURIComponent(found))
}

/** How many code points of a span can be kept within `room` characters; times and links stay whole or go. */
function fitting(span: Span, room: number, timeZone: string): number {
  if (typeof span !== 'string' && !('bold' in span) && !('code' in span)) return 0
  let low = 0
  let high = lengthOf(span)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (writeSpan(shorten(span, middle), timeZone).length <= room) low = middle
    else high = middle - 1
  }
  return low
}

function shorten(span: Span, points: number): Span {
  const cut = (text: string) => Array.from(text).slice(0, points).join('')
  if (typeof span === 'string') return cut(span)
  if ('bold' in span) return { bold: cut(span.bold) }
  if ('code' in span) return { code: cut(span.code) }
  return span
}

function lengthOf(span: Span): number {
  if (typeof span === 'string') return Array.from(span).length
  if ('bold' in span) return Array.from(span.bold).length
  if ('code' in span) return Array.from(span.code).length
  return 'link' in span ? Array.from(span.label).length : 1
}
