// A card as a Discord message within every limit, which mentions exactly the people that the card mentions.
import type { APIEmbed, RawFile, RESTPostAPIChannelMessageJSONBody } from 'discord.js'
import { type Card, cutText, type Field, type Text, TONE_ICONS } from '../../card.ts'
import { simpleCard } from '../card-parts.ts'
import { cleanText } from '../fit-text.ts'
import { plainMessage } from '../plain-form.ts'
import { buttonRows } from './buttons.ts'
import { codeBlock, markdown, size } from './markdown.ts'
import { attach, COLOURS, fileName, isSmallEnough, mentionsOf } from './render-parts.ts'

/** https://discord.com/developers/docs/resources/message#embed-object-embed-limits */
const MAX_TITLE_LENGTH = 300
const MAX_DESCRIPTION_LENGTH = 4_096
const MAX_FIELDS = 25
const MAX_FIELD_NAME_LENGTH = 256
const MAX_FIELD_VALUE_LENGTH = 1_024
const MAX_FOOTER_LENGTH = 512
/** Of all embeds together. */
const MAX_EMBEDS_LENGTH = 6_000
/** Of a message that is only content: 2000 characters, with room for mentions. */
const MAX_PLAIN_LENGTH = 1_400
/** Room for the field that counts the fields that do not fit. */
const REST_FIELD_LENGTH = 20
/** Discord refuses fields with an empty name or value. */
const INVISIBLE = '\u200b'

export interface Rendered {
  /** Complete for an edit too: what the card no longer has is taken away. */
  body: Pick<
    RESTPostAPIChannelMessageJSONBody,
    'content' | 'embeds' | 'components' | 'attachments' | 'allowed_mentions'
  >
  files: RawFile[]
}

/**
 * The message for a card. The title is the content, because that is what a push notification shows; the rest is one embed,
 * or two when fields come before a code block. `mark` is an address in the first embed that readers do not see,
 * `instance` the id of this Vakt for its buttons.
 */
export function render(whole: Card, mark?: string, instance?: string, timeZone = 'UTC'): Rendered {
  if (whole.form) return renderPlain(whole)
  const card = simpleCard(whole, timeZone)
  const { files, attachments, notes } = attach(card)
  const image = card.image && isSmallEnough(card.image.png) ? `attachment://${fileName(card.image.name)}` : undefined
  const title = titleText(card)
  let embeds = embedsFor(card, notes, image)
  // A card that is only a title still needs an embed to carry the mark, so the title moves into it.
  const isTitleInEmbed = embeds.length === 0 && mark !== undefined
  if (isTitleInEmbed) embeds = [{ description: title, color: COLOURS[card.tone] }]
  if (mark && embeds[0]) embeds[0] = { ...embeds[0], url: mark }
  const { words, allowed } = mentionsOf(card.mention ?? [])
  return {
    body: {
      content: [...words, ...(isTitleInEmbed ? [] : [title])].join(' '),
      embeds,
      components: buttonRows(card.buttons ?? [], instance),
      attachments,
      allowed_mentions: { ...allowed, replied_user: false },
    },
    files,
  }
}

/** Only content. Without an embed there is no mark: a message that may have arrived is known by its nonce for minutes. */
function renderPlain(card: Card): Rendered {
  const { words, allowed } = mentionsOf(card.mention ?? [])
  const text = markdown(plainMessage(card, 'UTC'), MAX_PLAIN_LENGTH)
  return {
    body: {
      content: [...words, withoutPreviews(text)].join(' '),
      embeds: [],
      components: [],
      attachments: [],
      allowed_mentions: { ...allowed, replied_user: false },
    },
    files: [],
  }
}

function titleText({ title, tone }: Card): string {
  const icon = TONE_ICONS[tone]
  const text = markdown(title.trim().replaceAll('\n', ' ') || '…', MAX_TITLE_LENGTH)
  return `${icon}${icon && ' '}**${withoutPreviews(text)}**`
}

/** An address in the content would get a preview beside the card; angle brackets prevent that. */
const withoutPreviews = (title: string) => title.replace(/(?<![<(])https?:\/\/[^\s<>]+/g, '<$&>')

type Fields = NonNullable<APIEmbed['fields']>

/**
 * The embeds of a card, within 6000 characters: the footer first, then lines, fields and code, each in the room that is
 * left. There is one, or two when fields come before a code block, or none when the card is only a title. `notes` follow
 * the lines; `image` is the address of an attached picture.
 */
function embedsFor(card: Card, notes: readonly string[], image: string | undefined): APIEmbed[] {
  const footer = card.footer === undefined ? '' : footerText(card.footer)
  const lines = markdown(paragraphs([...(card.lines ?? []), ...notes]), MAX_DESCRIPTION_LENGTH)
  const fieldRoom = MAX_EMBEDS_LENGTH - size(footer) - size(lines)
  const fields = fitFields(card.fields ?? [], fieldRoom)
  const codeRoom = fieldRoom - fields.reduce((sum, field) => sum + size(field.name) + size(field.value), 0)
  const parts = withCode(lines, fields, card.code, codeRoom)
  if (parts.length === 0 && (image || footer)) parts.push({})
  return parts.map((part, i) => ({
    ...part,
    color: COLOURS[card.tone],
    ...(i === parts.length - 1 && image && { image: { url: image } }),
    ...(i === parts.length - 1 && footer && { footer: { text: footer } }),
  }))
}

function withCode(lines: string, fields: Fields, code: Card['code'], room: number): APIEmbed[] {
  const blockOf = (max: number) => (code?.text.trim() ? codeBlock(code.text, code.language, max) : '')
  if (fields.length > 0) {
    const block = blockOf(Math.min(room, MAX_DESCRIPTION_LENGTH))
    return [{ ...(lines && { description: lines }), fields }, ...(block ? [{ description: block }] : [])]
  }
  const block = blockOf(Math.min(room, MAX_DESCRIPTION_LENGTH - size(lines)) - 1)
  const description = [lines, block].filter(Boolean).join('\n')
  return description ? [{ description }] : []
}

/** As many fields as fit into `room` characters; the others are counted in a last field. */
function fitFields(fields: readonly Field[], room: number): Fields {
  const fitted: Fields = []
  let left = room
  for (const [i, field] of fields.entries()) {
    const remaining = fields.length - i
    const name = markdown(field.name.trim() || INVISIBLE, MAX_FIELD_NAME_LENGTH)
    const value = markdown(field.value, MAX_FIELD_VALUE_LENGTH).trim() || INVISIBLE
    const needed = size(name) + size(value)
    const reserved = remaining > 1 ? REST_FIELD_LENGTH : 0
    if ((fitted.length === MAX_FIELDS - 1 && remaining > 1) || needed + reserved > left) {
      if (left > REST_FIELD_LENGTH) fitted.push({ name: '…', value: `${remaining} more` })
      break
    }
    fitted.push({ name, value, inline: field.inline ?? false })
    left -= needed
  }
  return fitted
}

function paragraphs(lines: readonly Text[]): Text {
  return lines.flatMap((line, i) => [...(i > 0 ? ['\n'] : []), ...(typeof line === 'string' ? [line] : line)])
}

/** A footer shows no markdown, so nothing is escaped, and times become plain dates. */
function footerText(footer: Text): string {
  const spans = typeof footer === 'string' ? [footer] : footer
  const text = spans.map(span => {
    if (typeof span === 'string') return span
    if ('bold' in span) return span.bold
    if ('code' in span) return span.code
    return 'time' in span ? new Date(span.time).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC') : span.label
  })
  return cutText(cleanText(text.join('')).trim(), MAX_FOOTER_LENGTH)
}
