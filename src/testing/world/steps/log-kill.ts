// The process is killed while it stores log lines: before their commit, or between that and the answer.
import { MINUTE, SECOND } from '../../../time.ts'
import type { AppendDeath } from '../logs/world-logs.ts'
import { lasting, stepKind } from './step.ts'

export const logKill = stepKind<{ moment: AppendDeath; ms: number }>({
  name: 'kill while storing lines',
  weight: 6,
  plan(random, site) {
    const ms = site.hasLogs ? lasting(random, site, 2 * SECOND, 20 * MINUTE) : null
    return ms === null ? null : { moment: random.pick(['before commit', 'after commit'] as const), ms }
  },
  async play(world, { moment, ms }) {
    if (!world.logs || world.isAsleep) return
    world.comesBackAfterMs = ms
    world.logs.store.dieInAppend(moment)
  },
})
