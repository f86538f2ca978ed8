// Fetches the logs of hosts into the log store, on a schedule or on request: each line once, whatever dies in between.

import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { LogWriter } from '../../logs/store.ts'
import { Problem } from '../../problem.ts'
import { findProject, readProjectById, retentionOf } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import type { HostRuntime } from '../host-runtime.ts'
import { readHost } from '../hosts.ts'
import { fileWords, journalWords } from './fetch-script.ts'
import { readBytes } from './read-bytes.ts'
import {
  ENDLESS,
  firstCursor,
  MOST_LINES,
  type Reading,
  type RemoteLog,
  readFileAnswer,
  readJournalAnswer,
} from './remote-log.ts'
import {
  dueRemoteLogs,
  nextRemoteLog,
  noteFailed,
  noteFetched,
  notePassedOver,
  notePendingBatch,
  noteRead,
  readRemoteLog,
} from './remote-logs.ts'

const AT_ONCE = 8
/** A log that has much to say gives way to others after so many batches, and goes on at once. */
const BATCHES = 64
const LATEST = MINUTE
/** What failed is tried again after so long at the most. */
const RETRY = MINUTE

export type Fetched = { lines: number; more: boolean; lost: boolean }
const NOTHING: Fetched = { lines: 0, more: false, lost: false }

export interface LogFetcher {
  start(): void
  /** Looks again at what is due, because that was changed. */
  refresh(): void
  /** Fetches one now, to its end; `tell` hears how many lines came so far. Rejects with the sentence why it cannot be. */
  fetch(log: RemoteLog, tell?: (lines: number) => void): Promise<Fetched>
  /** What is under way is left where it is; the next start goes on from there. */
  stop(): void
}

export type LogFetcherOptions = {
  state: State
  logWriter: LogWriter
  fleet: Pick<HostRuntime, 'connections' | 'online'>
  clock: Clock
  logger: Logger
  /** How long lines are kept when their project does not say, ms. */
  retentionMs: number
}

/** Nothing is fetched before `start` unless it is asked for. */
export function createLogFetcher({
  state,
  logWriter,
  fleet,
  clock,
  logger,
  retentionMs,
}: LogFetcherOptions): LogFetcher {
  const under = new Map<number, Promise<Fetched>>()
  let stopped = false
  let running = false
  let cancel = () => {}

  const arm = () => {
    cancel()
    // When there is no room, whatever ends arms again.
    if (!running || stopped || under.size >= AT_ONCE) return
    const next = nextRemoteLog(state, [...under.keys()])
    if (next !== null) cancel = clock.at(Math.max(clock.now(), Math.min(next, clock.now() + LATEST)), turn)
  }

  const turn = () => {
    try {
      const due = dueRemoteLogs(state, clock.now()).filter(one => !under.has(one.id))
      for (const one of due.slice(0, Math.max(0, AT_ONCE - under.size))) begin(one, BATCHES, false).catch(() => {})
      arm()
    } catch (error) {
      logger.error('the logs of hosts could not be looked through', { error })
      cancel = clock.at(clock.now() + LATEST, turn)
    }
  }

  const begin = (one: RemoteLog, batches: number, insist: boolean, tell = (_: number) => {}): Promise<Fetched> => {
    const fetching = fetchAll(one.id, batches, insist, tell)
      .then(
        fetched => {
          const now = clock.now()
          if (stopped) return fetched ?? NOTHING
          if (fetched) noteFetched(state, one.id, now, fetched.more ? now : now + one.every)
          else notePassedOver(state, one.id, now + one.every)
          return fetched ?? NOTHING
        },
        error => {
          const problem = error instanceof Problem ? error : failed(one, error)
          if (!(error instanceof Problem))
            logger.error('the log of a host could not be fetched', { target: one.target, error })
          const now = clock.now()
          if (!stopped)
            noteFailed(state, one.id, problem.message, fleet.online(), now, now + Math.min(one.every, RETRY))
          throw problem
        },
      )
      .finally(() => {
        under.delete(one.id)
        if (running && !stopped) arm()
      })
    under.set(one.id, fetching)
    return fetching
  }

  /** Null when there is nothing to fetch from, as its host is not watched, or it was removed meanwhile. */
  const fetchAll = async (id: number, batches: number, insist: boolean, tell: (lines: number) => void) => {
    const all: Fetched = { lines: 0, more: true, lost: false }
    for (let batch = 0; batch < batches && all.more && !stopped; batch++) {
      const current = readRemoteLog(state, id)
      const host = current && readHost(state, current.hostId)
      if (!current || !host || !(insist || host.enabled)) return null
      const one = await step(current, host, insist)
      all.lines += one.lines
      all.more = one.more
      all.lost ||= one.lost
      tell(all.lines)
    }
    return all
  }

  /** One reading into the store. */
  const step = async (one: RemoteLog, host: Host, insist: boolean): Promise<Fetched> => {
    const reading = one.position === null ? await firstReading(one, host, insist) : await nextReading(one, host, insist)
    const { lines, lost, until, start } = reading
    if (stopped) return { lines: 0, more: true, lost }
    if (lines > 0 && until !== null) {
      const again = one.pending !== null && isSame(one.pending.until, until)
      const batch = again ? one.pending!.batch : one.batches + 1
      notePendingBatch(state, one.id, { batch, start, until })
      await append(one, host, reading, batch)
      // What is stored and not noted is sent again under the same number, and stored once.
      if (stopped) return { lines: 0, more: true, lost }
    }
    noteRead(state, one, until, lines, lost ? clock.now() : null)
    const moved = until !== null && (one.position === null || !isSame(one.position, until))
    return { lines, more: reading.more && moved, lost }
  }

  /** Where to begin is settled before anything is read, so that a first batch too is the same when it is made again. */
  const firstReading = async (one: RemoteLog, host: Host, insist: boolean): Promise<Reading> => {
    const machine = fleet.connections.machine(host, insist)
    const nothing = { lines: 0, body: '', format: 'text', start: null, lost: false } as const
    if (one.kind === 'file') {
      const { out } = await readBytes(machine, host, fileWords(one.target, null, ENDLESS), clock)
      return { ...nothing, until: readFileAnswer(host, one.target, out).until, more: true }
    }
    const { out, err } = await readBytes(machine, host, journalWords(one.target, null, 4 * ENDLESS), clock)
    const cursor = firstCursor(host, one.target, out, err)
    return { ...nothing, until: cursor === null ? null : { cursor }, more: cursor !== null }
  }

  const nextReading = async (one: RemoteLog, host: Host, insist: boolean): Promise<Reading> => {
    const machine = fleet.connections.machine(host, insist)
    const { position, pending } = one
    if (position !== null && 'file' in position) {
      const { out } = await readBytes(machine, host, fileWords(one.target, position.file, ENDLESS), clock)
      const fresh = readFileAnswer(host, one.target, out)
      const until = pending && 'file' in pending.until ? pending.until.file.offset : null
      const known = pending?.start?.inode === fresh.start?.inode && pending?.start?.offset === fresh.start?.offset
      return until !== null && known ? readFileAnswer(host, one.target, out, until) : fresh
    }
    const cursor = position?.cursor ?? null
    const { out, err } = await readBytes(machine, host, journalWords(one.target, cursor, 4 * ENDLESS), clock)
    const until = pending && 'cursor' in pending.until ? pending.until.cursor : null
    return readJournalAnswer(host, one.target, out, err, until)
  }

  const append = async (one: RemoteLog, host: Host, { body, format }: Reading, batch: number): Promise<void> => {
    const project = (one.projectId === null ? undefined : readProjectById(state, one.projectId)) ?? findProject(state)
    await logWriter.append({
      body: new TextEncoder().encode(body).buffer,
      format,
      project: project.name,
      defaults: { source: one.source, host: host.name },
      receivedAt: clock.now(),
      limits: { lines: MOST_LINES + 1, messageBytes: project.messageLimit },
      retentionMs: retentionOf(project, retentionMs).retentionMs,
      privacy: project.privacy,
      idempotencyKey: `remote-log:${one.id}:${one.addedAt}:${batch}`,
    })
  }

  return {
    start() {
      running = true
      arm()
    },
    refresh: arm,
    async fetch(one, tell) {
      // What a schedule or somebody else has begun comes to its end first.
      while (under.has(one.id)) await under.get(one.id)!.catch(() => {})
      return begin(one, Number.POSITIVE_INFINITY, true, tell)
    },
    stop() {
      stopped = true
      cancel()
    },
  }
}

/** How often a log may be fetched at the most. */
export const SOONEST = 5 * SECOND

function isSame(a: NonNullable<RemoteLog['position']>, b: NonNullable<RemoteLog['position']>): boolean {
  if ('cursor' in a || 'cursor' in b) return 'cursor' in a && 'cursor' in b && a.cursor === b.cursor
  return a.file.inode === b.file.inode && a.file.offset === b.file.offset
}

function failed(one: RemoteLog, cause: unknown): Problem {
  return new Problem('internal', `${one.target} could not be fetched (${(cause as Error).message}).`, { cause })
}
