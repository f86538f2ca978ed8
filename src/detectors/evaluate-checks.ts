// Evaluates checks after a beat and at their deadlines: reads what a decision needs and stores what it changes.
import { listBeats } from '../checks/beats.ts'
import type { BeatEffect, Check } from '../checks/check.ts'
import { updateCheck } from '../checks/checks.ts'
import { nextDeadline, overdueChecks, type Reachable } from '../checks/deadlines.ts'
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import type { DetectionResult } from './finding.ts'
import { type CheckFacts, evaluateDeadline, evaluateEffect, RECENT_BEATS } from './missed-beat.ts'

/** Evaluates up to `limit` checks whose deadline has passed at `now`, the longest overdue first; only the `reachable` ones. */
export function evaluateDueChecks(
  state: State,
  now: number,
  limit: number,
  reachable: Reachable = 'all',
): DetectionResult[] {
  if ((nextDeadline(state, reachable) ?? Number.POSITIVE_INFINITY) > now) return []
  return state.transaction(() =>
    overdueChecks(state, now, limit, reachable).flatMap(check => {
      const { changes, results } = evaluateDeadline(check, () => readFacts(state, check))
      updateCheck(state, check.id, changes)
      return results
    }),
  )
}

/** What the effect of a beat on a check means to people. */
export function evaluateBeat(state: State, check: Check, effect: BeatEffect): DetectionResult[] {
  return evaluateEffect(check, effect, () => readFacts(state, check))
}

function readFacts(state: State, check: Check): CheckFacts {
  return {
    recentBeats: listBeats(state, check.id, RECENT_BEATS),
    remindEvery: readProjectById(state, check.projectId)?.remindEvery ?? 0,
  }
}
