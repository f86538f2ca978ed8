// Keeps the followed containers flowing into the log store, as containers and patterns come and go.

import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
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
import { type Follow, forgetPosition, listFollows } from './follows.ts'

const EVERY = 10 * SECOND
/** Trouble is told this often for one container, not with every attempt. */
const TOLD_EVERY = 10 * MINUTE
const LINES = 10_000
/** Of the streams that a host with SSH allows, the rest is left to live tails and the reading of logs. */
export const FOLLOWED_EACH = 20

export interface FollowJob {
  start(): void
  /** Looks again at what is to be followed, because that was changed. */
  refresh(): void
  stop(): void
}

export type FollowJobOptions = {
  state: State
  logWriter: LogWriter
  fleet: Pick<HostRuntime, 'engine'>
  clock: Clock
  logger: Logger
  /** How long lines are kept when their project does not say, ms. */
  retentionMs: number
}

/** Nothing is followed before `start`. */
export function createFollowJob({ state, logWriter, fleet, clock, logger, retentionMs }: FollowJobOptions): FollowJob {
  const active = new Map<string, () => void>()
  const told = new Map<string, number>()
  let running = false
  let cancel = () => {}

  const refresh = () => {
    if (!running) return
    const wanted = followedNow(state)
    for (const [key, stop] of active) {
      if (wanted.has(key)) continue
      stop()
      active.delete(key)
    }
    for (const [key, one] of wanted) {
      if (active.has(key)) continue
      const { host, container, follow } = one
      const stop = followIntoStore({
        ...{ state, logWriter, fleet, clock, host, container },
        since: isoTime(follow.addedAt),
        settings: () => settingsOf(follow),
        onTrouble: error => trouble(key, error),
      })
      active.set(key, stop)
    }
  }

  const turn = () => {
    try {
      refresh()
    } catch (error) {
      logger.error('the followed containers could not be looked through', { error })
    }
    cancel = clock.at(clock.now() + EVERY, turn)
  }

  const trouble = (key: string, error: unknown) => {
    const now = clock.now()
    if (now < (told.get(key) ?? 0) + TOLD_EVERY) return
    told.set(key, now)
    logger.warn('the lines of a followed container could not be stored; they are tried again', {
      container: key,
      error,
    })
  }

  const settingsOf = (follow: Follow) => {
    const project =
      (follow.projectId === null ? undefined : readProjectById(state, follow.projectId)) ?? findProject(state)
    return {
      project: project.name,
      limits: { lines: LINES, messageBytes: project.messageLimit },
      retentionMs: retentionOf(project, retentionMs).retentionMs,
      privacy: project.privacy,
    }
  }

  return {
    start() {
      running = true
      turn()
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

/** The containers that are followed at the moment: of each host with SSH as many as may be, those that run first. */
export function followedNow(state: State): ReturnType<typeof wantedOf> {
  const places = new Map<number, number>()
  const byNeed = [...wantedOf(state)].sort(([, a], [, b]) => Number(b.running) - Number(a.running))
  return new Map(
    byNeed.filter(([, { host }]) => {
      const taken = (places.get(host.id) ?? 0) + 1
      places.set(host.id, taken)
      return host.local || taken <= FOLLOWED_EACH
    }),
  )
}

/** Every container that some pattern holds, by `host id/name`; one that two hold is followed once. */
function wantedOf(state: State) {
  const hosts = new Map(listHosts(state).map(host => [host.id, host]))
  const found = listFollows(state).flatMap(follow => {
    const host = hosts.get(follow.hostId)
    if (!host?.enabled) return []
    const fits = wildcardTest(follow.pattern)
    return listContainers(state, host.id)
      .filter(one => fits(one.name) && isContainerName(one.name))
      .map(one => ({ host, container: one.name, running: isRunning(one), follow }))
  })
  return new Map(found.reverse().map(one => [`${one.host.id}/${one.container}`, one]))
}

/** Forgets how far containers were stored that are followed no more, so that following them again begins anew. */
export function forgetUnfollowed(state: State, hostId: number): void {
  const wanted = wantedOf(state)
  for (const { name } of listContainers(state, hostId))
    if (!wanted.has(`${hostId}/${name}`)) forgetPosition(state, hostId, name)
}
