// The rules of a container: how its stored row follows from what the engine reports now. Pure.
import type { Container } from '../host.ts'
import type { ObservedContainer } from './container-json.ts'

/** Exit codes of a container that was asked to end: success, SIGINT, and SIGTERM as `docker stop` sends it. */
const REQUESTED_STOP_EXIT_CODES: readonly number[] = [0, 130, 143]

/** The row of a container observed at `now`; `before` is its row until then, undefined for a new container. */
export function observeContainer(
  hostId: number,
  before: Container | undefined,
  observed: ObservedContainer,
  now: number,
): Container {
  const { name, id, image, state, health, exitCode, oomKilled, startedAt, finishedAt, restartCount } = observed
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
    restarts: (before?.restarts ?? 0) + countNewRestarts(before, observed),
    restartCount,
    diedAt: findDiedAt(before, observed, now),
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

/** The engine counts its own restarts; a later start time shows a manual one. A recreated container has not restarted. */
function countNewRestarts(before: Container | undefined, observed: ObservedContainer): number {
  if (!before || before.containerId !== observed.id) return 0
  const counted = Math.max(0, observed.restartCount - before.restartCount)
  const hasStartedAgain =
    before.startedAt !== null && observed.startedAt !== null && observed.startedAt > before.startedAt
  return Math.max(counted, hasStartedAgain ? 1 : 0)
}

/** When the container failed, null otherwise. A container that had ended before Vakt knew it does not count as failed. */
function findDiedAt(before: Container | undefined, observed: ObservedContainer, now: number): number | null {
  if (!hasEnded(observed) || (REQUESTED_STOP_EXIT_CODES.includes(observed.exitCode ?? 0) && !observed.oomKilled))
    return null
  if (!before) return null
  const hasEndedSince = before.finishedAt !== observed.finishedAt || !hasEnded(before)
  return hasEndedSince ? (observed.finishedAt ?? now) : before.diedAt
}
