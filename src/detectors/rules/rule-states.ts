// What the rules remember between evaluations: conditions that are pending or firing, one row per alert key.
import type { State } from '../../state/database.ts'
import { eq, lte, sql } from '../../state/orm.ts'
import { ruleStates } from '../../state/schema/index.ts'

export type RuleState = typeof ruleStates.$inferSelect

/** The tables of what rules are about. */
export type SubjectTable = 'log_series' | 'sources' | 'hosts'

/** The rule state of an alert's key, or undefined. */
export function readRuleState(state: State, key: string): RuleState | undefined {
  const byKey = eq(ruleStates.key, sql.placeholder('key'))
  return state.prepared('rule state by key', db => db.select().from(ruleStates).where(byKey).prepare()).get({ key })
}

/** Stores a rule state in the place of an older one of its key. */
export function saveRuleState(state: State, ruleState: RuleState): void {
  const { key, ruleId, state: kind, since, lastAt, evaluateAt, reported, dismissed, subject, value } = ruleState
  const write = `insert or replace into rule_states
    (key, rule_id, state, since, last_at, evaluate_at, reported, dismissed, subject, value) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
  const row = [key, ruleId, kind, since, lastAt, evaluateAt, reported, dismissed ? 1 : 0, subject, value]
  state.prepare(write).run(...row)
  state.emit('deadlines')
}

/** Deletes the rule state of a key, if there is one. */
export function deleteRuleState(state: State, key: string): void {
  state.prepare('delete from rule_states where key = ?').run(key)
}

/** Up to `limit` rule states that are due at `now`, the longest due first. */
export function dueRuleStates(state: State, now: number, limit: number): RuleState[] {
  const due = lte(ruleStates.evaluateAt, sql.placeholder('now'))
  const query = state.prepared('due rule states', db =>
    db.select().from(ruleStates).where(due).orderBy(ruleStates.evaluateAt).limit(sql.placeholder('limit')).prepare(),
  )
  return query.all({ now, limit })
}

/** The errors that have an alert of their own now: their project's id, NUL, their fingerprint. */
export function alertedErrors(state: State): Set<string> {
  const query = `select project_id as projectId, fingerprint from rule_states join fingerprints on fingerprints.id = cast(subject as integer)
    where key = 'error:' || subject and rule_states.state = 'firing'`
  const rows = state.prepare<[], { projectId: number; fingerprint: string }>(query).all()
  return new Set(rows.map(({ projectId, fingerprint }) => `${projectId}\0${fingerprint}`))
}

/** Makes the states of a rule about errors due at `now`, because the rule was edited. */
export function reevaluateErrorStates(state: State, ruleId: number, now: number): void {
  state.prepare(`update rule_states set evaluate_at = ? where rule_id = ? and key like 'error:%'`).run(now, ruleId)
  state.emit('deadlines')
}

/** Moves the times of all rule states back, after the clock went back by `ms` to `now`. */
export function rewindRuleStates(state: State, now: number, ms: number): void {
  const shift = `update rule_states set evaluate_at = evaluate_at - :ms, since = since - iif(last_at > :now, :ms, 0),
    last_at = last_at - iif(last_at > :now, :ms, 0)`
  state.prepare(shift).run({ now, ms })
  state.emit('deadlines')
}

/** The states of a rule. */
export function ruleStatesOf(state: State, ruleId: number): RuleState[] {
  const ofRule = eq(ruleStates.ruleId, sql.placeholder('ruleId'))
  return state.prepared('states of a rule', db => db.select().from(ruleStates).where(ofRule).prepare()).all({ ruleId })
}

/** When the next rule state is due, epoch ms; null when there is none. */
export function nextRuleState(state: State): number | null {
  const query = 'select evaluate_at as at from rule_states order by evaluate_at limit 1'
  return state.prepare<[], { at: number }>(query).get()?.at ?? null
}

/** Answers whether a table of subjects has any, or some rule still has a state that must be decided about; each table is asked once. */
export function createSubjectCheck(state: State): (table: SubjectTable | null) => boolean {
  const known = new Map<string, boolean>()
  const isFilled = (table: SubjectTable | 'rule_states') => {
    const found = known.get(table) ?? hasRows(state, table)
    known.set(table, found)
    return found
  }
  return table => table === null || isFilled(table) || isFilled('rule_states')
}

function hasRows(state: State, table: SubjectTable | 'rule_states'): boolean {
  return state.prepare<[], { found: number }>(`select exists (select 1 from ${table}) as found`).get()!.found === 1
}
