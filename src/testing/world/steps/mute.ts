// Somebody silences the alerts of a check, or plans maintenance for it.
import { HOUR, MINUTE } from '../../../time.ts'
import { lasting, stepKind } from './step.ts'

export const mute = stepKind<{ by: 'silence' | 'maintenance'; check: string; ms: number; name: string }>({
  name: 'mute',
  weight: 5,
  plan(random, site) {
    const ms = lasting(random, site, 5 * MINUTE, 4 * HOUR)
    const by = random.chance(0.6) ? ('silence' as const) : ('maintenance' as const)
    return ms === null ? null : { by, check: random.pick(site.checks), ms, name: `work-${random.whole(1, 1e9)}` }
  },
  async play(world, { by, check, ms, name }) {
    const minutes = Math.floor(ms / MINUTE)
    const [from, madeAt] = [world.clock.now(), world.clock.trueNow()]
    const line =
      by === 'silence'
        ? `silence add check:${check} --for ${minutes}m`
        : `maintenance add ${name} --matcher check:${check} --for ${minutes}m`
    const answer = await world.command(line)
    if (answer?.ok || (answer === null && world.wasReached()))
      world.model.mutes.push({ check, from, to: from + minutes * MINUTE, isCertain: answer !== null, madeAt })
  },
})
