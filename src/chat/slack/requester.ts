// Who speaks: Slack's user with whether they administer the workspace, remembered for a few minutes.
import type { webApi } from '@slack/bolt'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { MINUTE } from '../../time.ts'
import type { Requester } from '../channel.ts'

const REMEMBERED_MS = 5 * MINUTE
const MOST = 2000

/** Looks people up; `web` should give up quickly, for somebody waits. */
export function createSpeakers(web: webApi.WebClient, clock: Clock, logger: Logger) {
  const known = new Map<string, { name: string; admin: boolean; at: number }>()

  /** The speaker with this id. When Slack cannot say who that is, an old answer serves, and else nobody is an admin. */
  return async (id: string, name: string): Promise<Requester> => {
    const remembered = known.get(id)
    if (remembered !== undefined && clock.now() - remembered.at < REMEMBERED_MS) return speaker(id, remembered)
    try {
      const { user } = await web.users.info({ user: id })
      const found = {
        name: user?.profile?.display_name || user?.real_name || user?.name || name,
        admin: user?.is_admin === true || user?.is_owner === true,
        at: clock.now(),
      }
      if (known.size >= MOST) known.clear()
      known.set(id, found)
      return speaker(id, found)
    } catch (error) {
      logger.warn('Slack could not say who somebody is; they are treated as no administrator unless known as one.', {
        error,
      })
      return speaker(id, remembered ?? { name, admin: false })
    }
  }
}

function speaker(id: string, { name, admin }: { name: string; admin: boolean }): Requester {
  return { platform: 'slack', id, name, admin, groups: [], interactive: true }
}
