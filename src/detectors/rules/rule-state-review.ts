// Judges what the rules watch when its time has come.
import type { State } from '../../state/database.ts'
import type { Outcome } from '../finding.ts'
import { judgeWatchedError } from '../logs/error-rules.ts'
import { silenceForgotten } from '../logs/silent-source.ts'
import { dropWatch, dueWatches } from './rule-states.ts'
import { readRule } from './rules.ts'

/** What has become of up to `limit` watches that are due at `now`. */
export function detectWatched(state: State, now: number, limit: number): Outcome[] {
  return dueWatches(state, now, limit).flatMap((watch): Outcome[] => {
    const rule = readRule(state, watch.ruleId)
    if (rule && watch.key.startsWith('error:')) return judgeWatchedError(state, watch, rule, now)
    if (rule && watch.key.startsWith('silence:')) return silenceForgotten(state, watch.key, watch.subject, now)
    dropWatch(state, watch.key)
    return [{ kind: 'gone', key: watch.key }]
  })
}
