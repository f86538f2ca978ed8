// What the rules watch: trouble that must last before it is told, and what was told and may go on or end.
import type { State } from '../../state/database.ts'
import { eq, lte, sql } from '../../state/orm.ts'
import { ruleStates } from '../../state/schema/index.ts'

export type RuleState = typeof ruleStates.$inferSelect

/** The watch of a key, or undefined. */
export function readRuleState(state: State, key: string): RuleState | undefined {
  const byKey = eq(ruleStates.key, sql.placeholder('key'))
  return state.prepared('watch by key', db => db.select().from(ruleStates).where(byKey).prepare()).get({ key })
}

/** Keeps a watch as it is now. */
export function saveRuleState(state: State, watch: RuleState): void {
  const { key, ruleId, state: said, since, lastAt, endsAt, counted, subject, value } = watch
  const write = `insert or replace into rule_states (key, rule_id, state, since, last_at, ends_at, counted, subject, value)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?)`
  state.prepare(write).run(key, ruleId, said, since, lastAt, endsAt, counted, subject, value)
  state.emit('deadlines')
}

/** Nothing of that key is watched any more. */
export function deleteRuleState(state: State, key: string): void {
  state.prepare('delete from rule_states where key = ?').run(key)
}

/** Up to `limit` watches whose time has come, the longest due first. */
export function dueRuleStates(state: State, now: number, limit: number): RuleState[] {
  const due = lte(ruleStates.endsAt, sql.placeholder('now'))
  const query = state.prepared('due watches', db =>
    db.select().from(ruleStates).where(due).orderBy(ruleStates.endsAt).limit(sql.placeholder('limit')).prepare(),
  )
  return query.all({ now, limit })
}

/** The errors that have an alert of their own now, by project and fingerprint: the project's number, NUL, the fingerprint. */
export function alertedErrors(state: State): Set<string> {
  const query = `select project_id as projectId, fingerprint from rule_states join fingerprints on fingerprints.id = cast(subject as integer)
    where key = 'error:' || subject and rule_states.state = 'open'`
  const rows = state.prepare<[], { projectId: number; fingerprint: string }>(query).all()
  return new Set(rows.map(({ projectId, fingerprint }) => `${projectId}\0${fingerprint}`))
}

/** Has the alerts about errors that a rule told judged anew at `now`, because the rule was changed. */
export function reevaluateRuleStates(state: State, ruleId: number, now: number): void {
  state.prepare(`update rule_states set ends_at = ? where rule_id = ? and key like 'error:%'`).run(now, ruleId)
  state.emit('deadlines')
}

/** Counts anew what lasts, after the clock went back by `ms` to `now`. */
export function rewindRuleStates(state: State, now: number, ms: number): void {
  const shift = `update rule_states set ends_at = ends_at - :ms, since = since - iif(last_at > :now, :ms, 0),
    last_at = last_at - iif(last_at > :now, :ms, 0)`
  state.prepare(shift).run({ now, ms })
  state.emit('deadlines')
}

/** The watches of a rule. */
export function ruleStatesOf(state: State, ruleId: number): RuleState[] {
  const ofRule = eq(ruleStates.ruleId, sql.placeholder('ruleId'))
  return state.prepared('watches of a rule', db => db.select().from(ruleStates).where(ofRule).prepare()).all({ ruleId })
}

/** When the next watch is due, or null. */
export function nextRuleState(state: State): number | null {
  const query = 'select ends_at as at from rule_states order by ends_at limit 1'
  return state.prepare<[], { at: number }>(query).get()?.at ?? null
}
