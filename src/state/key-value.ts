// The table of single values, by name.
import type { State } from './database.ts'

export type ValueName =
  | 'alive'
  | 'instance'
  | 'greeted'
  | 'ssh key'
  | 'first rules'
  | 'counts thinned'
  | 'storage probe'
  | 'clock untrusted until'
  | 'audit head'
  | 'audit anchor'
  | 'badge secret'
  | 'log defaults'
  | 'running scenarios'
  | 'last action request'
  /** On a satellite: its data folder, its key, what it refused, and whether it reported that the main is silent. */
  | 'satellite'
  | 'satellite refused'
  | 'main silent'
  /** The last scheduled backup. */
  | 'backup'
  /** The epoch of the lease under which the state was written last. */
  | 'lease epoch'
  /** The last id that a table gave to a row. */
  | `last id of ${string}`
  /** What a chat platform remembers. */
  | `chat ${string}`

/** The value of a name, or null. */
export function readValue(state: State, name: ValueName): string | null {
  const row = state.prepare<[string], { value: string }>('select value from key_values where name = ?').get(name)
  return row?.value ?? null
}

/** Writes the value of a name. */
export function writeValue(state: State, name: ValueName, value: string): void {
  const write =
    'insert into key_values (name, value) values (?, ?) on conflict (name) do update set value = excluded.value'
  state.transaction(() => state.prepare(write).run(name, value))
}

/** Deletes a name and its value. */
export function deleteValue(state: State, name: ValueName): void {
  state.transaction(() => state.prepare('delete from key_values where name = ?').run(name))
}

/**
 * The id of the next row of a table, in the running transaction: one that no row ever had. SQLite would give that of the last
 * row again when it is deleted, and the silences, alerts, badges and links that hold it would mean another row, as
 * would a forward that is still sent when it is removed.
 */
export function freshId(state: State, table: 'checks' | 'forwards' | 'hosts' | 'projects' | 'rules'): number {
  const name = `last id of ${table}` as const
  const { last } = state.prepare<[], { last: number }>(`select coalesce(max(id), 0) as last from ${table}`).get()!
  const id = Math.max(last, Number(readValue(state, name) ?? 0)) + 1
  writeValue(state, name, String(id))
  return id
}
