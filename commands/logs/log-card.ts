// Shows log lines in chat.
import type { Span, Text } from '../../src/card.ts'
import type { Level, LogLine } from '../../src/logs/line.ts'
import { highlight } from '../../src/logs/query/highlight.ts'
import type { QueryNode } from '../../src/logs/query/tree.ts'

const ICONS: Record<Level, string> = { trace: '▫️', debug: '▫️', info: '🔹', warn: '🔸', error: '🔴', fatal: '🟣' }
const MAX_MESSAGE_LENGTH = 300

/** A line as one paragraph: time, level, origin and message, with the words of the query in bold. */
export function logText(line: LogLine, where: QueryNode | null = null): Text {
  const origin = [line.source, line.host].filter(Boolean).join('@')
  const message = shorten(line.message.replaceAll(/\s*\n\s*/g, ' ⏎ '))
  const spans: Span[] = [
    `${ICONS[line.level]} `,
    { time: line.timestamp, style: 'clock' },
    ` ${line.level.toUpperCase()} `,
    ...(origin === '' ? [] : [{ code: origin }, ' ']),
    ...highlight(message, where),
  ]
  return spans
}

/** Unlike `truncate`, it tells how many characters are missing. */
function shorten(text: string): string {
  const points = Array.from(text)
  if (points.length <= MAX_MESSAGE_LENGTH) return text
  return `${points.slice(0, MAX_MESSAGE_LENGTH).join('')}… ${points.length - MAX_MESSAGE_LENGTH} more`
}
