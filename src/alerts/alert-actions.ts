// What people (and escalations) do to an alert: take it, give it back, put it off, say a word, call others.
import type { State } from '../state/database.ts'
import { type Alert, type AlertStep, acknowledge, addNote, escalate, snooze, unacknowledge } from './alert.ts'
import { findAlert, recordChange } from './alerts.ts'
import { requestReevaluation } from './suppression/reevaluation.ts'

/** Puts somebody's name on an alert, until `until` when that is given; throws `not_found` or `conflict`. */
export function acknowledgeAlert(
  state: State,
  id: number,
  by: string,
  note: string | null,
  now: number,
  until: number | null = null,
): Alert {
  return changed(state, id, alert => acknowledge(alert, by, note, now, until), now)
}

/** Adds a word for the others; throws `not_found`. */
export function noteAlert(state: State, id: number, by: string, note: string, now: number): Alert {
  return changed(state, id, alert => addNote(alert, by, note), now)
}

/** Calls people anew because nobody took an alert; `to` says whom, by the escalation named. */
export function escalateAlert(state: State, id: number, to: string, name: string, now: number): Alert {
  return changed(state, id, alert => escalate(alert, to, name), now)
}

/** Takes the name off an alert again, so that its reminders go on; throws `not_found` or `conflict`. */
export function unacknowledgeAlert(state: State, id: number, by: string, now: number): Alert {
  return changed(state, id, alert => unacknowledge(alert, by, now), now)
}

/** Puts an alert off until `until`; throws `not_found`, or `conflict` when it is over. */
export function snoozeAlert(
  state: State,
  id: number,
  until: number,
  by: string,
  note: string | null,
  now: number,
): Alert {
  return changed(state, id, alert => snooze(alert, until, by, note, now), now)
}

function changed(state: State, id: number, step: (alert: Alert) => AlertStep, now: number): Alert {
  return state.transaction(() => {
    const alert = findAlert(state, id)
    // A storm that is over still holds what somebody has taken, until they give it back.
    if (alert.suppression !== null) requestReevaluation(state)
    return recordChange(state, alert, step(alert), now)
  })
}
