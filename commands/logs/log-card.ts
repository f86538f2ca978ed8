// Shows log lines in chat.
import { z } from 'zod'
import type { Evidence, LogEntry } from '../../src/card.ts'
import type { LogLine } from '../../src/logs/line.ts'
import { highlight } from '../../src/logs/query/highlight.ts'
import type { QueryNode } from '../../src/logs/query/tree.ts'

/** Five rows of a telephone; "logs show" has the whole line. */
const MAX_MESSAGE_LENGTH = 160

/** A line as a card shows it, with the words of the query marked. */
export function logEntry(line: LogLine, where: QueryNode | null = null): LogEntry {
  const message = shorten(line.message.replaceAll(/\s*\n\s*/g, ' ⏎ '))
  return {
    at: line.timestamp,
    level: line.level,
    source: [line.source, line.host].filter(Boolean).join('@'),
    message: highlight(message, where),
  }
}

/** Lines as the evidence of a card; none for no lines. */
export function logEvidence(entries: readonly LogEntry[], isColoured = false): { evidence?: Evidence[] } {
  return entries.length === 0 ? {} : { evidence: [{ kind: 'log', entries, ...(isColoured && { isColoured }) }] }
}

/** The flag with which somebody asks for colours in a block of lines. */
export const colorFlag = () =>
  z.boolean().optional().describe('Colour the levels on Discord (telephones show codes instead)')

/** Unlike `truncate`, it tells how many characters are missing. */
function shorten(text: string): string {
  const points = Array.from(text)
  if (points.length <= MAX_MESSAGE_LENGTH) return text
  return `${points.slice(0, MAX_MESSAGE_LENGTH).join('')}… ${points.length - MAX_MESSAGE_LENGTH} more`
}
