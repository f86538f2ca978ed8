// Many jobs of one project fail at once, and recover after a while.
import { HOUR, MINUTE, SECOND } from '../../../time.ts'
import type { World } from '../world.ts'
import { lasting, stepKind } from './step.ts'

export const storm = stepKind<{ jobs: readonly string[]; ms: number }>({
  name: 'storm',
  weight: 3,
  plan(random, site) {
    const ms = site.storming.length > 0 ? lasting(random, site, 3 * MINUTE, 2 * HOUR) : null
    const count = random.whole(2, site.storming.length)
    return ms === null ? null : { jobs: site.storming.slice(0, count), ms }
  },
  async play(world, { jobs, ms }) {
    const now = world.clock.trueNow()
    for (const [i, job] of jobs.entries()) {
      world.later(now + i * 2 * SECOND, () => sendUntilStored(world, job, 'fail', 3))
      world.later(now + ms + i * SECOND, () => sendUntilStored(world, job, 'success', 30))
    }
  },
})

async function sendUntilStored(world: World, job: string, signal: 'fail' | 'success', tries: number): Promise<void> {
  const outcome = await world.ping(job, signal, null)
  if (outcome === 'lost' && tries > 1)
    world.later(world.clock.trueNow() + 10 * SECOND, () => sendUntilStored(world, job, signal, tries - 1))
}
