// A card as an e-mail: a subject, and a text and an HTML part with the same content. Pure.
import { type Card, cutText, TONE_ICONS } from '../../card.ts'
import { withAbsoluteTimes } from '../absolute-times.ts'
import { cardText } from '../card-text.ts'
import { plainMessage } from '../plain-form.ts'
import { safeText } from '../safe-text.ts'
import { cardHtml } from './html.ts'

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
    html: cardHtml(absolute, timeZone),
  }
}
