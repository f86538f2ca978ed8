// Evidence as Slack blocks: log lines and outputs as preformatted rich text, tables as tables, each with its older form.
import type { types } from '@slack/bolt'
import { type Evidence, plainText, type Text } from '../../card.ts'
import { formatMoment } from '../../time.ts'
import { cleanText } from '../fit-text.ts'
import { evidenceName, monoText, PHONE_WIDTH, sharedSource } from '../mono-text.ts'
import type { NewerKind } from './newer-kinds.ts'

/** https://docs.slack.dev/reference/block-kit/blocks/table-block */
const MAX_TABLE_ROWS = 100
const MAX_TABLE_COLUMNS = 20
/** Slack allows 10,000 in all cells together; a message has room for less. */
const MAX_TABLE_LENGTH = 6_000
const MAX_CELL_LENGTH = 300

/** What stands above a piece of evidence; empty when nothing does. */
export function evidenceCaption(evidence: Evidence): string {
  return evidence.kind === 'log' ? (sharedSource(evidence.entries) ?? '') : evidenceName(evidence)
}

/** The text of a piece of evidence in a fixed-width font; of an output that is longer than `max` only the end. */
export function evidenceText(evidence: Evidence, timeZone: string, max: number): string {
  const text = monoText(evidence, { timeZone, width: PHONE_WIDTH })
  return evidence.kind === 'output' ? endOf(text, max) : text
}

/** Text in a fixed-width font, in which nothing is markup; null where the workspace has no such block. */
export function preformatted(text: string, refused: ReadonlySet<NewerKind>): types.RichTextBlock | null {
  const clean = cleanText(text)
  if (refused.has('rich_text') || clean.trim() === '') return null
  return {
    type: 'rich_text',
    elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: clean }], border: 0 }],
  }
}

/**
 * A table with a head as a table; null where the workspace has no such block, where the message has a table already, and
 * for one without a head or with more than Slack takes.
 */
export function tableBlock(
  evidence: Evidence,
  { refused, hasTable, timeZone }: { refused: ReadonlySet<NewerKind>; hasTable: boolean; timeZone: string },
): types.TableBlock | null {
  if (evidence.kind !== 'table' || refused.has('table') || hasTable) return null
  const { columns, cells } = evidence
  const hasHead = columns.some(({ name }) => name.trim() !== '')
  if (!hasHead || columns.length > MAX_TABLE_COLUMNS || cells.length + 1 > MAX_TABLE_ROWS) return null
  const rows = [
    columns.map(({ name }) => cell(name, timeZone)),
    ...cells.map(row => columns.map((_, i) => cell(row[i] ?? '', timeZone))),
  ]
  const length = rows.flat().reduce((sum, { text }) => sum + text.length, 0)
  if (length > MAX_TABLE_LENGTH) return null
  // Each setting is whole: Slack refuses empty ones.
  return { type: 'table', rows, column_settings: columns.map(({ align = 'left' }) => ({ align, is_wrapped: true })) }
}

/** A cell; Slack refuses empty ones. */
function cell(text: Text, timeZone: string): types.RawTextElement {
  const plain = cleanText(plainText(text, at => formatMoment(at, timeZone)))
    .replace(/\s+/g, ' ')
    .trim()
  const points = Array.from(plain)
  const cut = points.length > MAX_CELL_LENGTH ? `${points.slice(0, MAX_CELL_LENGTH - 1).join('')}…` : plain
  return { type: 'raw_text', text: cut === '' ? '–' : cut }
}

/** The end of a text in at most `max` characters, from the begin of a line where there is one. */
function endOf(text: string, max: number): string {
  if (text.length <= max) return text
  const cut = text.slice(-Math.max(0, max - NOTE_LENGTH)).toWellFormed()
  const end = cut.slice(cut.indexOf('\n') + 1)
  return `… ${(text.length - end.length).toLocaleString('en')} characters more above\n${end}`
}

const NOTE_LENGTH = 40
