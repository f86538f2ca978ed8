// The Slack clients (no retries, no queues that pause, 10 s at most), and the upload of files.
import { LogLevel, type Logger as SdkLogger, webApi } from '@slack/bolt'
import type { Card } from '../../card.ts'
import type { Logger } from '../../logger.ts'
import { SECOND } from '../../time.ts'

/** How long one request may take. */
export const REQUEST_TIMEOUT_MS = 10 * SECOND

/**
 * Options for every client that Vakt or the SDK makes. Each use gets an object of its own, because the SDK writes into
 * it. There must be no `headers`, or the bot's token replaces the app's; without `retryConfig` the SDK would retry.
 */
export function clientOptions(apiUrl: string, logger: Logger, timeoutMs = REQUEST_TIMEOUT_MS): webApi.WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    timeout: timeoutMs,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: sdkLogger(logger),
  }
}

/** A client with the token of the bot. */
export function createClient(token: string, options: webApi.WebClientOptions): webApi.WebClient {
  return new webApi.WebClient(token, options)
}

/** The SDK's own log is only for debugging; Vakt logs what matters itself. */
export function sdkLogger(logger: Logger): SdkLogger {
  const write = (...parts: unknown[]) => {
    logger.debug(parts.map(part => (part instanceof Error ? part.message : String(part))).join(' '), {
      part: 'slack sdk',
    })
  }
  // At any lower level the SDK writes out whole requests.
  return {
    debug() {},
    info: write,
    warn: write,
    error: write,
    setLevel() {},
    getLevel: () => LogLevel.INFO,
    setName() {},
  }
}

/** Where a file goes. */
export type Destination = { channel_id: string; thread_ts?: string }

/** Uploads the picture and the file of a card in one message; resolves at once when it has none. */
export async function uploadFiles(web: webApi.WebClient, card: Card, to: Destination): Promise<void> {
  const uploads = [
    ...(card.image ? [{ file: Buffer.from(card.image.png), filename: card.image.name, alt_text: card.image.alt }] : []),
    ...(card.file ? [{ file: Buffer.from(card.file.content), filename: card.file.name }] : []),
  ].filter(upload => upload.file.length > 0)
  if (uploads.length === 0) return
  await web.files.uploadV2({ ...to, file_uploads: uploads } as webApi.FilesUploadV2Arguments)
}

/** Sends the files of a card to one person: in Slack a file in a channel is visible to everybody there. */
export async function sendFilesTo(web: webApi.WebClient, user: string, card: Card): Promise<void> {
  if (card.image === undefined && card.file === undefined) return
  const { channel } = await web.conversations.open({ users: user })
  await uploadFiles(web, card, { channel_id: channel!.id! })
}
