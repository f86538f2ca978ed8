// What both forms of a card on Discord share: colours, mentions and files.
import { AllowedMentionsTypes, type RawFile } from 'discord.js'
import { type Card, cutText, type Mention, type Tone } from '../../card.ts'
import { cleanText } from '../fit-text.ts'
import { markdown } from './markdown.ts'

const MAX_ALT_LENGTH = 1_024
const MAX_MENTIONS = 20
const MAX_FILE_BYTES = 10 * 1024 * 1024

export const COLOURS: Record<Tone, number> = {
  plain: 0x5865f2,
  good: 0x2ecc71,
  info: 0x3498db,
  warning: 0xe67e22,
  critical: 0xe74c3c,
  muted: 0x95a5a6,
}

/** The mentions as words, and the permission to notify exactly those; data beside them never notifies anybody. */
export function mentionsOf(mention: readonly Mention[]) {
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

/** The files of a card, and a sentence for each that is too large. */
export function attach(card: Card) {
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

export const isSmallEnough = (bytes: Uint8Array) => bytes.byteLength <= MAX_FILE_BYTES
export const fileName = (name: string) => name.replace(/[^\w.-]+/g, '_').slice(-100) || 'file'
