// Links on telephones that acknowledge an alert: each runs one command line, once, within a week.
import { createHash, randomBytes } from 'node:crypto'
import type { State } from '../../state/database.ts'
import { eq } from '../../state/orm.ts'
import { pressLinks } from '../../state/schema/index.ts'
import { DAY } from '../../time.ts'

export type PressLink = typeof pressLinks.$inferSelect

/** How long a link works: as long as an alert may wait for somebody. */
const LIFETIME_MS = 7 * DAY
const TOKEN_BYTES = 24
/** The path before the token. */
export const PRESS_PATH = '/ack/'

/** Stores a link for a channel and returns its token, which is known to nobody else: only its hash is stored. */
export function createPressLink(state: State, line: string, channelId: string, now: number): string {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const row = { tokenHash: hashOf(token), line, channelId, createdAt: now, expiresAt: now + LIFETIME_MS }
  state.transaction(() => state.db.insert(pressLinks).values(row).run())
  return token
}

/** The link of a token; undefined when there is none, or it has expired. */
export function readPressLink(state: State, token: string, now: number): PressLink | undefined {
  const link = state.db
    .select()
    .from(pressLinks)
    .where(eq(pressLinks.tokenHash, hashOf(token)))
    .get()
  return link && link.expiresAt > now ? link : undefined
}

/** Marks a link as used; false when it was used before, so that it acts once. */
export function usePressLink(state: State, { tokenHash }: PressLink, now: number): boolean {
  const use = 'update press_links set used_at = ? where token_hash = ? and used_at is null'
  return state.transaction(() => state.prepare(use).run(now, tokenHash).changes > 0)
}

/** Deletes the links that have expired. */
export function prunePressLinks(state: State, now: number): void {
  state.transaction(() => state.prepare('delete from press_links where expires_at <= ?').run(now))
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
