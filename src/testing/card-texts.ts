// A card as people read it on each platform: the text of what is really sent, with its buttons in brackets.
import type { Card } from '../card.ts'
import { cardText } from '../chat/card-text.ts'
import { renderComponents } from '../chat/discord/components.ts'
import { render as renderDiscord } from '../chat/discord/render.ts'
import { renderMail } from '../chat/email/render.ts'
import { renderCard as renderSlack } from '../chat/slack/render.ts'
import { renderCard as renderTelegram } from '../chat/telegram/render.ts'
import { everyComponent, type Json } from './discord/message-rules.ts'
import { textOf } from './discord/messages.ts'

/** The text of a card on each platform, at `now`; `isNotice` is a card that notifies people, not an answer. */
export const CARD_TEXTS: Record<string, (card: Card, isNotice: boolean, now: number) => string> = {
  discord(card, isNotice) {
    const { body } = isNotice ? renderDiscord(card) : renderComponents(card)
    return textOf({ content: '', embeds: [], ...JSON.parse(JSON.stringify(withoutNulls(body))) })
  },
  slack(card) {
    const { blocks, attachments } = renderSlack(card, { timeZone: 'UTC' })
    return blockTexts([blocks, attachments]).join('\n')
  },
  telegram(card) {
    const { text, keyboard } = renderTelegram(card, 'UTC')
    const rows = keyboard.inline_keyboard.map(row => row.map(button => `[${button.text}]`).join(' '))
    return [text.replaceAll('\u2060', ''), ...rows].join('\n')
  },
  email(card, _isNotice, now) {
    const { subject, text } = renderMail(card, 'UTC', now)
    return `${subject}\n\n${text}`
  },
  terminal: (card, _isNotice, now) =>
    cardText(card, { timeZone: 'UTC', now, width: 100, button: (label, line) => `  ${label}: ${line}` }),
}

function withoutNulls(body: object): object {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))
}

/** The texts of blocks in reading order; a button is its label in brackets. */
function blockTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(blockTexts)
  if (typeof value !== 'object' || value === null) return []
  const part = value as Json
  if (part.type === 'button') return [`[${(part.text as Json).text}]`]
  if (part.type === 'static_select' || part.type === 'overflow')
    return (part.options as Json[]).map(option => `[${(option.text as Json).text}]`)
  if (typeof part.text === 'string' && part.type !== undefined) return [part.text]
  const { text, fields, elements, rows, blocks, accessory } = part
  return [text, fields, elements, rows, blocks, accessory].flatMap(blockTexts)
}

/** The labels of all components, for the order of buttons. */
export function labelsOf(card: Card): string[] {
  const body = JSON.parse(JSON.stringify(renderComponents(card).body)) as Json
  return everyComponent(body.components).flatMap(part => (part.type === 2 ? [String(part.label)] : []))
}
