// The disk of the log lines takes a few more pages, or none, until somebody makes room.
import { HOUR, MINUTE } from '../../../time.ts'
import { lasting, stepKind } from './step.ts'

/** Vakt may take so long to notice that there is room. */
const NOTICE_MS = 20 * MINUTE

export const logDiskFull = stepKind<{ pages: number; ms: number }>({
  name: 'log disk full',
  weight: 3,
  plan(random, site) {
    const ms = site.hasLogs ? lasting(random, site, MINUTE, 2 * HOUR) : null
    return ms === null ? null : { pages: random.pick([0, 0, 1, 2]), ms }
  },
  async play(world, { pages, ms }) {
    const { logs } = world
    if (!logs) return
    const from = world.clock.now()
    world.model.troubles.push({ kind: 'storage', from, to: from + ms + NOTICE_MS })
    logs.store.limit(pages)
    world.later(world.clock.trueNow() + ms, async () => {
      logs.store.limit(null)
      // A backup that was made before knows of it, too.
      world.model.troubles.push({ kind: 'storage', from, to: world.clock.now() + NOTICE_MS })
    })
  },
})
