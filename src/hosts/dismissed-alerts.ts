// The trouble of hosts and containers that somebody resolved while it goes on: it is not told again until it is worse or new.
import type { State } from '../state/database.ts'
import type { alerts } from '../state/schema/index.ts'

export type DismissedAlert = { at: number; severity: (typeof alerts.$inferSelect)['severity'] }

/** Takes note that somebody resolved the trouble of `key` at `at`. */
export function recordDismissal(state: State, key: string, { at, severity }: DismissedAlert): void {
  const write = 'insert or replace into key_values (name, value) values (?, ?)'
  state.transaction(() => state.prepare(write).run(`settled:${key}`, `${at} ${severity}`))
}

/** What is settled of a host and its containers, by key (by index: ; is the sign after :). */
export function dismissalsOf(state: State, hostId: number): Map<string, DismissedAlert> {
  const query = 'select name, value from key_values where name = ? or name between ? and ? or name between ? and ?'
  const [host, container] = [`settled:host:${hostId}`, `settled:container:${hostId}`]
  const rows = state
    .prepare<unknown[], { name: string; value: string }>(query)
    .all(host, `${host}:`, `${host};`, `${container}:`, `${container};`)
  return new Map(
    rows.map(({ name, value }) => {
      const [at, severity] = value.split(' ')
      return [name.slice('settled:'.length), { at: Number(at), severity: severity as DismissedAlert['severity'] }]
    }),
  )
}

/** The trouble of `key` is over, or another one. */
export function forgetDismissal(state: State, key: string): void {
  state.transaction(() => state.prepare('delete from key_values where name = ?').run(`settled:${key}`))
}
