// Nothing comes in and nothing goes out, until the line is back.
import { HOUR, MINUTE } from '../../../time.ts'
import { lasting, stepKind } from './step.ts'

export const internetLoss = stepKind<{ ms: number }>({
  name: 'internet loss',
  weight: 3,
  plan(random, site) {
    const ms = site.hasTargets ? lasting(random, site, 2 * MINUTE, 3 * HOUR) : null
    return ms === null ? null : { ms }
  },
  async play(world, { ms }) {
    if (world.isDeaf()) return
    world.becomeDeaf('offline')
    world.isOnline = false
    world.later(world.clock.trueNow() + ms, async () => {
      world.isOnline = true
      world.hearAgain('offline')
    })
  },
})
