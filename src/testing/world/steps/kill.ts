// The process is killed at a statement, or between two, and comes back after a while.
import { MINUTE, SECOND } from '../../../time.ts'
import { lasting, stepKind } from './step.ts'

export const kill = stepKind<{ statements: number; ms: number }>({
  name: 'kill',
  weight: 5,
  plan(random, site) {
    const ms = lasting(random, site, 2 * SECOND, 40 * MINUTE)
    const statements = random.pick([0, random.whole(1, 30), random.whole(1, 300), random.whole(1, 3000)])
    return ms === null ? null : { statements, ms }
  },
  async play(world, { statements, ms }) {
    if (!world.vakt || world.isAsleep) return
    world.comesBackAfterMs = ms
    if (statements > 0) return world.vakt.database.dieAfter(statements)
    world.kill()
    world.later(world.clock.trueNow() + ms, () => world.start())
  },
})
