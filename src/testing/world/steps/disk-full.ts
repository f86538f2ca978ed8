// The disk takes a few more pages, or none, until somebody makes room.
import { HOUR, MINUTE } from '../../../time.ts'
import { lasting, stepKind } from './step.ts'

export const diskFull = stepKind<{ pages: number; ms: number }>({
  name: 'disk full',
  weight: 2,
  plan(random, site) {
    const ms = lasting(random, site, MINUTE, 2 * HOUR)
    return ms === null ? null : { pages: random.pick([0, 0, 0, 1, 3]), ms }
  },
  async play(world, { pages, ms }) {
    if (world.isDeaf()) return
    world.becomeDeaf('storage')
    world.fillDisk(pages)
    world.later(world.clock.trueNow() + ms, async () => {
      world.emptyDisk()
      world.hearAgain('storage')
    })
  },
})
