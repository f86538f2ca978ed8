// A card as plain text: for the terminal, the command line client and every place without formatting.
import { type Button, type Card, type Evidence, plainText, type Text, typedLine } from '../card.ts'
import { formatMoment, formatRelative } from '../time.ts'
import { orderedButtons, smallPrint } from './card-parts.ts'
import { evidenceName, monoText, progressText, sharedSource } from './mono-text.ts'
import { safeText } from './safe-text.ts'

/** Formats a text: the title by the tone of the card, names in bold, the small print dim, matches, and levels of log lines. */
export type Paint = (
  text: string,
  style: 'title' | 'bold' | 'dim' | 'match' | 'error' | 'warn' | 'info',
  card: Card,
) => string

export type TextStyle = {
  timeZone: string
  now: number
  /** The most columns of evidence; without it nothing is folded. */
  width?: number
  /** Plain text when absent. */
  paint?: Paint
  /** The text of a button; without it no buttons are shown. */
  button?: (label: string, line: string) => string
}

const CODE_INDENT = '    '

/** The text of a card, without a final line break. Control characters in data become visible and have no effect. */
export function cardText(card: Card, style: TextStyle): string {
  const paint = style.paint ?? (text => text)
  const toPlain = (text: Text) => safeText(plainText(text, (at, how) => formatTime(at, how, style)))
  const toPainted = (text: Text) =>
    typeof text === 'string'
      ? toPlain(text)
      : text
          .map(span => {
            const plain = toPlain([span])
            return typeof span === 'object' && 'bold' in span && plain !== '' ? paint(plain, 'bold', card) : plain
          })
          .join('')
  const mentions = (card.mention ?? []).map(({ name }) => `@${toPlain(name)} `).join('')
  const title = card.title === '' ? [] : [paint(`${mentions}${toPlain(card.title)}`, 'title', card)]
  const lines = [...title, ...(card.lines ?? []).map(toPainted)]
  for (const { name, value } of card.fields ?? [])
    lines.push(`${paint(`${toPlain(name)}:`, 'bold', card)} ${toPainted(value)}`)
  for (const evidence of card.evidence ?? [])
    lines.push(...evidenceLines(evidence, style, (text, how) => paint(text, how, card)))
  if (card.code) lines.push(...indented(safeText(card.code.text)))
  for (const { text } of card.rows ?? []) lines.push(toPainted(text))
  if (card.progress) lines.push(progressText(card.progress))
  if (card.image) lines.push(`[${toPlain(card.image.alt)}]`)
  if (card.file) lines.push(`[file ${toPlain(card.file.name)}, ${card.file.content.length} bytes]`)
  for (const button of style.button ? typedButtons(card) : []) {
    const { label, url } = button
    lines.push(paint(safeText(url ? `${label}: ${url}` : style.button!(label, typedLine(button))), 'dim', card))
  }
  const footer = smallPrint(card)
  if (footer !== null) lines.push(paint(toPlain(footer), 'dim', card))
  return lines.join('\n')
}

export type PaintPart = (text: string, style: Parameters<Paint>[1]) => string

function evidenceLines(
  evidence: Evidence,
  { timeZone, width = Number.POSITIVE_INFINITY }: TextStyle,
  paint: PaintPart,
): string[] {
  // Lines of a log stand at the edge, so that they can be copied and piped.
  const isLog = evidence.kind === 'log'
  const source = isLog ? sharedSource(evidence.entries) : null
  const name = isLog ? (source === null ? '' : `From ${safeText(source)}:`) : safeText(evidenceName(evidence))
  const text = monoText(evidence, { timeZone, width: isLog ? width : width - CODE_INDENT.length })
  const isIndented = !isLog && evidence.kind !== 'chart'
  const lines = isLog ? text.split('\n').map(line => paintLogLine(line, paint)) : text.split('\n')
  return [...(name === '' ? [] : [paint(name, 'bold')]), ...(isIndented ? indented(text) : lines)]
}

const LEVEL_STYLES: Record<string, 'error' | 'warn' | 'info' | 'dim'> = {
  FATAL: 'error',
  ERROR: 'error',
  WARN: 'warn',
  INFO: 'info',
  DEBUG: 'dim',
  TRACE: 'dim',
}

/** A line of the block with its time dim, its level in colour, the marks under matches, and the target line in bold. */
export function paintLogLine(line: string, paint: PaintPart): string {
  if (/^[ ^]*\^[ ^]*$/.test(line)) return paint(line, 'match')
  const [, mark, time, level, rest] = /^((?:[> ] )?)(\d\d:\d\d:\d\d\S*) ([A-Z]+)(.*)$/s.exec(line) ?? []
  if (time === undefined || level === undefined) return line
  const shown = rest ?? ''
  const message = mark === '> ' && shown.trim() !== '' ? paint(shown, 'bold') : shown
  return `${mark}${paint(time, 'dim')} ${paint(level, LEVEL_STYLES[level] ?? 'dim')}${message}`
}

/** Every button, and of a list the action of its first row: the others are typed alike. */
function typedButtons(card: Card): Button[] {
  const [first] = (card.rows ?? []).flatMap(({ action }) => (action ? [action] : []))
  const { previous, next } = card.page ?? {}
  return [
    ...(first ? [first] : []),
    ...[previous, next].filter(button => button !== undefined),
    ...orderedButtons(card.buttons ?? []),
  ]
}

function indented(text: string): string[] {
  return text.split('\n').map(line => `${CODE_INDENT}${line}`)
}

function formatTime(at: number, how: 'relative' | 'moment' | 'clock', { now, timeZone }: TextStyle): string {
  if (how === 'relative') return formatRelative(at, now)
  const moment = formatMoment(at, timeZone)
  return how === 'moment' ? moment : (moment.split(' ')[1] ?? moment)
}
