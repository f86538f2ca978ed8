// A job pings its check, and tries again like curl --retry where no good answer comes.
import { SECOND } from '../../../time.ts'
import type { World } from '../world.ts'
import { stepKind } from './step.ts'

type Beat = { check: string; signal: 'success' | 'start' | 'fail'; rid: string | null; tries: number }

const RETRY_MS = 10 * SECOND

export const beat = stepKind<Beat>({
  name: 'beat',
  weight: 0,
  plan: () => null,
  play: ping,
})

async function ping(world: World, { check, signal, rid, tries }: Beat): Promise<void> {
  const outcome = await world.ping(check, signal, rid)
  if (outcome === 'lost' && tries > 1)
    world.later(world.clock.trueNow() + RETRY_MS, () => ping(world, { check, signal, rid, tries: tries - 1 }))
}
