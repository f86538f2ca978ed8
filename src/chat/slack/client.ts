// The Slack clients: no retries, no pausing queues, ten seconds at most; and their talk goes into our log.
import { LogLevel, type Logger as SdkLogger, webApi } from '@slack/bolt'
import type { Card } from '../../card.ts'
import type { Logger } from '../../logger.ts'

/** How long one call may take, in ms. */
export const CALL_TIMEOUT_MS = 10_000

/**
 * Options for every client we make or have made. Each use gets an object of its own: the SDK writes into it. There
 * must be no `headers`, or the bot's token replaces the app's; and `retryConfig` must be given, or others' is used.
 */
export function clientOptions(apiUrl: string, logger: Logger, timeout = CALL_TIMEOUT_MS): webApi.WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    timeout,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: sdkLogger(logger),
  }
}

/** A client that speaks as the bot. */
export function createClient(token: string, options: webApi.WebClientOptions): webApi.WebClient {
  return new webApi.WebClient(token, options)
}

/** What the SDK says of itself is for those who look for a fault; what matters we say ourselves. */
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
