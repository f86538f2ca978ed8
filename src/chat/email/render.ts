// A card as an e-mail: a subject, and a text and an HTML part with the same content. Pure.
import { type Card, cutText, plainText, type Span, type Text, TONE_ICONS, type Tone } from '../../card.ts'
import { formatMoment } from '../../time.ts'
import { withAbsoluteTimes } from '../absolute-times.ts'
import { simpleCard } from '../card-parts.ts'
import { cardText } from '../card-text.ts'
import { plainMessage } from '../plain-form.ts'
import { safeText } from '../safe-text.ts'

const COLOURS: Record<Tone, string> = {
  plain: '#4a5568',
  good: '#2f855a',
  info: '#2b6cb0',
  warning: '#c05621',
  critical: '#c53030',
  muted: '#718096',
}
const MAX_SUBJECT_LENGTH = 150

/**
 * The subject and the parts of the mail for a card. A mail cannot be pressed, so buttons become the lines to type; and
 * it is read at any time, so it holds no times relative to now.
 */
export function renderMail(card: Card, timeZone: string, now: number): { subject: string; text: string; html: string } {
  const subject = safeText(`${TONE_ICONS[card.tone]} ${card.title}`).replace(/\s+/g, ' ').trim()
  if (card.form) return { subject: cutText(subject, MAX_SUBJECT_LENGTH), text: plainMessage(card, timeZone), html: '' }
  const absolute = withAbsoluteTimes(card)
  return {
    subject: cutText(subject, MAX_SUBJECT_LENGTH),
    text: cardText(absolute, { timeZone, now, button: (label, line) => `  ${label}: ${line}` }),
    html: cardHtml(simpleCard(absolute, timeZone), timeZone),
  }
}

function cardHtml(card: Card, timeZone: string): string {
  const html = (text: Text) => textHtml(text, timeZone)
  const fields = (card.fields ?? []).map(
    ({ name, value }) =>
      `<tr><td style="padding:2px 12px 2px 0;color:#718096;vertical-align:top">${escapeHtml(name)}</td><td>${html(value)}</td></tr>`,
  )
  const buttons = (card.buttons ?? []).map(({ label, line, url }) =>
    url === undefined
      ? `${escapeHtml(label)}: <code>${escapeHtml(line)}</code>`
      : `<a href="${escapeUrl(url)}">${escapeHtml(label)}</a>`,
  )
  const mentions = (card.mention ?? []).map(({ name }) => `@${escapeHtml(name)} `).join('')
  const parts = [
    `<h2 style="margin:0 0 8px;font-size:18px">${mentions}${TONE_ICONS[card.tone]} ${escapeHtml(card.title)}</h2>`,
    ...(card.lines ?? []).map(line => `<p style="margin:0 0 6px">${html(line)}</p>`),
    ...(fields.length > 0 ? [`<table style="margin:8px 0;border-spacing:0">${fields.join('')}</table>`] : []),
    ...(card.code
      ? [`<pre style="background:#f7fafc;padding:8px;overflow:auto">${escapeHtml(card.code.text)}</pre>`]
      : []),
    ...(card.image ? [`<p><img src="cid:chart" alt="${escapeHtml(card.image.alt)}" style="max-width:100%"></p>`] : []),
    ...(buttons.length > 0
      ? [`<p style="color:#4a5568">In a chat, or after <code>npx vakt</code>:<br>${buttons.join('<br>')}</p>`]
      : []),
    ...(card.footer === undefined ? [] : [`<p style="color:#a0aec0;font-size:12px">${html(card.footer)}</p>`]),
  ]
  const frame = `border-left:4px solid ${COLOURS[card.tone]};padding:4px 16px;font-family:sans-serif;color:#2d3748`
  return `<!doctype html><html lang="en"><body><div style="${frame}">${parts.join('')}</div></body></html>`
}

function textHtml(text: Text, timeZone: string): string {
  if (typeof text === 'string') return escapeHtml(text)
  return text.map(span => spanHtml(span, timeZone)).join('')
}

function spanHtml(span: Span, timeZone: string): string {
  if (typeof span === 'string') return escapeHtml(span)
  if ('bold' in span) return `<b>${escapeHtml(span.bold)}</b>`
  if ('code' in span) return `<code>${escapeHtml(span.code)}</code>`
  if ('link' in span) return `<a href="${escapeUrl(span.link)}">${escapeHtml(span.label)}</a>`
  return escapeHtml(plainText([span], at => formatMoment(at, timeZone)))
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return safeText(text)
    .replace(/[&<>"']/g, character => entities[character]!)
    .replaceAll('\n', '<br>')
}

/** An address on the web; anything else leads nowhere. */
function escapeUrl(url: string): string {
  return /^https?:$/.test(URL.parse(url)?.protocol ?? '') ? escapeHtml(url) : '#'
}
