// Begins the actions that run by themselves, once for each alert and within their limits.
import type { Alert } from '../alerts/alert.ts'
import { listAlerts } from '../alerts/alerts.ts'
import { type AvailableAction, availableActions } from '../alerts/available-actions.ts'
import { STORM, TEST } from '../alerts/suppression/inhibition.ts'
import type { Clock } from '../clock.ts'
import { type ActionOrder, withheldBecause } from '../hosts/actions/action.ts'
import { automaticAlerts, earlierStarts } from '../hosts/actions/action-runs.ts'
import { listActions } from '../hosts/actions/actions.ts'
import type { Logger } from '../logger.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { SECOND } from '../time.ts'

/** An alert has its card by then, and what holds it back does. */
const SETTLED = 5 * SECOND

export type AutomaticOptions = {
  state: State
  clock: Clock
  logger: Logger
  begin(order: ActionOrder): void
  withhold(order: ActionOrder, why: string): void
}

/** Looks a little after alerts changed. */
export function createAutomaticActions({ state, clock, logger, begin, withhold }: AutomaticOptions) {
  let cancel: (() => void) | null = null

  const turn = () => {
    const wanted = automatic(state)
    if (wanted.length === 0) return
    const since = Math.min(...wanted.map(action => action.changedAt))
    const firing = listAlerts(state, { open: true, limit: -1 }).filter(one => isAlone(one) && one.firedAt >= since)
    const done = new Map(wanted.map(action => [action.id, automaticAlerts(state, action.id, action.changedAt)]))
    for (const alert of firing.sort((a, b) => a.firedAt - b.firedAt)) {
      for (const offer of availableActions(state, alert)) {
        const { automatic, changedAt, id } = offer.action
        if (automatic && alert.firedAt >= changedAt && !done.get(id)?.has(alert.id)) runFor(offer, alert.id)
      }
    }
  }

  const runFor = ({ action, host, container }: AvailableAction, alertId: number) => {
    const now = clock.now()
    const order: ActionOrder = { action, host, container, alertId, startedBy: 'Vakt', confirmedBy: null }
    const target = { actionId: action.id, hostId: host.id, container }
    const why = withheldBecause(action, earlierStarts(state, target, now), now)
    if (why !== null) return withhold(order, why)
    try {
      begin(order)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      withhold(order, error.message)
    }
  }

  return {
    look() {
      if (cancel !== null || automatic(state).length === 0) return
      cancel = clock.at(clock.now() + SETTLED, () => {
        cancel = null
        try {
          turn()
        } catch (error) {
          logger.error('automatic actions could not be begun', { error })
        }
      })
    },
    stop() {
      cancel?.()
    },
  }
}

function automatic(state: State) {
  return listActions(state).filter(action => action.automatic)
}

/** Whether it goes on in earnest, nobody is on it and nothing holds it back. */
function isAlone(alert: Alert): boolean {
  const earnest = alert.detector !== TEST && alert.detector !== STORM && alert.stableSince === null
  return earnest && alert.state === 'firing' && alert.suppression === null && alert.snoozedUntil === null
}
