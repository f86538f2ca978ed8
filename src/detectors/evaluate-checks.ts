// Evaluates checks after a beat and at their deadlines: reads what a decision needs and stores what it changes.
import { listBeats, listRuns } from '../checks/beats.ts'
import type { BeatEffect, BeatKind, Check } from '../checks/check.ts'
import { updateCheck } from '../checks/checks.ts'
import { nextDeadline, overdueChecks, type Reachable } from '../checks/deadlines.ts'
import { recordFlip } from '../checks/flips.ts'
import { COMPARED_RUNS } from '../checks/unusual-run.ts'
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import type { DetectionResult } from './finding.ts'
import { type CheckFacts, evaluateDeadline, evaluateEffect, RECENT_BEATS } from './missed-beat.ts'
import { evaluateRun } from './unusual-run.ts'

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
      recordFlip(state, check, changes.status, changes.missedAt ?? now)
      return results
    }),
  )
}

/** What a beat of `kind` and its effect on a check mean to people. */
export function evaluateBeat(
  state: State,
  check: Check,
  effect: BeatEffect,
  kind: BeatKind,
  now: number,
): DetectionResult[] {
  const results = evaluateEffect(check, effect, () => readFacts(state, check))
  if (kind !== 'success' || !(check.watchDuration || check.watchSize)) return results
  const [run, ...earlier] = listRuns(state, check.id, COMPARED_RUNS + 1)
  return run ? [...results, ...evaluateRun(check, run, earlier, now)] : results
}

function readFacts(state: State, check: Check): CheckFacts {
  return {
    recentBeats: listBeats(state, check.id, RECENT_BEATS),
    remindEvery: readProjectById(state, check.projectId)?.remindEvery ?? 0,
  }
}
