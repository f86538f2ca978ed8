// Vakt is stopped in good order, for an update or a move, and started again.
import { HOUR, SECOND } from '../../../time.ts'
import { lasting, stepKind } from './step.ts'

export const restart = stepKind<{ ms: number }>({
  name: 'restart',
  weight: 3,
  plan(random, site) {
    const ms = lasting(random, site, SECOND, random.chance(0.7) ? 60 * SECOND : 2 * HOUR)
    return ms === null ? null : { ms }
  },
  async play(world, { ms }) {
    if (!world.vakt || world.isAsleep) return
    await world.stop()
    world.later(world.clock.trueNow() + ms, () => world.start())
  },
})
