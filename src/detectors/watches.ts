// What the rules watch: trouble that must last before it is told, and what was told and may go on or end.
import type { State } from '../state/database.ts'
import { eq, lte } from '../state/orm.ts'
import { watches } from '../state/schema.ts'

export type Watch = typeof watches.$inferSelect

/** The watch of a key, or undefined. */
export function readWatch(state: State, key: string): Watch | undefined {
  return state.db.select().from(watches).where(eq(watches.key, key)).get()
}

/** Keeps a watch as it is now. */
export function keepWatch(state: State, watch: Watch): void {
  const { key: _, ...changes } = watch
  state.db.insert(watches).values(watch).onConflictDoUpdate({ target: watches.key, set: changes }).run()
  state.touch('deadlines')
}

/** Nothing of that key is watched any more. */
export function dropWatch(state: State, key: string): void {
  state.prepare('delete from watches where key = ?').run(key)
}

/** Up to `limit` watches whose time has come, the longest due first. */
export function dueWatches(state: State, now: number, limit: number): Watch[] {
  return state.db.select().from(watches).where(lte(watches.endsAt, now)).orderBy(watches.endsAt).limit(limit).all()
}

/** The watches of a rule. */
export function watchesOf(state: State, ruleId: number): Watch[] {
  return state.db.select().from(watches).where(eq(watches.ruleId, ruleId)).all()
}

/** When the next watch is due, or null. */
export function nextWatch(state: State): number | null {
  const query = 'select ends_at as at from watches order by ends_at limit 1'
  return state.prepare<[], { at: number }>(query).get()?.at ?? null
}
