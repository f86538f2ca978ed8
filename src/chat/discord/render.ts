// A card as a Discord message that Discord accepts whatever the card holds: every limit kept, nobody mentioned but whom it calls out.

import { AllowedMentionsTypes, type RawFile, type RESTPostAPIChannelMessageJSONBody } from 'discord.js'
import { type Card, cutText, type Mention, TONE_ICONS } from '../../card.ts'
import { buttonRows } from './buttons.ts'
import { COLOURS, embedsFor } from './embeds.ts'
import { clean, markdown } from './markdown.ts'

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
    ...(file.description && { description: cutText(clean(file.description), 1_024) }),
  }))
  return { files: kept.map(({ name, data }): RawFile => ({ name, data: Buffer.from(data) })), attachments, notes }
}

const isSmallEnough = (bytes: Uint8Array) => bytes.byteLength <= FILE_BYTES
const fileName = (name: string) => name.replace(/[^\w.-]+/g, '_').slice(-100) || 'file'
/** In content an address would unfold into a preview beside the card; angle brackets keep it a plain link. */
const unlinked = (title: string) => title.replace(/(?<![<(])https?:\/\/[^\s<>]+/g, '<$&>')
