// How log lines look in chat.
import type { Span, Text } from '../../src/card.ts'
import type { Level, LogLine } from '../../src/logs/line.ts'
import { highlight } from '../../src/logs/query/highlight.ts'
import type { QueryNode } from '../../src/logs/query/tree.ts'

const ICONS: Record<Level, string> = { trace: '▫️', debug: '▫️', info: '🔹', warn: '🔸', error: '🔴', fatal: '🟣' }
const SHOWN = 300

/** A line as one paragraph: when, how bad, from where, what; what the query looked for in bold. */
export function logText(line: LogLine, where: QueryNode | null = null): Text {
  const from = [line.source, line.host].filter(Boolean).join('@')
  const message = shorten(line.message.replaceAll(/\s*\n\s*/g, ' ⏎ '))
  const spans: Span[] = [
    `${ICONS[line.level]} `,
    { time: line.timestamp, style: 'clock' },
    ` ${line.level.toUpperCase()} `,
    ...(from === '' ? [] : [{ code: from }, ' ']),
    ...highlight(message, where),
  ]
  return spans
}

function shorten(text: string): string {
  const points = Array.from(text)
  return points.length <= SHOWN ? text : `${points.slice(0, SHOWN).join('')}… ${points.length - SHOWN} more`
}
