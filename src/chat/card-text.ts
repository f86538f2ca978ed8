// A card as plain text: for the terminal, the command line client and every place without formatting.
import { type Card, plainText, type Text } from '../card.ts'
import { formatMoment, formatRelative } from '../time.ts'

export type TextStyle = {
  timeZone: string
  now: number
  /** Formats the title by the tone of the card, names in bold and so on; plain when absent. */
  paint?: (text: string, style: 'title' | 'bold' | 'dim', card: Card) => string
  /** The text of a button; without it no buttons are shown. */
  button?: (label: string, line: string) => string
}

/** The text of a card, without a final line break. Control characters in data become visible and have no effect. */
export function cardText(card: Card, style: TextStyle): string {
  const paint = style.paint ?? (text => text)
  const toPlain = (text: Text) => safeText(plainText(text, (at, how) => formatTime(at, how, style)))
  const mentions = (card.mention ?? []).map(({ name }) => `@${toPlain(name)} `).join('')
  const title = card.title === '' ? [] : [paint(`${mentions}${toPlain(card.title)}`, 'title', card)]
  const lines = [...title, ...(card.lines ?? []).map(toPlain)]
  for (const { name, value } of card.fields ?? [])
    lines.push(`${paint(`${toPlain(name)}:`, 'bold', card)} ${toPlain(value)}`)
  if (card.code) lines.push(...indented(safeText(card.code.text)))
  if (card.image) lines.push(`[${toPlain(card.image.alt)}]`)
  if (card.file) lines.push(`[file ${toPlain(card.file.name)}, ${card.file.content.length} bytes]`)
  for (const { label, line, url } of card.buttons ?? [])
    if (style.button) lines.push(paint(url ? `${label}: ${url}` : style.button(label, line), 'dim', card))
  if (card.footer) lines.push(paint(toPlain(card.footer), 'dim', card))
  return lines.join('\n')
}

/** Text in which every control character but tab and line break is replaced by its picture (ESC by ␛). */
export function safeText(text: string): string {
  return text.replace(/[[\p{Cc}\p{Bidi_Control}]--[\t\n]]/gv, character => {
    const code = character.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '␡' : '�'
  })
}

function indented(text: string): string[] {
  return text.split('\n').map(line => `    ${line}`)
}

function formatTime(at: number, how: 'relative' | 'moment' | 'clock', { now, timeZone }: TextStyle): string {
  if (how === 'relative') return formatRelative(at, now)
  const moment = formatMoment(at, timeZone)
  return how === 'moment' ? moment : (moment.split(' ')[1] ?? moment)
}
