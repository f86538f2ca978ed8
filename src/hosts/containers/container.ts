// The rules of a container: what one look after another makes of it.

import type { Container } from '../host.ts'
import type { Seen } from './container-json.ts'

/** Ended because somebody asked it to: SIGINT, or SIGTERM as `docker stop` sends it. */
const ASKED_TO_END: readonly number[] = [0, 130, 143]

/** The container's row after a look at `now`; `before` is what the last look left, undefined for one not known yet. */
export function lookedAt(hostId: number, before: Container | undefined, seen: Seen, now: number): Container {
  const { name, id, image, state, health, exitCode, oomKilled, startedAt, finishedAt, restartCount } = seen
  return {
    hostId,
    name,
    containerId: id,
    image,
    state,
    health,
    exitCode,
    oomKilled,
    startedAt,
    finishedAt,
    restarts: (before?.restarts ?? 0) + newRestarts(before, seen),
    restartCount,
    diedAt: diedAt(before, seen, now),
    unhealthySince: health === 'unhealthy' ? (before?.unhealthySince ?? now) : null,
    seenAt: now,
  }
}

export function isRunning({ state }: Pick<Container, 'state'>): boolean {
  return state === 'running'
}

export function hasEnded({ state }: Pick<Container, 'state'>): boolean {
  return state === 'exited' || state === 'dead' || state === 'stopped'
}

/** The engine counts the restarts it makes itself; a new start time tells of others. A container made anew is no restart. */
function newRestarts(before: Container | undefined, seen: Seen): number {
  if (!before || before.containerId !== seen.id) return 0
  const counted = Math.max(0, seen.restartCount - before.restartCount)
  const begunAnew = before.startedAt !== null && seen.startedAt !== null && seen.startedAt > before.startedAt
  return Math.max(counted, begunAnew ? 1 : 0)
}

/** One that had ended before Vakt knew of it is not told of. */
function diedAt(before: Container | undefined, seen: Seen, now: number): number | null {
  if (!hasEnded(seen) || (ASKED_TO_END.includes(seen.exitCode ?? 0) && !seen.oomKilled)) return null
  if (!before) return null
  const again = before.finishedAt !== seen.finishedAt || !hasEnded(before)
  return again ? (seen.finishedAt ?? now) : before.diedAt
}
