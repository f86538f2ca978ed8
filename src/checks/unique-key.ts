// The identity of a check for those who may not know its ping URL. Pure.
import { createHash } from 'node:crypto'

/** The SHA-1, in hexadecimal, of the first half of the uuid without dashes: `Check.unique_key` of Healthchecks. */
export function uniqueKey({ uuid }: { uuid: string }): string {
  return createHash('sha1').update(uuid.replaceAll('-', '').slice(0, 16)).digest('hex')
}
