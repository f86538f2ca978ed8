// What each chat platform holds against a rendered card: its limits, its buttons, and data that acts.
import type { Card } from '../card.ts'
import { cardText } from '../chat/card-text.ts'
import { readPress as readDiscordPress } from '../chat/discord/buttons.ts'
import { renderComponents } from '../chat/discord/components.ts'
import { render as renderDiscord } from '../chat/discord/render.ts'
import { renderMail } from '../chat/email/render.ts'
import { readPress as readSlackPress } from '../chat/slack/buttons.ts'
import { renderCard as renderSlack } from '../chat/slack/render.ts'
import { renderCard as renderTelegram } from '../chat/telegram/render.ts'
import { carelessParts, everyComponent, isEmptyMessage, type Json, messageErrors } from './discord/message-rules.ts'
import { requestErrors } from './discord/oracle.ts'
import { findMentions, readDraft } from './slack/message-rules.ts'

/** The faults of a card on each platform; an empty list when it is shown well. */
export const CARD_FAULTS: Record<string, (card: Card) => unknown[]> = {
  'discord, what notifies': card => discordFaults(renderDiscord(card, 'https://vakt.invalid/n', 'abcde'), card),
  'discord, what is looked at': card => discordFaults(renderComponents(card, 'abcde'), card),
  slack: slackFaults,
  telegram: telegramFaults,
  email: mailFaults,
  text: textFaults,
}

function discordFaults({ body, files }: { body: object; files: { name: string }[] }, card: Card): unknown[] {
  const json = JSON.parse(JSON.stringify(body)) as Json
  const parts = everyComponent(json.components)
  const menus = parts.map(part => ((part.options ?? []) as Json[]).map(option => String(option.value)))
  const buttons = parts.flatMap(part => (part.type === 2 && part.custom_id ? [String(part.custom_id)] : []))
  const isRepeated = [buttons, ...menus].some(ids => new Set(ids).size < ids.length)
  const ids = [...buttons, ...menus.flat()]
  return [
    ...requestErrors('POST', '/channels/{channel_id}/messages', json),
    ...messageErrors(json),
    ...carelessParts(
      json,
      files.map(file => file.name),
    ),
    ...(isEmptyMessage(json, files.length) ? ['an empty message'] : []),
    ...(isRepeated ? ['two buttons with one id'] : []),
    ...ids.filter(id => !isLineOf(card, readDiscordPress(id))).map(id => `a button that runs something else: ${id}`),
  ]
}

function slackFaults(card: Card): unknown[] {
  const message = renderSlack(card, { timeZone: 'UTC', instance: 'abcde' })
  const blocks = [...message.blocks, ...message.attachments.flatMap(({ blocks = [] }) => blocks)]
  const presses = elementsOf(blocks).flatMap(
    ({ action_id: id, value, options }) =>
      (options as Json[] | undefined)?.map(option => readSlackPress(String(id), String(option.value))) ?? [
        readSlackPress(String(id), value as string | undefined),
      ],
  )
  return [
    ...draftFaults(message),
    ...findMentions(message.text, blocks).map(mention => `data that mentions ${mention}`),
    ...[message.text, ...mrkdwnTexts(blocks)].filter(hasEmoji).map(text => `data that becomes an emoji: ${text}`),
    ...presses
      .filter(press => press !== null && !isLineOf(card, press))
      .map(press => ['a button that runs something else', press]),
  ]
}

/** Whether Slack would draw an emoji: not in code, nor in the format of an instant or the address of a link. */
function hasEmoji(text: string): boolean {
  const read = text.replace(/```[\s\S]*?```|`[^`\n]*`|<[^>]*>/g, ' ')
  return /:(?!\d{1,2}:)[a-z0-9_+'-]{1,60}:/.test(read)
}

function mrkdwnTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(mrkdwnTexts)
  if (typeof value !== 'object' || value === null) return []
  const own = (value as Json).type === 'mrkdwn' ? [String((value as Json).text)] : []
  return [...own, ...Object.values(value).flatMap(mrkdwnTexts)]
}

function draftFaults(message: object): unknown[] {
  try {
    return readDraft(message as never, 'edit').violations
  } catch (error) {
    return [error]
  }
}

function elementsOf(value: unknown): Json[] {
  if (Array.isArray(value)) return value.flatMap(elementsOf)
  if (typeof value !== 'object' || value === null) return []
  const own = 'action_id' in value ? [value as Json] : []
  return [...own, ...Object.values(value).flatMap(elementsOf)]
}

function telegramFaults(card: Card): unknown[] {
  const { text, keyboard } = renderTelegram(card, 'UTC', 'abcde')
  const shown = text.replace(/<[^>]*>/g, '').replace(/&\w+;/g, '&')
  const tags = [...text.matchAll(/<(\/?)(\w+)/g)]
  const allowed = new Set(['b', 'i', 'code', 'pre', 'a', 'blockquote'])
  const buttons = keyboard.inline_keyboard.flat()
  return [
    ...(shown.length > 4_096 ? [`${shown.length} characters`] : []),
    ...tags.filter(([, , name]) => !allowed.has(name!)).map(([tag]) => `a tag of the data: ${tag}`),
    ...(tags.filter(([, end]) => end === '').length === tags.filter(([, end]) => end !== '').length
      ? []
      : ['an open tag']),
    ...(/@(?=\w)/.test(shown) ? ['a mention'] : []),
    ...buttons
      .filter(one => 'callback_data' in one && Buffer.byteLength(one.callback_data) > 64)
      .map(() => 'a button that is too long'),
  ]
}

function mailFaults(card: Card): unknown[] {
  const { subject, text, html } = renderMail(card, 'UTC', 0)
  return [
    ...(/[\r\n]/.test(subject) ? ['a line break in the subject'] : []),
    ...(/<(script|img src="(?!cid:)|iframe)/i.test(html) ? ['markup of the data'] : []),
    ...(/(href|src)="(?!https?:|cid:|#)/i.test(html) ? ['an address that acts'] : []),
    ...controls(text),
  ]
}

function textFaults(card: Card): unknown[] {
  return controls(cardText(card, { timeZone: 'UTC', now: 0, button: (label, line) => `${label}: ${line}` }))
}

function controls(text: string): string[] {
  return /[[\p{Cc}]--[\t\n\r]]/v.test(text) ? ['a control character'] : []
}

/** Whether a press runs one of the lines of the card. */
function isLineOf(card: Card, press: { line: string } | 'forgotten' | null): boolean {
  if (press === null || press === 'forgotten') return false
  const { rows = [], page, buttons = [], menus = [] } = card
  const all = [
    ...rows.flatMap(({ action, more = [] }) => [action, ...more]),
    page?.previous,
    page?.next,
    ...buttons,
    ...menus.flatMap(({ options }) => options),
  ]
  return all.some(button => button !== undefined && clean(button.line) === clean(press.line))
}

const clean = (line: string) => line.replace(/[^\x20-\x7e]/g, '')
