// Single values that Vakt remembers by name.
import type { State } from './database.ts'

export type FactName = 'alive' | 'greeted' | 'ssh key' | 'first rules' | 'counts thinned'

/** The value of a fact, or null before it was first written. */
export function readFact(state: State, name: FactName): string | null {
  const row = state.prepare<[string], { value: string }>('select value from facts where name = ?').get(name)
  return row?.value ?? null
}

/** Writes a fact in the place of its older value. */
export function writeFact(state: State, name: FactName, value: string): void {
  const write = 'insert into facts (name, value) values (?, ?) on conflict (name) do update set value = excluded.value'
  state.transaction(() => state.prepare(write).run(name, value))
}
