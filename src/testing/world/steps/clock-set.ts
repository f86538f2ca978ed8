// Vakt's clock is set forward or back, by a second, hours or days.
import { DAY, HOUR, MINUTE } from '../../../time.ts'
import { stepKind } from './step.ts'

export const clockSet = stepKind<{ ms: number }>({
  name: 'clock set',
  weight: 3,
  plan(random, site) {
    if (!site.mayClockBeWrong) return null
    const ms = random.pick([MINUTE, HOUR, 5 * HOUR, 2 * DAY])
    return { ms: random.chance(0.5) ? ms : -ms }
  },
  async play(world, { ms }) {
    if (!world.vakt || world.isDeaf()) return
    await world.setClock(ms)
  },
})
