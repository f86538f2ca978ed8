// The process is killed at a statement, or between two, at once or in the middle of the next ping or command, and comes back after a while.
import { MINUTE, SECOND } from '../../../time.ts'
import { lasting, stepKind } from './step.ts'

export const kill = stepKind<{ statements: number; ms: number; moment?: 'now' | 'next request' }>({
  name: 'kill',
  weight: 8,
  plan(random, site) {
    const ms = lasting(random, site, 2 * SECOND, 40 * MINUTE)
    const statements = random.pick([0, random.whole(1, 30), random.whole(1, 300), random.whole(1, 3000)])
    if (ms === null) return null
    // What is stored together, or only seems to be, shows between the writes of one request.
    if (random.chance(0.5)) return { statements: random.whole(0, 25), ms, moment: 'next request' as const }
    return { statements, ms, moment: 'now' as const }
  },
  async play(world, { statements, ms, moment }) {
    if (!world.vakt || world.isAsleep) return
    world.comesBackAfterMs = ms
    if (moment === 'next request') return world.killDuringNextRequest(statements)
    if (statements > 0) return world.vakt.database.dieAfter(statements)
    world.kill()
    world.later(world.clock.trueNow() + ms, () => world.start())
  },
})
