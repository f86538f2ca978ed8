// A card as plain text: for the terminal, the command line client and whatever has no colours.
import { type Card, plainText, type Text } from '../card.ts'
import { formatMoment, formatRelative } from '../time.ts'

export type TextStyle = {
  timeZone: string
  now: number
  /** Paints the title by the card's tone, names bold and so on; plain when absent. */
  paint?: (text: string, style: 'title' | 'bold' | 'dim', card: Card) => string
  /** How a button is shown; none are when absent. */
  button?: (label: string, line: string) => string
}

/** The text of a card, without a final line break. Control characters in data are made visible, never obeyed. */
export function cardText(card: Card, style: TextStyle): string {
  const paint = style.paint ?? (text => text)
  const say = (text: Text) => safeText(plainText(text, (at, how) => showTime(at, how, style)))
  const called = (card.mention ?? []).map(one => `@${say(one.name)} `).join('')
  const title = card.title === '' ? [] : [paint(`${called}${say(card.title)}`, 'title', card)]
  const lines = [...title, ...(card.lines ?? []).map(say)]
  for (const field of card.fields ?? []) lines.push(`${paint(`${say(field.name)}:`, 'bold', card)} ${say(field.value)}`)
  if (card.code)
    lines.push(
      ...safeText(card.code.text)
        .split('\n')
        .map(line => `    ${line}`),
    )
  if (card.image) lines.push(`[${say(card.image.alt)}]`)
  if (card.file) lines.push(`[file ${say(card.file.name)}, ${card.file.content.length} bytes]`)
  for (const button of card.buttons ?? []) {
    if (style.button)
      lines.push(
        paint(button.url ? `${button.label}: ${button.url}` : style.button(button.label, button.line), 'dim', card),
      )
  }
  if (card.footer) lines.push(paint(say(card.footer), 'dim', card))
  return lines.join('\n')
}

/** Text with every control character but tab and line break replaced by its picture (ESC by ␛): terminals obey none. */
export function safeText(text: string): string {
  return text.replace(/[[\p{Cc}\p{Bidi_Control}]--[\t\n]]/gv, letter => {
    const code = letter.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '␡' : '�'
  })
}

function showTime(at: number, how: 'relative' | 'moment' | 'clock', style: TextStyle): string {
  if (how === 'relative') return formatRelative(at, style.now)
  const moment = formatMoment(at, style.timeZone)
  return how === 'moment' ? moment : (moment.split(' ')[1] ?? moment)
}
