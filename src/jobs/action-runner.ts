// Runs actions on hosts: one at a time in each place, told in the alert as they go, and kept with what they said.

import { readAlert, recordChange } from '../alerts/alerts.ts'
import { endingOf, runCard } from '../alerts/run-card.ts'
import { cardRef } from '../analysis/cards.ts'
import type { Channel } from '../chat/channel.ts'
import type { Clock } from '../clock.ts'
import { type ActionOrder, type ActionRun, actionWords, outcomeWords, writeOn } from '../hosts/actions/action.ts'
import {
  beginRun,
  endRun,
  listUnfinished,
  type RunDraft,
  type RunEnd,
  readRun,
  writeWithheld,
} from '../hosts/actions/action-runs.ts'
import { execute } from '../hosts/actions/execute.ts'
import { excerptOf } from '../hosts/actions/output-excerpt.ts'
import type { HostRuntime } from '../hosts/host-runtime.ts'
import type { Logger } from '../logger.ts'
import { showLive } from '../notifications/delivery/live-message.ts'
import { writeAudit } from '../projects/audit.ts'
import type { State } from '../state/database.ts'
import { createAutomaticActions } from './automatic-actions.ts'

/** So much of the beginning and of the end is kept, bytes. */
const KEPT = 8 * 1024

export interface ActionRunner {
  /**
   * Begins a run; throws `conflict` while the same one is under way. `ended` resolves with how it went, `shown` says in how
   * many threads its output is to be seen.
   */
  begin(order: ActionOrder): { run: ActionRun; ended: Promise<ActionRun>; shown: number }
  /** Tells of the runs that Vakt did not live to see the end of. */
  start(): void
  /** To be called when alerts changed: begins what runs by itself. */
  look(): void
  /** Runs under way go on at their hosts; the next start tells of them. */
  stop(): void
}

export type ActionRunnerOptions = {
  state: State
  fleet: Pick<HostRuntime, 'connections'>
  clock: Clock
  logger: Logger
  channels: () => readonly Channel[]
}

/** A runner over the hosts of a state. */
export function createActionRunner({ state, fleet, clock, logger, channels }: ActionRunnerOptions): ActionRunner {
  let stopped = false

  const begin = (order: ActionOrder, automatic: boolean) => {
    const { action, host, container, alertId } = order
    // What could not be sent is not begun.
    const words = actionWords(action, host.name, container)
    const run = state.transaction(() => {
      const begun = beginRun(state, draftOf(order, automatic, clock.now()))
      tell(state, begun, `${begun.name} began on ${writeOn(begun)}`, byWords(begun))
      return begun
    })
    const said = excerptOf(KEPT)
    const places = placesOf(alertId)
    let now = run
    const output = showLive(
      places,
      () => runCard(now.outcome === null ? { ...now, ...said.read(false) } : now),
      clock,
      logger,
    )
    // A rollback takes the run back.
    const wanted = () => readRun(state, run.id) !== undefined
    const executed = execute({ fleet, clock, host, words, limit: action.timeLimit, say: said.add, wanted })
    const ended = executed.then(async end => {
      if (stopped) return run
      now = finish(run, { ...end, ...said.read(true), endedAt: clock.now() })
      await output.end()
      return now
    })
    ended.catch(error => logger.error('the end of an action could not be recorded', { run: run.id, error }))
    return { run, ended, shown: places.length }
  }

  const finish = (run: ActionRun, end: RunEnd): ActionRun =>
    state.transaction(() => {
      const ended = endRun(state, run.id, end) ?? { ...run, ...end }
      tell(state, ended, endingOf(ended), null)
      return ended
    })

  const placesOf = (alertId: number | null) =>
    alertId === null
      ? []
      : channels().flatMap(channel => {
          const ref = cardRef(state, alertId, channel.id)
          return ref === null ? [] : [{ channel, ref }]
        })

  const audit = ({ action, host, container, alertId }: ActionOrder, outcome: string) =>
    writeAudit(
      state,
      VAKT,
      `actions run ${action.name} --on ${writeOn({ host: host.name, container })} --alert ${alertId}`,
      outcome,
      clock.now(),
    )

  const automatic = createAutomaticActions({
    ...{ state, clock, logger },
    begin: order =>
      state.transaction(() => {
        begin(order, true)
        audit(order, 'done')
      }),
    withhold: (order, why) =>
      state.transaction(() => {
        const run = writeWithheld(state, draftOf(order, true, clock.now()), why)
        tell(state, run, endingOf(run), null, true)
        audit(order, why)
      }),
  })

  return {
    begin: order => begin(order, false),
    start() {
      const now = clock.now()
      state.transaction(() => {
        for (const run of listUnfinished(state)) {
          const ended = endRun(state, run.id, { endedAt: now, outcome: 'unknown' })!
          tell(state, ended, endingOf(ended), null, true)
          writeAudit(state, VAKT, `actions run ${run.name} --on ${writeOn(run)}`, outcomeWords(ended), now)
        }
      })
      automatic.look()
    },
    look: automatic.look,
    stop() {
      stopped = true
      automatic.stop()
    },
  }
}

const VAKT = { platform: 'vakt', id: 'vakt', name: 'Vakt', role: 'admin' as const }

function draftOf(order: ActionOrder, automatic: boolean, now: number): RunDraft {
  const { action, host, container, alertId, startedBy, confirmedBy } = order
  const { id: actionId, name, command } = action
  return {
    ...{ actionId, name, command, hostId: host.id, host: host.name, container, alertId },
    ...{ startedAt: now, startedBy, confirmedBy, automatic },
  }
}

/** Into the timeline of the alert, and with that onto its cards. */
function tell(state: State, run: ActionRun, what: string, by: string | null, thread = false): void {
  const alert = run.alertId === null ? undefined : readAlert(state, run.alertId)
  if (alert) recordChange(state, alert, { changes: {}, kind: 'action', what, by, thread }, run.endedAt ?? run.startedAt)
}

function byWords({ startedBy, confirmedBy, automatic }: ActionRun): string {
  if (automatic) return 'Vakt itself'
  return confirmedBy === null ? startedBy : `${startedBy} and ${confirmedBy}`
}
