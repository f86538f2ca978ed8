// What the rules watch: trouble that must last before it is told, and what was told and may go on or end.
import type { State } from '../../state/database.ts'
import { eq, lte, sql } from '../../state/orm.ts'
import { watches } from '../../state/schema/index.ts'

export type Watch = typeof watches.$inferSelect

/** The watch of a key, or undefined. */
export function readWatch(state: State, key: string): Watch | undefined {
  const byKey = eq(watches.key, sql.placeholder('key'))
  return state.prepared('watch by key', db => db.select().from(watches).where(byKey).prepare()).get({ key })
}

/** Keeps a watch as it is now. */
export function keepWatch(state: State, watch: Watch): void {
  const { key, ruleId, state: said, since, lastAt, endsAt, counted, subject, value } = watch
  const write = `insert or replace into watches (key, rule_id, state, since, last_at, ends_at, counted, subject, value)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?)`
  state.prepare(write).run(key, ruleId, said, since, lastAt, endsAt, counted, subject, value)
  state.touch('deadlines')
}

/** Nothing of that key is watched any more. */
export function dropWatch(state: State, key: string): void {
  state.prepare('delete from watches where key = ?').run(key)
}

/** Up to `limit` watches whose time has come, the longest due first. */
export function dueWatches(state: State, now: number, limit: number): Watch[] {
  const due = lte(watches.endsAt, sql.placeholder('now'))
  const query = state.prepared('due watches', db =>
    db.select().from(watches).where(due).orderBy(watches.endsAt).limit(sql.placeholder('limit')).prepare(),
  )
  return query.all({ now, limit })
}

/** The errors that have an alert of their own now, by project and fingerprint: the project's number, NUL, the fingerprint. */
export function alertedErrors(state: State): Set<string> {
  const query = `select project_id as projectId, fingerprint from watches join fingerprints on fingerprints.id = cast(subject as integer)
    where key = 'error:' || subject and watches.state = 'open'`
  const rows = state.prepare<[], { projectId: number; fingerprint: string }>(query).all()
  return new Set(rows.map(({ projectId, fingerprint }) => `${projectId}\0${fingerprint}`))
}

/** Has the alerts about errors that a rule told judged anew at `now`, because the rule was changed. */
export function reviewWatches(state: State, ruleId: number, now: number): void {
  state.prepare(`update watches set ends_at = ? where rule_id = ? and key like 'error:%'`).run(now, ruleId)
  state.touch('deadlines')
}

/** Counts anew what lasts, after the clock went back by `ms` to `now`. */
export function setWatchesBack(state: State, now: number, ms: number): void {
  const shift = `update watches set ends_at = ends_at - :ms, since = since - iif(last_at > :now, :ms, 0),
    last_at = last_at - iif(last_at > :now, :ms, 0)`
  state.prepare(shift).run({ now, ms })
  state.touch('deadlines')
}

/** The watches of a rule. */
export function watchesOf(state: State, ruleId: number): Watch[] {
  const ofRule = eq(watches.ruleId, sql.placeholder('ruleId'))
  return state.prepared('watches of a rule', db => db.select().from(watches).where(ofRule).prepare()).all({ ruleId })
}

/** When the next watch is due, or null. */
export function nextWatch(state: State): number | null {
  const query = 'select ends_at as at from watches order by ends_at limit 1'
  return state.prepare<[], { at: number }>(query).get()?.at ?? null
}
