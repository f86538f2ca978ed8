// Pictures inside of messages: uploaded without a channel, so that they appear nowhere else, and shown by an image block.
// https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
import { createHash } from 'node:crypto'
import { webApi } from '@slack/bolt'
import { BoundedMap } from '../../bounded-map.ts'
import type { Card } from '../../card.ts'
import type { Logger } from '../../logger.ts'
import { SECOND } from '../../time.ts'

type Image = NonNullable<Card['image']>

const CACHE_SIZE = 200
/** Slack answers an upload before the picture can be shown; then it calls the file invalid for a moment. */
const READY_AFTER_MS = [SECOND / 2, 1.5 * SECOND]

export interface Pictures {
  /** The id of the uploaded picture, or undefined where that fails: a card never waits for its picture. */
  upload(image: Image): Promise<string | undefined>
  /** Sends a message with a picture, and again while the picture is not ready. */
  whenReady<T>(send: () => Promise<T>): Promise<T>
}

/** The pictures that `web` uploads; one that was uploaded already is used again. `readyAfterMs` is for tests. */
export function createPictures(
  web: webApi.WebClient,
  logger: Logger,
  readyAfterMs: readonly number[] = READY_AFTER_MS,
): Pictures {
  const ids = new BoundedMap<string, string>(CACHE_SIZE)
  return {
    async upload({ name, alt, png }) {
      if (png.length === 0) return undefined
      const key = createHash('sha256').update(png).digest('base64')
      const known = ids.get(key)
      if (known !== undefined) return known
      try {
        const answer = await web.files.uploadV2({ file: Buffer.from(png), filename: name, alt_text: alt })
        const id = idIn(answer)
        if (id !== undefined) ids.set(key, id)
        return id
      } catch (error) {
        logger.debug('a picture could not be uploaded to Slack', { error })
        return undefined
      }
    },
    async whenReady(send) {
      for (const waitMs of readyAfterMs) {
        try {
          return await send()
        } catch (error) {
          if (!isNotReady(error)) throw error
          await new Promise(resolve => setTimeout(resolve, waitMs))
        }
      }
      return send()
    },
  }
}

function isNotReady(error: unknown): boolean {
  if (!(error instanceof webApi.WebAPIPlatformError)) return false
  return /invalid slack file/i.test(
    JSON.stringify((error.data as { response_metadata?: unknown }).response_metadata ?? ''),
  )
}

/** The id in the answer of the SDK, which has the answers of several requests in it. */
function idIn(answer: unknown): string | undefined {
  const { files = [] } = answer as { files?: { files?: { id?: string }[] }[] }
  return files[0]?.files?.[0]?.id
}
