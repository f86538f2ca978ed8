// Sends log lines and alerts on: each forward by itself, from its stored position, at least once, and never in the way of the intake.
import { listAlerts, listResolvedSince } from '../alerts/alerts.ts'
import { GROUP } from '../alerts/suppression/inhibition.ts'
import { backOff } from '../backoff.ts'
import { MEBIBYTE } from '../bytes.ts'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { LogLine } from '../logs/line.ts'
import { matchesQuery } from '../logs/query/matches.ts'
import { parseQuery } from '../logs/query/parse.ts'
import type { Query } from '../logs/query/tree.ts'
import { expandSavedSearch, searchScope } from '../logs/searches.ts'
import type { LogFeed } from '../logs/store.ts'
import { Problem } from '../problem.ts'
import { readProjectById } from '../projects/projects.ts'
import type { Vault } from '../projects/vault.ts'
import type { State } from '../state/database.ts'
import { errorMessage } from '../text.ts'
import { MINUTE, SECOND } from '../time.ts'
import { type Forward, ForwardError, type LineKind, type Target } from './forward.ts'
import { listForwards, readForward, recordFailure, recordSent } from './forwards.ts'
import { ENDED_FOR_MS, REPEAT_MS, REPORTED_BY, sendAlerts } from './kinds/alertmanager.ts'
import { LINE_KINDS } from './kinds/line-kinds.ts'

/** A batch of lines for a receiver. */
const BATCH_LINES = 1_000
const BATCH_BYTES = MEBIBYTE
/** New lines are gathered for so long, so that a busy time makes few requests. */
const GATHER_MS = SECOND / 2
/** How often a forward without a sign of new lines looks for some. */
const IDLE_MS = 30 * SECOND
const MAX_RETRY_MS = 5 * MINUTE
/** After so many lines in a row that are refused one by one, the receiver is at fault, and nothing more is left out. */
const MAX_REFUSED_IN_ROW = 20
const MAX_ALERTS = 5_000
const STOP_TIMEOUT_MS = 1.5 * SECOND

export type ForwardLoopOptions = {
  state: State
  vault: Vault
  /** Null without a log store: then only alerts are sent. */
  feed: LogFeed | null
  clock: Clock
  logger: Logger
  timeZone: string
  publicUrl(): string
  /** What lines can be sent to; only tests change it. */
  kinds?: readonly LineKind[]
}

type Runner = {
  id: number
  isAlerts: boolean
  running: Promise<void> | null
  isWoken: boolean
  /** While it fails, new lines do not shorten the wait. */
  isFailing: boolean
  cancel: (() => void) | null
  /** How many lines it reads at a time; fewer after the receiver refused a batch. */
  batch: number
  refusedInRow: number
}

/** What a step asks for: another one at once, or a wait (ms). */
type Next = { waitMs: number; isFailing?: boolean }

/** Runs all forwards of a state. */
export function createForwardLoop(options: ForwardLoopOptions) {
  const { state, clock, logger } = options
  const runners = new Map<number, Runner>()
  const queries = new Map<string, Query>()
  let isStopped = false

  const sync = () => {
    const all = listForwards(state)
    for (const id of runners.keys()) if (!all.some(forward => forward.id === id)) drop(id)
    for (const { id, kind } of all) {
      if (runners.has(id)) continue
      const isAlerts = kind === 'alertmanager'
      const runner = {
        id,
        isAlerts,
        running: null,
        isWoken: false,
        isFailing: false,
        cancel: null,
        batch: BATCH_LINES,
        refusedInRow: 0,
      }
      runners.set(id, runner)
      schedule(runner, 0)
    }
  }

  const drop = (id: number) => {
    runners.get(id)?.cancel?.()
    runners.delete(id)
  }

  const schedule = (runner: Runner, waitMs: number) => {
    runner.cancel?.()
    runner.cancel = isStopped
      ? null
      : clock.at(clock.now() + waitMs, () => {
          runner.cancel = null
          runner.running = run(runner).finally(() => {
            runner.running = null
          })
        })
  }

  const run = async (runner: Runner) => {
    for (;;) {
      runner.isWoken = false
      const forward = readForward(state, runner.id)
      if (!forward || isStopped) return
      const next = await step(runner, forward).catch(error => failed(forward, error))
      runner.isFailing = next.isFailing ?? false
      if (isStopped || !runners.has(runner.id)) return
      if (next.waitMs === 0) continue
      return schedule(runner, runner.isWoken && !runner.isFailing ? GATHER_MS : next.waitMs)
    }
  }

  const step = async (runner: Runner, forward: Forward): Promise<Next> => {
    const target = JSON.parse(options.vault.open(forward.targetSealed)) as Target
    const project = projectOf(state, forward)
    if (forward.kind === 'alertmanager') return stepAlerts(forward, target)
    if (!options.feed) return { waitMs: IDLE_MS }
    const page = await options.feed.linesAfter(forward.position, { lines: runner.batch, bytes: BATCH_BYTES })
    if (page.next === forward.position) return { waitMs: IDLE_MS }
    const query = queryOf(forward)
    const lines = page.lines.filter(line => isWanted(line, project, query))
    try {
      const { refused } = lines.length > 0 ? await kindOf(forward).send(lines, target) : { refused: 0 }
      recordSent(state, forward, { position: page.next, sent: lines.length - refused, refused, now: clock.now() })
      if (lines.length > 0) runner.refusedInRow = 0
      runner.batch = Math.min(BATCH_LINES, runner.batch * 2)
    } catch (error) {
      if (!(error instanceof ForwardError && error.isRefused)) throw error
      return leaveOut(runner, forward, lines, page.next, error)
    }
    return { waitMs: page.lines.length > 0 || page.next < page.committedTo ? 0 : IDLE_MS }
  }

  /** Sends less at a time until one line is left that the receiver does not take: that one is left out and counted. */
  const leaveOut = (
    runner: Runner,
    forward: Forward,
    lines: readonly LogLine[],
    position: number,
    error: ForwardError,
  ): Next => {
    if (runner.batch > 1) {
      runner.batch = Math.max(1, Math.floor(Math.min(runner.batch, lines.length) / 2))
      return { waitMs: 0 }
    }
    if (++runner.refusedInRow > MAX_REFUSED_IN_ROW) throw error
    recordSent(state, forward, { position, sent: 0, refused: lines.length, error: error.message, now: clock.now() })
    logger.warn('the receiver of a forward refused a line; it is left out', { forward: forward.name, error })
    return { waitMs: 0 }
  }

  const stepAlerts = async (forward: Forward, target: Target): Promise<Next> => {
    const now = clock.now()
    const all = [
      ...listAlerts(state, { open: true, limit: MAX_ALERTS }),
      ...listResolvedSince(state, now - ENDED_FOR_MS, MAX_ALERTS),
    ]
    const wanted = all
      .filter(
        ({ detector, projectId }) =>
          detector !== REPORTED_BY &&
          detector !== GROUP &&
          (forward.projectId === null || projectId === forward.projectId),
      )
      .map(alert => ({
        alert,
        project: alert.projectId === null ? null : (readProjectById(state, alert.projectId)?.name ?? null),
      }))
    if (wanted.length > 0) {
      await sendAlerts(wanted, target, now, options.publicUrl())
      recordSent(state, forward, { sent: wanted.length, now })
    }
    return { waitMs: REPEAT_MS }
  }

  const failed = (forward: Forward, error: unknown): Next => {
    const failures = recordFailure(state, forward, errorMessage(error), clock.now())
    const asked = error instanceof ForwardError || error instanceof Problem ? error.retryAfterMs : undefined
    const waitMs = asked ?? backOff(failures, { maxMs: MAX_RETRY_MS })
    if (failures === 1)
      logger.warn('a forward fails; what it did not send is sent later', { forward: forward.name, error, waitMs })
    return { waitMs, isFailing: true }
  }

  const kindOf = ({ kind }: Forward): LineKind => (options.kinds ?? LINE_KINDS).find(({ name }) => name === kind)!

  /** The query of a forward; its saved search is read again for each batch. */
  const queryOf = (forward: Forward): Query => {
    const query = expandSavedSearch(state, forward.query, searchScope(forward))
    const known = queries.get(query)
    if (known) return known
    const parsed = parseQuery(query, clock.now(), options.timeZone)
    if (parsed.from !== null || parsed.until !== null)
      throw new ForwardError(`The saved search of the query "${forward.query}" names a time now. Save it without one.`)
    queries.set(query, parsed)
    return parsed
  }

  const wake = (isWanted: (runner: Runner) => boolean) => {
    for (const runner of runners.values()) {
      if (!isWanted(runner) || runner.isFailing || runner.isWoken) continue
      runner.isWoken = true
      if (runner.running === null) schedule(runner, GATHER_MS)
    }
  }

  return {
    start(): void {
      sync()
      state.onCommit(topics => {
        if (topics.has('forwards')) setImmediate(() => isStopped || sync())
        if (topics.has('alerts')) wake(runner => runner.isAlerts)
      })
    },
    /** Called when lines were stored. */
    onLines(): void {
      if (runners.size > 0) wake(runner => !runner.isAlerts)
    },
    /** Resolves when no send is under way; one that takes too long is left, and what it sends is sent again at the next start. */
    async stop(): Promise<void> {
      isStopped = true
      for (const { cancel } of runners.values()) cancel?.()
      const running = [...runners.values()].map(runner => runner.running)
      let cut = () => {}
      const late = new Promise<void>(resolve => {
        cut = clock.at(clock.now() + STOP_TIMEOUT_MS, resolve)
      })
      await Promise.race([Promise.all(running), late])
      cut()
    },
  }
}

function isWanted(line: LogLine, project: string | null, query: Query): boolean {
  return (project === null || line.project === project) && matchesQuery(query, line)
}

function projectOf(state: State, { projectId }: Forward): string | null {
  if (projectId === null) return null
  const project = readProjectById(state, projectId)
  if (project) return project.name
  throw new ForwardError('The project of the forward was removed. Remove the forward.')
}
