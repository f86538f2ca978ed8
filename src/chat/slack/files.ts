// Sends the files and images of a card: into a thread, or privately to one person.
import type { webApi } from '@slack/bolt'
import type { Card } from '../../card.ts'

/** Where a file goes. */
export type Destination = { channel_id: string; thread_ts?: string }

/** Uploads what the card carries, in one message; resolves at once when it carries nothing. */
export async function uploadFiles(web: webApi.WebClient, card: Card, to: Destination): Promise<void> {
  const uploads = [
    ...(card.image ? [{ file: Buffer.from(card.image.png), filename: card.image.name, alt_text: card.image.alt }] : []),
    ...(card.file ? [{ file: Buffer.from(card.file.content), filename: card.file.name }] : []),
  ].filter(upload => upload.file.length > 0)
  if (uploads.length === 0) return
  await web.files.uploadV2({ ...to, file_uploads: uploads } as webApi.FilesUploadV2Arguments)
}

/** Sends the card's files to one person only: Slack has no files that only one reader of a channel sees. */
export async function sendFilesTo(web: webApi.WebClient, user: string, card: Card): Promise<void> {
  if (card.image === undefined && card.file === undefined) return
  const { channel } = await web.conversations.open({ users: user })
  await uploadFiles(web, card, { channel_id: channel!.id! })
}
