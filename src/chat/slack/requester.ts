// Who asks: a Slack user, and whether they administer the workspace; cached for a few minutes.
import type { webApi } from '@slack/bolt'
import { BoundedMap } from '../../bounded-map.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { MINUTE } from '../../time.ts'
import type { Requester } from '../channel.ts'

const CACHE_MS = 5 * MINUTE
const CACHE_SIZE = 2_000

type User = { name: string; isAdmin: boolean; isOutsider: boolean }
/** `isOutsider`: the person belongs to another workspace, as in channels shared by Slack Connect, and has no role here. */
export type SlackRequester = Requester & { isOutsider: boolean }

/** What Slack answers about a user that it does not show to this workspace. */
const UNKNOWN_USERS = new Set(['user_not_found', 'user_not_visible', 'users_not_found'])

/**
 * Returns a function that looks users up; `team` is the workspace that the request says they belong to. `web` should have a
 * short timeout, because a person waits.
 */
export function createUserLookup(web: webApi.WebClient, clock: Clock, logger: Logger) {
  const cache = new BoundedMap<string, User & { at: number }>(CACHE_SIZE)
  let ownTeam: string | null = null

  const readOwnTeam = async (): Promise<string | null> => {
    ownTeam ??= (await web.auth.test().catch(() => null))?.team_id ?? null
    return ownTeam
  }

  /**
   * When Slack does not answer, an old entry of the cache is used; without one, the user is no admin, and an outsider if
   * the request itself names another workspace.
   */
  return async (id: string, name: string, team?: string): Promise<SlackRequester> => {
    const cached = cache.get(id)
    if (cached !== undefined && clock.now() - cached.at < CACHE_MS) return toRequester(id, cached)
    const asked = [readOwnTeam(), web.users.info({ user: id })] as const
    // Both at once: a person waits.
    await Promise.allSettled(asked)
    const own = await asked[0]
    try {
      const { user } = await asked[1]
      const found = {
        name: user?.profile?.display_name || user?.real_name || user?.name || name,
        isAdmin: user?.is_admin === true || user?.is_owner === true,
        isOutsider: isOutsider(user, own),
        at: clock.now(),
      }
      cache.set(id, found)
      return toRequester(id, found)
    } catch (error) {
      const isUnknown = UNKNOWN_USERS.has((error as { data?: { error?: string } }).data?.error ?? '')
      const isOther = own !== null && team !== undefined && team !== own
      logger.warn('a Slack user could not be looked up; without a cached answer they are no admin', { user: id, error })
      return toRequester(id, cached ?? { name, isAdmin: false, isOutsider: isUnknown || isOther })
    }
  }
}

type SlackUser = webApi.UsersInfoResponse['user']

/** Whether a user belongs to another workspace; in an Enterprise Grid, people belong to several. */
function isOutsider(user: SlackUser, ownTeam: string | null): boolean {
  if ((user as { is_stranger?: boolean } | undefined)?.is_stranger === true) return true
  if (ownTeam === null || user?.team_id === undefined || user.team_id === ownTeam) return false
  return !(user.enterprise_user?.teams ?? []).includes(ownTeam)
}

function toRequester(id: string, { name, isAdmin, isOutsider }: User): SlackRequester {
  const admin = isAdmin && !isOutsider
  return { platform: 'slack', id, name, admin, groups: [], interactive: true, isOutsider }
}
