// The state is copied, and some time later Vakt is started on the copy, as after a lost disk.
import { HOUR, MINUTE } from '../../../time.ts'
import { lasting, stepKind } from './step.ts'

export const backup = stepKind<{ ms: number; awayMs: number }>({
  name: 'backup restored',
  weight: 1,
  plan(random, site) {
    const ms = lasting(random, { ...site, leftMs: site.leftMs - HOUR }, 10 * MINUTE, 3 * HOUR)
    return ms === null ? null : { ms, awayMs: random.whole(1, 30) * MINUTE }
  },
  async play(world, { ms, awayMs }) {
    // A backup restores the state; what people began meanwhile is not known to it.
    if (!world.vakt || world.isDeaf() || world.downTargets.size > 0) return
    const restore = world.copyState()
    world.later(world.clock.trueNow() + ms, () => restore(awayMs))
  },
})
