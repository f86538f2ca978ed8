// Stores the lines of all followed containers, and starts and stops with each container and pattern.
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { lineSettings } from '../../logs/line-settings.ts'
import { wildcardTest } from '../../logs/query/wildcard.ts'
import type { LogWriter } from '../../logs/store.ts'
import { findProject, readProjectById, retentionOf } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { isoTime, MINUTE, SECOND } from '../../time.ts'
import { isContainerName } from '../host.ts'
import type { HostRuntime } from '../host-runtime.ts'
import { listHosts } from '../hosts.ts'
import { isRunning } from './container.ts'
import { listContainers } from './containers.ts'
import { followIntoStore } from './follow-into-store.ts'
import { deletePosition, type Follow, listFollows } from './follows.ts'

const REFRESH_INTERVAL_MS = 10 * SECOND
/** A container with a persistent error is logged this often, not with each retry. */
const WARNING_INTERVAL_MS = 10 * MINUTE
const MAX_BATCH_LINES = 10_000
/** Leaves some of the streams of a host for live tails and for remote logs. */
export const MAX_FOLLOWED_PER_HOST = 20

export interface FollowJob {
  start(): void
  /** Applies a change of the followed containers at once. */
  refresh(): void
  stop(): void
}

export type FollowJobOptions = {
  state: State
  logWriter: LogWriter
  hostRuntime: Pick<HostRuntime, 'engine'>
  clock: Clock
  logger: Logger
  /** Retention of lines whose project sets none, ms. */
  retentionMs: number
  /** The zone of Vakt. */
  timeZone: string
}

/** Creates the job. Nothing is followed before `start`. */
export function createFollowJob({
  state,
  logWriter,
  hostRuntime,
  clock,
  logger,
  retentionMs,
  timeZone,
}: FollowJobOptions): FollowJob {
  const active = new Map<string, () => void>()
  const warnedAt = new Map<string, number>()
  let running = false
  let cancel = () => {}

  const refresh = () => {
    if (!running) return
    const wanted = listFollowedContainers(state)
    for (const [key, stop] of active) {
      if (wanted.has(key)) continue
      stop()
      active.delete(key)
    }
    for (const [key, { host, container, follow }] of wanted) {
      if (active.has(key)) continue
      const stop = followIntoStore({
        ...{ state, logWriter, hostRuntime, clock, host, container },
        since: isoTime(follow.addedAt),
        settings: () => readSettings(follow),
        onError: error => warn(key, error),
      })
      active.set(key, stop)
    }
  }

  const tick = () => {
    try {
      refresh()
    } catch (error) {
      logger.error('listing the followed containers failed', { error })
    }
    cancel = clock.at(clock.now() + REFRESH_INTERVAL_MS, tick)
  }

  const warn = (key: string, error: unknown) => {
    const now = clock.now()
    if (now < (warnedAt.get(key) ?? 0) + WARNING_INTERVAL_MS) return
    warnedAt.set(key, now)
    logger.warn('storing the lines of a followed container failed; retrying', {
      container: key,
      error,
    })
  }

  const readSettings = (follow: Follow) => {
    const project =
      (follow.projectId === null ? undefined : readProjectById(state, follow.projectId)) ?? findProject(state)
    return {
      ...lineSettings(state, project, null, timeZone),
      limits: { lines: MAX_BATCH_LINES, messageBytes: project.messageLimit },
      retentionMs: retentionOf(project, retentionMs).retentionMs,
    }
  }

  return {
    start() {
      running = true
      tick()
    },
    refresh,
    stop() {
      running = false
      cancel()
      for (const stop of active.values()) stop()
      active.clear()
    },
  }
}

/** The containers that are followed now: of a host with SSH only as many as the limit, running ones first. */
export function listFollowedContainers(state: State): ReturnType<typeof listMatchingContainers> {
  const counts = new Map<number, number>()
  const runningFirst = [...listMatchingContainers(state)].sort(([, a], [, b]) => Number(b.running) - Number(a.running))
  return new Map(
    runningFirst.filter(([, { host }]) => {
      const count = (counts.get(host.id) ?? 0) + 1
      counts.set(host.id, count)
      return host.local || count <= MAX_FOLLOWED_PER_HOST
    }),
  )
}

/** The containers that match any pattern, each once, by `host id/name`. */
function listMatchingContainers(state: State) {
  const hosts = new Map(listHosts(state).map(host => [host.id, host]))
  const found = listFollows(state).flatMap(follow => {
    const host = hosts.get(follow.hostId)
    if (!host?.enabled) return []
    const matches = wildcardTest(follow.pattern)
    return listContainers(state, host.id)
      .filter(({ name }) => matches(name) && isContainerName(name))
      .map(container => ({ host, container: container.name, running: isRunning(container), follow }))
  })
  return new Map(found.reverse().map(entry => [`${entry.host.id}/${entry.container}`, entry]))
}

/** Deletes the positions of containers that no pattern matches any more, so that following them again starts afresh. */
export function deleteUnfollowedPositions(state: State, hostId: number): void {
  const wanted = listMatchingContainers(state)
  for (const { name } of listContainers(state, hostId))
    if (!wanted.has(`${hostId}/${name}`)) deletePosition(state, hostId, name)
}
