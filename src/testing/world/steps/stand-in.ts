// Somebody stands in for whoever is on call.
import { HOUR } from '../../../time.ts'
import { stepKind } from './step.ts'

export const standIn = stepKind<{ who: string; hours: number }>({
  name: 'stand-in',
  weight: 3,
  plan: (random, site) =>
    site.hasRouting ? { who: random.pick(['ann', 'ben', 'cleo']), hours: random.whole(1, 12) } : null,
  async play(world, { who, hours }) {
    const from = world.clock.now()
    const answer = await world.command(`oncall override --who ${who} --for ${hours}h`)
    if (answer?.ok || (answer === null && world.wasReached()))
      world.model.standIns.push({ who, from, to: from + hours * HOUR, isCertain: answer !== null })
  },
})
