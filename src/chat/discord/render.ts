// A card as a Discord message that Discord accepts whatever the card holds: every limit kept, nobody mentioned but whom it calls out.
import { AllowedMentionsTypes, type APIEmbed, type RawFile, type RESTPostAPIChannelMessageJSONBody } from 'discord.js'
import { type Card, cutText, type Field, type Mention, type Text, TONE_ICONS, type Tone } from '../../card.ts'
import { cleanText } from '../fit-text.ts'
import { buttonRows } from './buttons.ts'
import { codeBlock, markdown, size } from './markdown.ts'

const TITLE = 300
const MOST_CALLED = 20
const FILE_BYTES = 10 * 1024 * 1024

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
 * or two when fields come before a code block. `mark` is an address kept in the first embed, unseen by readers.
 */
export function render(card: Card, mark?: string): Rendered {
  const { files, attachments, notes } = attach(card)
  const image = card.image && isSmallEnough(card.image.png) ? `attachment://${fileName(card.image.name)}` : undefined
  const embeds = embedsFor(card, notes, image)
  const icon = TONE_ICONS[card.tone]
  const title = `${icon}${icon && ' '}**${unlinked(markdown(card.title.trim().replaceAll('\n', ' ') || '…', TITLE))}**`
  // A card that is only a title still needs an embed to carry the mark, so there the title moves into it.
  const bare = embeds.length === 0 && mark !== undefined
  const called = callsOf(card.mention ?? [])
  const shown = bare ? [{ description: title, color: COLOURS[card.tone] }] : embeds
  if (mark && shown[0]) shown[0] = { ...shown[0], url: mark }
  return {
    body: {
      content: [...called.words, ...(bare ? [] : [title])].join(' '),
      embeds: shown,
      components: buttonRows(card.buttons ?? []),
      attachments,
      allowed_mentions: { ...called.allowed, replied_user: false },
    },
    files,
  }
}

/** Who is called out, in words, and the permission to notify exactly them; data beside it never notifies anybody. */
function callsOf(mention: readonly Mention[]) {
  const ids = (kind: Mention['kind']) => mention.filter(one => one.kind === kind && isId(one.id)).map(one => one.id!)
  const here = mention.some(one => one.kind === 'here')
  return {
    words: mention.slice(0, MOST_CALLED).map(mentionWord),
    allowed: {
      parse: here ? [AllowedMentionsTypes.Everyone] : [],
      ...(ids('person').length > 0 && { users: ids('person').slice(0, MOST_CALLED) }),
      ...(ids('group').length > 0 && { roles: ids('group').slice(0, MOST_CALLED) }),
    },
  }
}

function mentionWord({ kind, id, name }: Mention): string {
  if (kind === 'here') return '@here'
  if (!isId(id)) return `@${markdown(name, 100)}`
  return kind === 'group' ? `<@&${id}>` : `<@${id}>`
}

const isId = (id: string | null) => id !== null && /^\d{5,25}$/.test(id)

function attach(card: Card) {
  const wanted = [
    ...(card.image ? [{ name: fileName(card.image.name), data: card.image.png, description: card.image.alt }] : []),
    ...(card.file ? [{ name: fileName(card.file.name), data: card.file.content, description: undefined }] : []),
  ]
  const kept = wanted.filter(file => isSmallEnough(file.data))
  const notes = wanted
    .filter(file => !isSmallEnough(file.data))
    .map(file => `${file.name} is too large to attach here (over 10 MiB).`)
  const attachments = kept.map((file, id) => ({
    id: String(id),
    filename: file.name,
    ...(file.description && { description: cutText(cleanText(file.description), 1_024) }),
  }))
  return { files: kept.map(({ name, data }): RawFile => ({ name, data: Buffer.from(data) })), attachments, notes }
}

const isSmallEnough = (bytes: Uint8Array) => bytes.byteLength <= FILE_BYTES
const fileName = (name: string) => name.replace(/[^\w.-]+/g, '_').slice(-100) || 'file'
/** In content an address would unfold into a preview beside the card; angle brackets keep it a plain link. */
const unlinked = (title: string) => title.replace(/(?<![<(])https?:\/\/[^\s<>]+/g, '<$&>')

const DESCRIPTION = 4_096
const FIELDS = 25
const FIELD_NAME = 256
const FIELD_VALUE = 1_024
const FOOTER = 512
const EMBEDS_TOTAL = 6_000

export const COLOURS: Record<Tone, number> = {
  plain: 0x5865f2,
  good: 0x2ecc71,
  info: 0x3498db,
  warning: 0xe67e22,
  critical: 0xe74c3c,
  muted: 0x95a5a6,
}

type Fields = NonNullable<APIEmbed['fields']>

/**
 * Embeds of at most 6000 characters together: the footer first, then lines, fields and code, each taking what is left.
 * There is one, or two when fields come before a code block, or none when the card is only a title. `notes` follow the
 * lines; `image` is the address of an attached picture.
 */
export function embedsFor(card: Card, notes: readonly string[], image: string | undefined): APIEmbed[] {
  const footer = card.footer === undefined ? '' : footerText(card.footer)
  const lines = markdown(paragraphs([...(card.lines ?? []), ...notes]), DESCRIPTION)
  const before = size(footer) + size(lines)
  const fields = fitFields(card.fields ?? [], EMBEDS_TOTAL - before)
  const left = EMBEDS_TOTAL - before - fields.reduce((sum, field) => sum + size(field.name) + size(field.value), 0)
  const parts = withCode(lines, fields, card.code, left)
  if (parts.length === 0 && (image || footer)) parts.push({})
  return parts.map((part, i) => ({
    ...part,
    color: COLOURS[card.tone],
    ...(i === parts.length - 1 && image && { image: { url: image } }),
    ...(i === parts.length - 1 && footer && { footer: { text: footer } }),
  }))
}

function withCode(lines: string, fields: Fields, code: Card['code'], left: number): APIEmbed[] {
  if (fields.length > 0) {
    const block = code?.text.trim() ? codeBlock(code.text, code.language, Math.min(left, DESCRIPTION)) : ''
    return [{ ...(lines && { description: lines }), fields }, ...(block ? [{ description: block }] : [])]
  }
  const room = Math.min(left - 1, DESCRIPTION - size(lines) - 1)
  const block = code?.text.trim() ? codeBlock(code.text, code.language, room) : ''
  const description = [lines, block].filter(Boolean).join('\n')
  return description ? [{ description }] : []
}

function fitFields(fields: readonly Field[], budget: number): Fields {
  const fitted: Fields = []
  let left = budget
  for (const [i, field] of fields.entries()) {
    const rest = fields.length - i
    const name = markdown(field.name.trim() || '\u200b', FIELD_NAME)
    const value = markdown(field.value, FIELD_VALUE).trim() || '\u200b'
    const needed = size(name) + size(value)
    const reserve = rest > 1 ? 20 : 0
    if ((fitted.length === FIELDS - 1 && rest > 1) || needed + reserve > left) {
      if (left > 20) fitted.push({ name: '…', value: `${rest} more` })
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

/** Footers show no markdown, so their data needs none escaped; times become the plain date. */
function footerText(footer: Text): string {
  const spans = typeof footer === 'string' ? [footer] : footer
  const text = spans.map(span => {
    if (typeof span === 'string') return span
    if ('bold' in span) return span.bold
    if ('code' in span) return span.code
    return 'time' in span ? new Date(span.time).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC') : span.label
  })
  return cutText(cleanText(text.join('')).trim(), FOOTER)
}
