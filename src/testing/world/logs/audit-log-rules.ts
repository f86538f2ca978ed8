// Compares the alerts of the rules over log lines with what the programs of a world sent.
import type { State } from '../../../state/database.ts'
import { DAY } from '../../../time.ts'
import type { AlertRow } from '../alert-row.ts'
import { findWrongSilence } from '../model/silence-rule.ts'
import { findWrongThreshold } from '../model/threshold-rule.ts'
import { Violation, type World } from '../world.ts'
import { BURST, QUIET } from './log-rules.ts'

/** What happened in this time is looked at; what led to it, a day longer. */
const AUDITED_MS = DAY

export function isOfLogRule({ detector }: Pick<AlertRow, 'detector'>): boolean {
  return detector === 'threshold' || detector === 'silence'
}

/** Throws a `Violation` where an alert of a rule is missing, is not explained by lines, or begins or ends at a wrong time. */
export function auditLogRules(world: World): void {
  const { vakt, model, options } = world
  if (!options.hasLogRules || !vakt) return
  const now = world.clock.now()
  const range = { since: now - AUDITED_MS, now }
  const heard = model.heardTime()
  const wrong =
    findWrongThreshold(BURST, model.arrivals, alertsOf(vakt.state, 'threshold'), heard, range) ??
    findWrongSilence(QUIET, model.arrivals, alertsOf(vakt.state, 'silence'), heard, range)
  if (wrong !== null) throw new Violation(wrong)
  model.forgetArrivals(range.since - DAY)
}

function alertsOf(state: State, detector: string): AlertRow[] {
  return state.prepare<[string], AlertRow>('select * from alerts where detector = ? order by id').all(detector)
}
