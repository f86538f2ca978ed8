// Texts as Discord's markdown: data can neither format nor mention, and a cut text counts what was left out.
import { countCodePoints, cutText, type Span, type Text } from '../../card.ts'
import { paintLogLine } from '../card-text.ts'
import { cleanText, fitText, type SpanWriter } from '../fit-text.ts'

/** An address, up to where markdown would end it. */
const LINK = /(https?:\/\/[^\s<>|*`[\]]+)/g
/** A block with less room than this is left out. */
const MIN_CODE_LENGTH = 12
/** The last instant that JavaScript knows, in seconds; clients show none beyond it. */
const MAX_SECONDS = 8_640_000_000_000

/** Data as Discord shows it literally: every mark is escaped, links stay whole, @everyone and @here mention nobody. */
export function escapeMarkdown(text: string): string {
  return cleanText(text)
    .split(LINK)
    .map((part, i) => (i % 2 === 1 ? withoutMentions(part) : withoutMentions(escapeMarks(part))))
    .join('')
}

/** A text as markdown of at most `max` code points; what does not fit is counted at the end. */
export function markdown(text: Text, max: number): string {
  return fitText(text, max, WRITER)
}

/** A fenced block of at most `max` code points, always closed; empty when not even a line fits. */
export function codeBlock(text: string, language: string | undefined, max: number): string {
  const tag = language && /^[\w+#-]{1,20}$/.test(language) ? language : ''
  const room = max - size(`\`\`\`${tag}\n\n\`\`\``)
  if (room < MIN_CODE_LENGTH) return ''
  // With a zero-width space in it, data cannot close the fence.
  const safe = cleanText(text).replaceAll('``', '`\u200b`').trimEnd()
  return `\`\`\`${tag}\n${cutText(safe, room)}\n\`\`\``
}

/** The codes that Discord's `ansi` fences know, by what `paintLogLine` paints. */
const ANSI: Record<string, string> = { error: '31', warn: '33', info: '36', dim: '30', bold: '1', match: '1;33' }

/** Lines of a log in an `ansi` fence. Telephones show the codes as text, so only for who asks for colours. */
export function ansiBlock(text: string): string {
  const safe = cleanText(text).replaceAll('``', '`\u200b`').trimEnd()
  const paint = (part: string, style: string) => `\u001b[${ANSI[style] ?? '0'}m${part}\u001b[0m`
  const lines = safe.split('\n').map(line => paintLogLine(line, paint))
  return `\`\`\`ansi\n${lines.join('\n')}\n\`\`\``
}

/** Length as Discord counts it: code points. */
export function size(text: string): number {
  return countCodePoints(text)
}

function escapeMarks(text: string): string {
  return (
    text
      .replace(/[\\*~`|[\]<]/g, '\\$&')
      // Inside a word an underscore means nothing, and a push notification would show the backslash.
      .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\_')
      // Indents end at the line, so that a run of empty lines is read once and not from each of its lines.
      .replace(/^([^\S\n\r\u2028\u2029]*)([#>\-+])/gm, '$1\\$2')
      .replace(/^([^\S\n\r\u2028\u2029]*\d+)\./gm, '$1\\.')
  )
}

const withoutMentions = (text: string) => text.replace(/@(everyone|here)/gi, '@\u200b$1')

function write(span: Span): string {
  if (typeof span === 'string') return escapeMarkdown(span)
  if ('bold' in span) return span.bold.trim() === '' ? '' : `**${escapeMarkdown(span.bold.trim())}**`
  if ('code' in span) return codeSpan(span.code)
  if ('time' in span) return timestamp(span)
  return link(span.link, span.label)
}

function codeSpan(code: string): string {
  const text = withoutMentions(cleanText(code).replaceAll('\n', ' '))
  if (text.trim() === '') return ''
  return text.includes('`') ? `\`\` ${text.replaceAll('``', '`\u200b`')} \`\`` : `\`${text}\``
}

/** An instant that each reader sees in their own time zone. */
function timestamp({ time, style }: { time: number; style: 'relative' | 'moment' | 'clock' }): string {
  const seconds = Math.floor(time / 1000)
  if (!Number.isFinite(seconds) || Math.abs(seconds) > MAX_SECONDS) return 'an unknown time'
  return `<t:${seconds}:${{ relative: 'R', moment: 'f', clock: 'T' }[style]}>`
}

function link(target: string, label: string): string {
  const url = URL.parse(target)
  if (!url || !/^https?:$/.test(url.protocol)) return escapeMarkdown(`${label} (${target})`)
  const safe = url.href.replaceAll('(', '%28').replaceAll(')', '%29')
  return `[${escapeMarks(cleanText(label).replaceAll('\n', ' '))}](<${safe}>)`
}

const WRITER: SpanWriter = { write, size }
