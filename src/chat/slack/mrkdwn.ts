// Texts as Slack's mrkdwn: data can neither format nor mention, and nothing is cut inside of a token.
// https://api.slack.com/reference/surfaces/formatting
import type { Span, Text } from '../../card.ts'
import { formatMoment } from '../../time.ts'
import { cleanText, fitText } from '../fit-text.ts'

/**
 * A text in mrkdwn of at most `max` characters; what does not fit is counted at the end. Slack shows times in each
 * reader's zone; `timeZone` is for readers it cannot serve.
 */
export function toMrkdwn(text: Text, max: number, timeZone: string): string {
  return fitText(text, max, { write: span => writeSpan(span, timeZone), size: written => written.length })
}

/** Data as mrkdwn: Slack's three escapes, and lookalikes for characters that would begin or end formatting. */
export function escapeText(text: string): string {
  return withoutEmoji(
    escapeMarkup(text)
      .replace(/(?<![\p{L}\p{N}])[*_~`]+|[*_~`]+(?![\p{L}\p{N}])/gu, run =>
        run.replace(/[*_~`]/g, mark => LOOKALIKES[mark] ?? mark),
      )
      .replace(/^(&gt;)+/gm, quote => '›'.repeat(quote.length / 4)),
  )
}

/**
 * The colon before what may be the name of an emoji. An invisible joiner behind it keeps `:ab:` of a MAC address and `:100:`
 * from becoming one; no emoji is called as the minutes of a time are.
 */
const EMOJI_CODE = /:(?!\d{1,2}:)(?=[a-z0-9_+'-]{1,60}:)/g

/** A text in which nothing becomes an emoji. */
export function withoutEmoji(text: string): string {
  return text.replace(EMOJI_CODE, ':\u2060')
}

/** Slack's three escapes, which are enough where no formatting is read. Control characters become visible. */
export function escapeMarkup(text: string): string {
  return cleanText(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/**
 * Undoes Slack's escapes, links and mentions in a typed text: `&lt;`, `<https://x|x>`, `<@U123|ann>`. A mention becomes
 * the name that people see, except in commands about roles, which need its id.
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

/** Mrkdwn has no escape for its own marks, so they are replaced by characters that look the same. */
const LOOKALIKES: Record<string, string> = { '*': '∗', _: 'ˍ', '~': '∼', '`': 'ˋ' }

function writeSpan(span: Span, timeZone: string): string {
  if (typeof span === 'string') return escapeText(span)
  if ('bold' in span) return wrap(span.bold, '*', /\*/g)
  if ('code' in span) return wrap(span.code, '`', /`/g)
  if ('time' in span) return writeTime(span.time, span.style, timeZone)
  const label = escapeText(oneLine(span.label)).replaceAll('|', '¦')
  if (!/^(https?:\/\/|mailto:)/i.test(span.link)) return escapeText(span.label)
  return `<${escapeMarkup(encodeUrl(span.link))}|${label === '' ? 'link' : label}>`
}

/** Formatting ends at a line break, and its mark cannot be escaped inside of it. */
function wrap(content: string, mark: string, inner: RegExp): string {
  const line = escapeMarkup(oneLine(content)).replace(inner, found => LOOKALIKES[found] ?? found)
  const bold = () => withoutEmoji(line.replace(/[_~`]/g, found => LOOKALIKES[found] ?? found))
  // In code nothing is an emoji.
  const text = mark === '*' ? bold() : line
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
  return cleanText(url).replace(/[\s<>|`]/g, found => encodeURIComponent(found))
}

/** Of the fences around a piece. */
const FENCES_LENGTH = '```\n\n```'.length
/** Room for the line that counts the missing lines. */
const NOTE_LENGTH = '\n… 1000000 more lines'.length

/**
 * Preformatted text as fenced pieces of at most `max` characters each and `total` together, cut at line ends where there
 * are any. Fences inside the text cannot end a piece. The last line counts what does not fit.
 */
export function toFences(text: string, max: number, total: number): string[] {
  const whole = withoutFinalLineBreaks(text)
  // A character takes two units at most, and so does a line break: beyond this nothing can fit.
  const start = whole.slice(0, 2 * Math.max(0, total) + 1)
  const lines = wrapLines(start, max - FENCES_LENGTH)
  const count = lines.length + countLineBreaks(whole, start.length)
  const pieces: string[] = []
  let piece = ''
  let used = 0
  const room = () => Math.min(max, total - used) - FENCES_LENGTH
  for (const [index, line] of lines.entries()) {
    const extended = piece === '' ? line : `${piece}\n${line}`
    if (extended.length <= room() - (index < count - 1 ? NOTE_LENGTH : 0)) {
      piece = extended
      continue
    }
    if (piece !== '') {
      pieces.push(piece)
      used += piece.length + FENCES_LENGTH
    }
    piece = line
    if (line.length > room() - NOTE_LENGTH) return pieces.length === 0 ? [] : close(pieces, count - index)
  }
  if (piece !== '') pieces.push(piece)
  return pieces.map(fence)
}

function withoutFinalLineBreaks(text: string): string {
  let end = text.length
  while (text[end - 1] === '\n') end--
  return text.slice(0, end)
}

function countLineBreaks(text: string, from: number): number {
  let count = 0
  for (let at = text.indexOf('\n', from); at !== -1; at = text.indexOf('\n', at + 1)) count++
  return count
}

function close(pieces: string[], missing: number): string[] {
  const last = pieces.length - 1
  pieces[last] = `${pieces[last]}\n… ${missing} more ${missing === 1 ? 'line' : 'lines'}`
  return pieces.map(fence)
}

function fence(piece: string): string {
  return `\`\`\`\n${piece}\n\`\`\``
}

/** The escaped lines. A line that is too long for any piece is broken between code points, never inside an escape. */
function wrapLines(text: string, max: number): string[] {
  return text.split('\n').flatMap(line => {
    const escaped = escapeMarkup(line).replaceAll('```', 'ˋˋˋ')
    if (escaped.length <= max - NOTE_LENGTH) return [escaped]
    const broken: string[] = []
    let current = ''
    for (const point of escaped.match(/&(?:amp|lt|gt);|[\s\S]/gu) ?? []) {
      if (current.length + point.length > max - NOTE_LENGTH) {
        broken.push(current)
        current = ''
      }
      current += point
    }
    return [...broken, current]
  })
}
