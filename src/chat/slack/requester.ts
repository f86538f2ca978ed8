// Who asks: a Slack user, and whether they administer the workspace; cached for a few minutes.
import type { webApi } from '@slack/bolt'
import { BoundedMap } from '../../bounded-map.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { MINUTE } from '../../time.ts'
import type { Requester } from '../channel.ts'

const CACHE_MS = 5 * MINUTE
const CACHE_SIZE = 2_000

type User = { name: string; isAdmin: boolean }

/** Returns a function that looks users up. `web` should have a short timeout, because a person waits. */
export function createUserLookup(web: webApi.WebClient, clock: Clock, logger: Logger) {
  const cache = new BoundedMap<string, User & { at: number }>(CACHE_SIZE)

  /** When Slack does not answer, an old entry of the cache is used; without one, the user is no admin. */
  return async (id: string, name: string): Promise<Requester> => {
    const cached = cache.get(id)
    if (cached !== undefined && clock.now() - cached.at < CACHE_MS) return toRequester(id, cached)
    try {
      const { user } = await web.users.info({ user: id })
      const found = {
        name: user?.profile?.display_name || user?.real_name || user?.name || name,
        isAdmin: user?.is_admin === true || user?.is_owner === true,
        at: clock.now(),
      }
      cache.set(id, found)
      return toRequester(id, found)
    } catch (error) {
      logger.warn('a Slack user could not be looked up; without a cached answer they are no admin', { user: id, error })
      return toRequester(id, cached ?? { name, isAdmin: false })
    }
  }
}

function toRequester(id: string, { name, isAdmin }: User): Requester {
  return { platform: 'slack', id, name, admin: isAdmin, groups: [], interactive: true }
}
