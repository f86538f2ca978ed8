// The state is copied, and some time later Vakt is started on the copy, as after a lost disk.
import { HOUR, MINUTE } from '../../../time.ts'
import { auditOpenCards } from '../audit.ts'
import type { World } from '../world.ts'
import { lasting, stepKind } from './step.ts'

/** How long after a start on a copy every card must be true. */
const SHOWN_MS = MINUTE

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
    world.later(world.clock.trueNow() + ms, async () => {
      await restore(awayMs)
      const startsAt = world.clock.trueNow() + awayMs
      world.later(startsAt, async () => watchCards(world, startsAt + SHOWN_MS))
    })
  },
})

/** Soon after the start the cards show what the copy knows, unless something keeps Vakt from it. */
function watchCards(world: World, at: number): void {
  const { vakt } = world
  if (!vakt || !isUndisturbed(world)) return
  world.later(at, async () => {
    if (world.vakt === vakt && isUndisturbed(world)) auditOpenCards(world, vakt)
  })
}

function isUndisturbed(world: World): boolean {
  const { vakt, isOnline, isAsleep, chats } = world
  const isHearing = vakt !== null && !vakt.isDead() && isOnline && !isAsleep && !world.isDeaf()
  return isHearing && chats.every(({ fault }) => fault === null)
}
