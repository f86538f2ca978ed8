// Evidence as text in a fixed-width font: lines of a log, tables, outputs and rows of numbers, folded at a width.
import { type Column, type Evidence, type LogEntry, type Progress, plainText, type Span, type Text } from '../card.ts'
import { sparkline } from '../charts/sparkline.ts'
import { formatMoment } from '../time.ts'
import { safeText } from './safe-text.ts'

/** How many columns a telephone shows of a fixed-width font without a line break of its own, in a block within a card. */
export const PHONE_WIDTH = 36

/** The time zone of the times in the text, and the most columns of a line; `Infinity` folds nothing. */
export type MonoStyle = { timeZone: string; width: number }

/** Room for the beginning of a message beside what comes before it; with less it begins on the next line. */
const MIN_MESSAGE_WIDTH = 12
const FOLD_INDENT = '  '
const LEVEL_WIDTH = 5
const MAX_CELL_WIDTH = 30
const COLUMN_GAP = 2
/** The blocks of a progress bar. */
const PROGRESS_WIDTH = 10
/** The most bars of a row of numbers. */
const MAX_BARS = 24

/** One piece of evidence as text without a final line break. Control characters in data become visible. */
export function monoText(evidence: Evidence, style: MonoStyle): string {
  if (evidence.kind === 'log') return logText(evidence.entries, style)
  if (evidence.kind === 'table') return tableText(evidence, style)
  if (evidence.kind === 'chart') return chartText(evidence, style.width)
  return safeText(evidence.text.replaceAll('\r\n', '\n')).trimEnd()
}

/** The name of a piece of evidence, to be shown above it; empty when it has none or shows it itself. */
export function evidenceName(evidence: Evidence): string {
  return evidence.kind === 'log' || evidence.kind === 'chart' ? '' : (evidence.name ?? '')
}

/** A bar with its numbers: `▰▰▰▱▱▱▱▱▱▱ 3 of 10 rows`. */
export function progressText({ done, total, unit }: Progress): string {
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0
  const full = Math.floor(share * PROGRESS_WIDTH)
  const bar = '▰'.repeat(full) + '▱'.repeat(PROGRESS_WIDTH - full)
  const numbers = `${done.toLocaleString('en')} of ${total.toLocaleString('en')}`
  return `${bar} ${numbers}${unit ? ` ${unit}` : ''}`
}

/** A row of numbers with what it means: `Errors ▁▂█ at most 12 lines, threshold 5 lines`. */
export function chartText(
  { name, values, unit = '', threshold }: Extract<Evidence, { kind: 'chart' }>,
  width = Number.POSITIVE_INFINITY,
): string {
  const numbers = values.filter(value => value !== null)
  const withUnit = (value: number) => (unit === '' ? `${value}` : unit === '%' ? `${value}%` : `${value} ${unit}`)
  const most = numbers.length === 0 ? '' : ` at most ${withUnit(Math.max(...numbers))}`
  const limit = threshold === undefined ? '' : `${most === '' ? ' ' : ', '}threshold ${withUnit(threshold)}`
  const title = safeText(name.charAt(0).toUpperCase() + name.slice(1))
  const bars = `${title} ${sparkline(narrowed(values))}`
  const rest = `${most}${limit}`
  return columnsOf(`${bars}${rest}`) > width ? `${bars}\n${rest.trim()}` : `${bars}${rest}`
}

/** At most as many values as a telephone shows in a row: of each stretch the highest. */
function narrowed(values: readonly (number | null)[]): (number | null)[] {
  const size = Math.ceil(values.length / MAX_BARS)
  if (size <= 1) return [...values]
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => {
    const numbers = values.slice(i * size, (i + 1) * size).filter(value => value !== null)
    return numbers.length === 0 ? null : Math.max(...numbers)
  })
}

/** The sources of the lines when they all have the same: then it is shown once. */
export function sharedSource(entries: readonly LogEntry[]): string | null {
  const [first] = entries
  return first && first.source !== '' && entries.every(({ source }) => source === first.source) ? first.source : null
}

/**
 * Lines of a log: time, level, source and message, the long ones folded. A day that changes has a line of its own, matches
 * are marked by a line of carets below, and the target line by `>`.
 */
function logText(entries: readonly LogEntry[], style: MonoStyle): string {
  const shared = sharedSource(entries)
  const hasTarget = entries.some(({ isTarget }) => isTarget)
  const days = entries.map(({ at }) => formatMoment(at, style.timeZone).split(' ')[0]!)
  const hasDays = new Set(days).size > 1
  return entries
    .flatMap((entry, i) => [
      ...(hasDays && days[i] !== days[i - 1] ? [`-- ${days[i]} --`] : []),
      ...entryLines(entry, shared !== null, hasTarget, style),
    ])
    .join('\n')
}

function entryLines(entry: LogEntry, isShared: boolean, hasTarget: boolean, { timeZone, width }: MonoStyle): string[] {
  const time = formatMoment(entry.at, timeZone).split(' ')[1]!
  const source = isShared || entry.source === '' ? '' : `${oneLine(entry.source)} `
  const mark = hasTarget ? (entry.isTarget ? '> ' : '  ') : ''
  const start = `${mark}${time} ${entry.level.toUpperCase().padEnd(LEVEL_WIDTH)} ${source}`
  const spans = typeof entry.message === 'string' ? [entry.message] : entry.message
  const points = spans.flatMap(span => pointsOf(span, timeZone))
  const isOnNextLine = width - columnsOf(start) < MIN_MESSAGE_WIDTH && points.length > 0
  const folded = fold(points, isOnNextLine ? 0 : width - columnsOf(start), width - FOLD_INDENT.length)
  return folded.flatMap((piece, i) => {
    const before = i === 0 ? (isOnNextLine ? start.trimEnd() : start) : FOLD_INDENT
    const text = piece.map(({ point }) => point).join('')
    const line = `${before}${text}`.trimEnd()
    return piece.some(({ isMatch }) => isMatch) ? [line, caretsUnder(before, piece)] : [line]
  })
}

type Point = { point: string; width: number; isMatch: boolean }

function pointsOf(span: Span, timeZone: string): Point[] {
  const isMatch = typeof span === 'object' && 'bold' in span
  const text = oneLine(plainText([span], at => formatMoment(at, timeZone)))
  return Array.from(text, point => ({ point, width: widthOf(point), isMatch }))
}

/** The points in lines of at most `first` and then `rest` columns, broken after a space where there is one. */
function fold(points: readonly Point[], first: number, rest: number): Point[][] {
  const lines: Point[][] = first > 0 ? [] : [[]]
  let at = 0
  while (at < points.length) {
    const room = Math.max(1, lines.length === 0 ? first : rest)
    let end = at
    let used = 0
    while (end < points.length && used + points[end]!.width <= room) used += points[end++]!.width
    if (end === at) end++
    const lastSpace = end < points.length ? lastSpaceIn(points, at, end) : -1
    // A word that fills more than half of a line is broken; it may be an address or a stack.
    if (lastSpace > at + room / 2) end = lastSpace + 1
    lines.push(points.slice(at, end))
    at = end
  }
  return lines.length === 0 ? [[]] : lines
}

function lastSpaceIn(points: readonly Point[], from: number, to: number): number {
  for (let i = to - 1; i > from; i--) if (points[i]!.point === ' ') return i
  return -1
}

function caretsUnder(before: string, piece: readonly Point[]): string {
  const marks = piece.map(({ width, isMatch }) => (isMatch ? '^' : ' ').repeat(width)).join('')
  return `${' '.repeat(columnsOf(before))}${marks}`.trimEnd()
}

/** A table with aligned columns; where it is too wide, its cells stand below each other instead. */
function tableText({ columns, cells }: Extract<Evidence, { kind: 'table' }>, { timeZone, width }: MonoStyle): string {
  const toText = (text: Text) => oneLine(plainText(text, at => formatMoment(at, timeZone)))
  const rows = cells.map(row => row.map(toText))
  const heads = columns.map(({ name }) => oneLine(name))
  const hasHead = heads.some(head => head !== '')
  const widths = columns.map((_, i) =>
    Math.max(0, ...[...(hasHead ? [heads[i]!] : []), ...rows.map(row => row[i] ?? '')].map(columnsOf)),
  )
  const last = widths.length - 1
  const fixed = widths.slice(0, last).reduce((sum, own) => sum + Math.min(own, MAX_CELL_WIDTH) + COLUMN_GAP, 0)
  if (fixed + Math.min(widths[last] ?? 0, MIN_MESSAGE_WIDTH) > width) return stackedRows(hasHead ? heads : [], rows)
  const shown = widths.map((own, i) => (i === last ? own : Math.min(own, MAX_CELL_WIDTH)))
  const line = (row: readonly string[]) => {
    const padded = shown.map((own, i) => cellText(row[i] ?? '', i === last, own, columns[i]?.align))
    return foldLast(padded, fixed, width)
  }
  return [...(hasHead ? [heads] : []), ...rows].flatMap(line).join('\n')
}

/** A row whose last cell goes on below itself when it is longer than the line. */
function foldLast(cells: readonly string[], fixed: number, width: number): string[] {
  const start = cells
    .slice(0, -1)
    .map(cell => `${cell}${' '.repeat(COLUMN_GAP)}`)
    .join('')
  const points = Array.from(cells.at(-1) ?? '', point => ({ point, width: widthOf(point), isMatch: false }))
  const room = Math.max(MIN_MESSAGE_WIDTH, width - fixed)
  return fold(points, room, room).map((piece, i) =>
    `${i === 0 ? start : ' '.repeat(fixed)}${piece.map(({ point }) => point).join('')}`.trimEnd(),
  )
}

function stackedRows(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows
    .flatMap(row =>
      row.flatMap((cell, i) => {
        if (cell.trim() === '') return []
        return heads[i] ? [`${heads[i]}: ${cell}`] : [`${i === 0 ? '' : FOLD_INDENT}${cell}`]
      }),
    )
    .join('\n')
}

/** A cell in its width; the last one is as long as it is, because it is folded. */
function cellText(cell: string, isLast: boolean, width: number, align: Column['align']): string {
  if (isLast && align !== 'right') return cell
  return pad(isLast ? cell : cut(cell, width), width, align)
}

function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - columnsOf(text)))
  return align === 'right' ? space + text : text + space
}

function cut(text: string, width: number): string {
  if (columnsOf(text) <= width) return text
  let shown = ''
  let used = 0
  for (const point of text) {
    used += widthOf(point)
    if (used > width - 1) break
    shown += point
  }
  return `${shown}…`
}

const oneLine = (text: string) => safeText(text.toWellFormed()).replace(/\s+/g, ' ')

/** The columns that a text takes in a fixed-width font. */
export function columnsOf(text: string): number {
  let sum = 0
  for (const point of text) sum += widthOf(point)
  return sum
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const WITHOUT_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u

/** Two columns for East Asian writing and emoji, none for what joins the character before (Unicode Annex 11). */
function widthOf(point: string): number {
  if (point < '\u0300') return 1
  if (WITHOUT_WIDTH.test(point)) return 0
  return WIDE.test(point) ? 2 : 1
}
