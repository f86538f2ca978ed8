// A part of yesterday's log file is overwritten, or its end is cut off, while Vakt runs or while it is stopped.
import { DAY, HOUR, MINUTE } from '../../../time.ts'
import type { DamagedPlace } from '../logs/file-damage.ts'
import { stepKind } from './step.ts'

/** So long after midnight no batch of the day before is sent again any more. */
const SETTLED_MS = HOUR

export const logFileDamaged = stepKind<{ place: DamagedPlace; isStopped: boolean }>({
  name: 'log file damaged',
  // Worlds have it once, if at all: their plan says when.
  weight: 0,
  plan: () => null,
  async play(world, { place, isStopped }) {
    const { logs, clock } = world
    const now = clock.trueNow()
    if (!logs || world.isAsleep || now % DAY < SETTLED_MS) return
    const isRunning = world.vakt !== null
    if (isStopped) world.kill()
    const partition = logs.store.damage(now, place)
    if (partition !== null) logs.lines.damagedDays.add(Math.floor(now / DAY) - 1)
    if (isStopped && isRunning) world.later(now + MINUTE, () => world.start())
  },
})
