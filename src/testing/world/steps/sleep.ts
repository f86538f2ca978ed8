// The machine sleeps: no timer fires, and nothing is answered.
import { HOUR, MINUTE } from '../../../time.ts'
import { lasting, stepKind } from './step.ts'

export const sleep = stepKind<{ ms: number }>({
  name: 'sleep',
  weight: 2,
  plan(random, site) {
    const ms = lasting(random, site, 2 * MINUTE, 3 * HOUR)
    return ms === null ? null : { ms }
  },
  async play(world, { ms }) {
    if (!world.vakt || world.isDeaf()) return
    world.fallAsleep()
    world.later(world.clock.trueNow() + ms, () => world.wakeUp())
  },
})
