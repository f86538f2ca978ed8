// Starts automatic actions, once for each alert and within their limits.
import type { Alert } from '../alerts/alert.ts'
import { listAlerts } from '../alerts/alerts.ts'
import { type AvailableAction, availableActions } from '../alerts/available-actions.ts'
import { GROUP, STORM, TEST } from '../alerts/suppression/inhibition.ts'
import type { Clock } from '../clock.ts'
import { type ActionOrder, findWithholdReason } from '../hosts/actions/action.ts'
import { readAutomaticAlertIds, readEarlierStarts } from '../hosts/actions/action-runs.ts'
import { listActions } from '../hosts/actions/actions.ts'
import type { Logger } from '../logger.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { SECOND } from '../time.ts'

/** By then the alert has its cards, and suppressions have taken effect. */
const START_DELAY_MS = 5 * SECOND

export type AutomaticActionsOptions = {
  state: State
  clock: Clock
  logger: Logger
  start(order: ActionOrder): void
  withhold(order: ActionOrder, reason: string): void
}

/** Creates the job; `schedule` is to be called when alerts have changed. */
export function createAutomaticActions({ state, clock, logger, start, withhold }: AutomaticActionsOptions) {
  let cancel: (() => void) | null = null

  const startDue = () => {
    const actions = listAutomaticActions(state)
    if (actions.length === 0) return
    const since = Math.min(...actions.map(action => action.changedAt))
    const firing = listAlerts(state, { open: true, limit: -1 }).filter(
      alert => needsAction(alert) && alert.firedAt >= since,
    )
    const handled = new Map(
      actions.map(action => [action.id, readAutomaticAlertIds(state, action.id, action.changedAt)]),
    )
    for (const alert of firing.sort((a, b) => a.firedAt - b.firedAt)) {
      for (const available of availableActions(state, alert)) {
        const { automatic, changedAt, id } = available.action
        if (automatic && alert.firedAt >= changedAt && !handled.get(id)?.has(alert.id)) startFor(available, alert.id)
      }
    }
  }

  const startFor = ({ action, host, container }: AvailableAction, alertId: number) => {
    const now = clock.now()
    const order: ActionOrder = { action, host, container, alertId, startedBy: 'Vakt', confirmedBy: null }
    const target = { actionId: action.id, hostId: host.id, container }
    const reason = findWithholdReason(action, readEarlierStarts(state, target, now), now)
    if (reason !== null) return withhold(order, reason)
    try {
      start(order)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      withhold(order, error.message)
    }
  }

  return {
    schedule() {
      if (cancel !== null || listAutomaticActions(state).length === 0) return
      cancel = clock.at(clock.now() + START_DELAY_MS, () => {
        cancel = null
        try {
          startDue()
        } catch (error) {
          logger.error('starting the automatic actions failed', { error })
        }
      })
    },
    stop() {
      cancel?.()
    },
  }
}

function listAutomaticActions(state: State) {
  return listActions(state).filter(action => action.automatic)
}

/** Whether the alert is firing for real, not acknowledged, and not suppressed. */
function needsAction(alert: Alert): boolean {
  const isReal =
    alert.detector !== TEST && alert.detector !== STORM && alert.detector !== GROUP && alert.stableAt === null
  return isReal && alert.state === 'firing' && alert.suppression === null && alert.snoozedUntil === null
}
