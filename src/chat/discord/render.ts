// A card as a Discord message within every limit, which mentions exactly the people that the card mentions.
import { AllowedMentionsTypes, type APIEmbed, type RawFile, type RESTPostAPIChannelMessageJSONBody } from 'discord.js'
import { type Card, cutText, type Field, type Mention, type Text, TONE_ICONS, type Tone } from '../../card.ts'
import { simpleCard } from '../card-parts.ts'
import { cleanText } from '../fit-text.ts'
import { plainMessage } from '../plain-form.ts'
import { buttonRows } from './buttons.ts'
import { codeBlock, markdown, size } from './markdown.ts'

/** https://discord.com/developers/docs/resources/message#embed-object-embed-limits */
const MAX_TITLE_LENGTH = 300
const MAX_DESCRIPTION_LENGTH = 4_096
const MAX_FIELDS = 25
const MAX_FIELD_NAME_LENGTH = 256
const MAX_FIELD_VALUE_LENGTH = 1_024
const MAX_FOOTER_LENGTH = 512
const MAX_ALT_LENGTH = 1_024
/** Of all embeds together. */
const MAX_EMBEDS_LENGTH = 6_000
const MAX_MENTIONS = 20
/** Of a message that is only content: 2000 characters, with room for mentions. */
const MAX_PLAIN_LENGTH = 1_400
const MAX_FILE_BYTES = 10 * 1024 * 1024
/** Room for the field that counts the fields that do not fit. */
const REST_FIELD_LENGTH = 20
/** Discord refuses fields with an empty name or value. */
const INVISIBLE = '\u200b'

const COLOURS: Record<Tone, number> = {
  plain: 0x5865f2,
  good: 0x2ecc71,
  info: 0x3498db,
  warning: 0xe67e22,
  critical: 0xe74c3c,
  muted: 0x95a5a6,
}

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

/** The mentions as words, and the permission to notify exactly those; data beside them never notifies anybody. */
function mentionsOf(mention: readonly Mention[]) {
  const ids = (kind: Mention['kind']) =>
    mention.flatMap(({ kind: other, id }) => (other === kind && isId(id) ? [id] : [])).slice(0, MAX_MENTIONS)
  const [users, roles] = [ids('person'), ids('group')]
  return {
    words: mention.slice(0, MAX_MENTIONS).map(mentionWord),
    allowed: {
      parse: mention.some(({ kind }) => kind === 'here') ? [AllowedMentionsTypes.Everyone] : [],
      ...(users.length > 0 && { users }),
      ...(roles.length > 0 && { roles }),
    },
  }
}

function mentionWord({ kind, id, name }: Mention): string {
  if (kind === 'here') return '@here'
  if (!isId(id)) return `@${markdown(name, 100)}`
  return kind === 'group' ? `<@&${id}>` : `<@${id}>`
}

const isId = (id: string | null): id is string => id !== null && /^\d{5,25}$/.test(id)

function attach(card: Card) {
  const wanted = [
    ...(card.image ? [{ name: fileName(card.image.name), data: card.image.png, description: card.image.alt }] : []),
    ...(card.file ? [{ name: fileName(card.file.name), data: card.file.content, description: undefined }] : []),
  ]
  const attached = wanted.filter(file => isSmallEnough(file.data))
  const notes = wanted
    .filter(file => !isSmallEnough(file.data))
    .map(file => `${file.name} is too large to attach here (over 10 MiB).`)
  const attachments = attached.map((file, id) => ({
    id: String(id),
    filename: file.name,
    ...(file.description && { description: cutText(cleanText(file.description), MAX_ALT_LENGTH) }),
  }))
  return { files: attached.map(({ name, data }): RawFile => ({ name, data: Buffer.from(data) })), attachments, notes }
}

const isSmallEnough = (bytes: Uint8Array) => bytes.byteLength <= MAX_FILE_BYTES
const fileName = (name: string) => name.replace(/[^\w.-]+/g, '_').slice(-100) || 'file'
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
