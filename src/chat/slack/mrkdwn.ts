// Writes texts in Slack's mrkdwn so that data stays data: no markup, no mention, nothing cut in the middle of a token.
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
  return cleanText(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
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
  return cleanText(url).replace(/[\s<>|`]/g, found => encodeURIComponent(found))
}

const FENCES = '```\n\n```'.length

/**
 * Fenced pieces of at most `max` characters each and `total` together, cut at line ends where there are any.
 * Fences inside the text cannot end a piece. What does not fit is counted in the last line.
 */
export function toFences(text: string, max: number, total: number): string[] {
  const lines = wrapLines(text.replace(/\n+$/, ''), max - FENCES)
  const pieces: string[] = []
  let piece = ''
  let spent = 0
  const room = () => Math.min(max, total - spent) - FENCES
  for (const [index, line] of lines.entries()) {
    const longer = piece === '' ? line : `${piece}\n${line}`
    if (longer.length <= room() - (index < lines.length - 1 ? NOTE : 0)) {
      piece = longer
      continue
    }
    if (piece !== '') {
      pieces.push(piece)
      spent += piece.length + FENCES
    }
    piece = line
    if (line.length > room() - NOTE) return pieces.length === 0 ? [] : close(pieces, lines.length - index)
  }
  if (piece !== '') pieces.push(piece)
  return pieces.map(fence)
}

// Room for the line that says how many lines are missing.
const NOTE = '\n… 1000000 more lines'.length

function close(pieces: string[], missing: number): string[] {
  const last = pieces.length - 1
  pieces[last] = `${pieces[last]}\n… ${missing} more ${missing === 1 ? 'line' : 'lines'}`
  return pieces.map(fence)
}

function fence(piece: string): string {
  return `\`\`\`\n${piece}\n\`\`\``
}

/** The escaped lines; one that is too long for any piece is broken between code points, never inside an escape. */
function wrapLines(text: string, max: number): string[] {
  return text.split('\n').flatMap(line => {
    const escaped = escapeMarkup(line).replaceAll('```', 'ˋˋˋ')
    if (escaped.length <= max - NOTE) return [escaped]
    const broken: string[] = []
    let current = ''
    for (const point of escaped.match(/&(?:amp|lt|gt);|[\s\S]/gu) ?? []) {
      if (current.length + point.length > max - NOTE) {
        broken.push(current)
        current = ''
      }
      current += point
    }
    return [...broken, current]
  })
}
