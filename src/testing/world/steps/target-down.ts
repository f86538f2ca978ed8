// The target of a probe stops to answer, and answers again after a while.
import { HOUR, MINUTE } from '../../../time.ts'
import { lasting, stepKind } from './step.ts'

export const targetDown = stepKind<{ target: string; ms: number }>({
  name: 'target down',
  weight: 2,
  plan(random, site) {
    const ms = site.probes.length > 0 ? lasting(random, site, 40 * MINUTE, 4 * HOUR) : null
    return ms === null ? null : { target: random.pick(site.probes), ms }
  },
  async play(world, { target, ms }) {
    const outages = world.model.outages.get(target)!
    const last = outages.at(-1)
    const now = world.clock.trueNow()
    // One trouble is over before the next begins.
    if (last && (last.to === null || now - last.to < HOUR)) return
    outages.push({ from: now, to: null })
    world.downTargets.add(target)
    world.later(now + ms, async () => {
      world.downTargets.delete(target)
      const open = world.model.outages.get(target)!.at(-1)
      if (open) open.to = world.clock.trueNow()
    })
  },
})
