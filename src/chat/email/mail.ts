// A card as an e-mail: a subject, a text and an HTML part that say the same. Pure.
import { type Card, cutText, plainText, type Span, type Text, TONE_ICONS, type Tone } from '../../card.ts'
import { formatMoment } from '../../time.ts'
import { cardText, safeText } from '../card-text.ts'

const COLOURS: Record<Tone, string> = {
  plain: '#4a5568',
  good: '#2f855a',
  info: '#2b6cb0',
  warning: '#c05621',
  critical: '#c53030',
  muted: '#718096',
}
const SUBJECT = 150

/** The parts of the mail for a card. A mail cannot be pressed, so buttons are shown as the lines to type. */
export function renderMail(card: Card, timeZone: string, now: number) {
  return {
    subject: cutText(safeText(`${TONE_ICONS[card.tone]} ${card.title}`).replace(/\s+/g, ' ').trim(), SUBJECT),
    text: cardText(card, { timeZone, now, button: (label, line) => `  ${label}: ${line}` }),
    html: html(card, timeZone),
  }
}

function html(card: Card, timeZone: string): string {
  const say = (text: Text) => spans(text, timeZone)
  const fields = (card.fields ?? []).map(
    ({ name, value }) =>
      `<tr><td style="padding:2px 12px 2px 0;color:#718096;vertical-align:top">${escaped(name)}</td><td>${say(value)}</td></tr>`,
  )
  const buttons = (card.buttons ?? []).map(({ label, line, url }) =>
    url === undefined
      ? `${escaped(label)}: <code>${escaped(line)}</code>`
      : `<a href="${attribute(url)}">${escaped(label)}</a>`,
  )
  const called = (card.mention ?? []).map(one => `@${escaped(one.name)} `).join('')
  const parts = [
    `<h2 style="margin:0 0 8px;font-size:18px">${called}${TONE_ICONS[card.tone]} ${escaped(card.title)}</h2>`,
    ...(card.lines ?? []).map(line => `<p style="margin:0 0 6px">${say(line)}</p>`),
    ...(fields.length > 0 ? [`<table style="margin:8px 0;border-spacing:0">${fields.join('')}</table>`] : []),
    ...(card.code
      ? [`<pre style="background:#f7fafc;padding:8px;overflow:auto">${escaped(card.code.text)}</pre>`]
      : []),
    ...(card.image ? [`<p><img src="cid:chart" alt="${escaped(card.image.alt)}" style="max-width:100%"></p>`] : []),
    ...(buttons.length > 0
      ? [`<p style="color:#4a5568">In a chat, or after <code>npx vakt</code>:<br>${buttons.join('<br>')}</p>`]
      : []),
    ...(card.footer === undefined ? [] : [`<p style="color:#a0aec0;font-size:12px">${say(card.footer)}</p>`]),
  ]
  const frame = `border-left:4px solid ${COLOURS[card.tone]};padding:4px 16px;font-family:sans-serif;color:#2d3748`
  return `<!doctype html><html lang="en"><body><div style="${frame}">${parts.join('')}</div></body></html>`
}

function spans(text: Text, timeZone: string): string {
  if (typeof text === 'string') return escaped(text)
  return text.map(span => one(span, timeZone)).join('')
}

function one(span: Span, timeZone: string): string {
  if (typeof span === 'string') return escaped(span)
  if ('bold' in span) return `<b>${escaped(span.bold)}</b>`
  if ('code' in span) return `<code>${escaped(span.code)}</code>`
  if ('link' in span) return `<a href="${attribute(span.link)}">${escaped(span.label)}</a>`
  // A mail is read whenever; a distance from now would be wrong by then.
  return escaped(plainText([span], at => formatMoment(at, timeZone)))
}

function escaped(text: string): string {
  const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return safeText(text)
    .replace(/[&<>"']/g, letter => named[letter]!)
    .replaceAll('\n', '<br>')
}

/** Only what leads to the web; anything else leads nowhere. */
function attribute(url: string): string {
  return /^https?:$/.test(URL.parse(url)?.protocol ?? '') ? escaped(url) : '#'
}
