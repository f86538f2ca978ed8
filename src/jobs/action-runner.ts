// Runs actions on hosts: one at a time per action and target, with live output in the thread of the alert.
import { readAlert, recordChange } from '../alerts/alerts.ts'
import { runCard, runOutcome } from '../alerts/run-card.ts'
import { readAlertMessageRef } from '../analysis/alert-messages.ts'
import { KIBIBYTE } from '../bytes.ts'
import type { Channel } from '../chat/channel.ts'
import type { Clock } from '../clock.ts'
import {
  type ActionOrder,
  type ActionRun,
  buildActionArgv,
  describeOutcome,
  writeActionTarget,
} from '../hosts/actions/action.ts'
import {
  finishRun,
  listUnfinishedRuns,
  type RunDraft,
  type RunEnd,
  readRun,
  recordWithheldRun,
  startRun,
} from '../hosts/actions/action-runs.ts'
import { executeAction } from '../hosts/actions/execute.ts'
import { createExcerpt } from '../hosts/actions/output-excerpt.ts'
import type { HostRuntime } from '../hosts/host-runtime.ts'
import type { Logger } from '../logger.ts'
import { showLive } from '../notifications/delivery/live-message.ts'
import { writeAudit } from '../projects/audit.ts'
import type { State } from '../state/database.ts'
import { createAutomaticActions } from './automatic-actions.ts'

/** Output that is stored: this much of the beginning and of the end. */
const EXCERPT_BYTES = 8 * KIBIBYTE

export interface ActionRunner {
  /**
   * Starts a run. Throws `conflict` while the same action runs on the same target. `ended` resolves with the finished run;
   * `threads` is the number of threads that show its output.
   */
  run(order: ActionOrder): { run: ActionRun; ended: Promise<ActionRun>; threads: number }
  /** Records runs that a stop of Vakt interrupted as unknown. */
  start(): void
  /** Schedules the automatic actions; to be called when alerts have changed. */
  scheduleAutomatic(): void
  /** Does not stop running actions on their hosts; the next start records them as unknown. */
  stop(): void
}

export type ActionRunnerOptions = {
  state: State
  hostRuntime: Pick<HostRuntime, 'connections'>
  clock: Clock
  logger: Logger
  channels: () => readonly Channel[]
}

/** Creates the runner for the actions of a state. */
export function createActionRunner({ state, hostRuntime, clock, logger, channels }: ActionRunnerOptions): ActionRunner {
  let isStopped = false

  const startAction = (order: ActionOrder, automatic: boolean) => {
    const { action, host, container, alertId } = order
    // Throws for an invalid name before anything is recorded.
    const argv = buildActionArgv(action, host.name, container)
    const run = state.transaction(() => {
      const started = startRun(state, toDraft(order, automatic, clock.now()))
      recordInAlert(
        state,
        started,
        `${started.name} started on ${writeActionTarget(started)}`,
        describeStarter(started),
      )
      return started
    })
    const excerpt = createExcerpt(EXCERPT_BYTES)
    const threads = listThreads(alertId)
    let current = run
    const output = showLive(
      threads,
      () => runCard(current.outcome === null ? { ...current, ...excerpt.read(false) } : current),
      clock,
      logger,
    )
    // A rolled-back transaction removes the run again.
    const isWanted = () => readRun(state, run.id) !== undefined
    const executed = executeAction({
      hostRuntime,
      clock,
      host,
      argv,
      timeLimitMs: action.timeLimit,
      onOutput: excerpt.add,
      isWanted,
    })
    const ended = executed.then(async result => {
      if (isStopped) return run
      current = finish(run, { ...result, ...excerpt.read(true), endedAt: clock.now() })
      await output.end()
      return current
    })
    ended.catch(error => logger.error('recording the end of an action failed', { run: run.id, error }))
    return { run, ended, threads: threads.length }
  }

  const finish = (run: ActionRun, end: RunEnd): ActionRun =>
    state.transaction(() => {
      const ended = finishRun(state, run.id, end) ?? { ...run, ...end }
      recordInAlert(state, ended, runOutcome(ended), null)
      return ended
    })

  const listThreads = (alertId: number | null) =>
    alertId === null
      ? []
      : channels().flatMap(channel => {
          const ref = readAlertMessageRef(state, alertId, channel.id)
          return ref === null ? [] : [{ channel, ref }]
        })

  const audit = ({ action, host, container, alertId }: ActionOrder, outcome: string) =>
    writeAudit(
      state,
      VAKT,
      `actions run ${action.name} --on ${writeActionTarget({ host: host.name, container })} --alert ${alertId}`,
      outcome,
      clock.now(),
    )

  const automatic = createAutomaticActions({
    state,
    clock,
    logger,
    start: order =>
      state.transaction(() => {
        startAction(order, true)
        audit(order, 'done')
      }),
    withhold: (order, reason) =>
      state.transaction(() => {
        const run = recordWithheldRun(state, toDraft(order, true, clock.now()), reason)
        recordInAlert(state, run, runOutcome(run), null, true)
        audit(order, reason)
      }),
  })

  return {
    run: order => startAction(order, false),
    start() {
      const now = clock.now()
      state.transaction(() => {
        for (const run of listUnfinishedRuns(state)) {
          const ended = finishRun(state, run.id, { endedAt: now, outcome: 'unknown' })!
          recordInAlert(state, ended, runOutcome(ended), null, true)
          writeAudit(state, VAKT, `actions run ${run.name} --on ${writeActionTarget(run)}`, describeOutcome(ended), now)
        }
      })
      automatic.schedule()
    },
    scheduleAutomatic: automatic.schedule,
    stop() {
      isStopped = true
      automatic.stop()
    },
  }
}

const VAKT = { platform: 'vakt', id: 'vakt', name: 'Vakt', role: 'admin' as const }

function toDraft(order: ActionOrder, automatic: boolean, now: number): RunDraft {
  const { action, host, container, alertId, startedBy, confirmedBy } = order
  const { id: actionId, name, command } = action
  return {
    ...{ actionId, name, command, hostId: host.id, host: host.name, container, alertId },
    ...{ startedAt: now, startedBy, confirmedBy, automatic },
  }
}

/** Adds a line to the history of the alert, and so to its cards. */
function recordInAlert(state: State, run: ActionRun, what: string, by: string | null, thread = false): void {
  const alert = run.alertId === null ? undefined : readAlert(state, run.alertId)
  if (alert) recordChange(state, alert, { changes: {}, kind: 'action', what, by, thread }, run.endedAt ?? run.startedAt)
}

function describeStarter({ startedBy, confirmedBy, automatic }: ActionRun): string {
  if (automatic) return 'Vakt'
  return confirmedBy === null ? startedBy : `${startedBy} and ${confirmedBy}`
}
