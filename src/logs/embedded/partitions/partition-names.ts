// The distinct values of the fields of a partition's lines, for autocomplete and for `host:web-*`.
import type { Sqlite, Statement } from '../../../state/sqlite.ts'
import type { NewLine } from '../../line.ts'
import { MOST_NAMES } from './rows.ts'

export const NAMED_FIELDS = ['project', 'source', 'host', 'group', 'tag'] as const
export type NamedField = (typeof NAMED_FIELDS)[number]

/** Writes each value down when it comes for the first time, up to a limit that readers take for "too many to list". */
export class Names {
  readonly #known: { [F in NamedField]: Set<string> }
  readonly #insert: Statement

  constructor(db: Sqlite) {
    this.#insert = db.prepare('insert or ignore into names values (?, ?)')
    this.#known = { project: new Set(), source: new Set(), host: new Set(), group: new Set(), tag: new Set() }
    for (const { field, value } of db.prepare<[], { field: NamedField; value: string }>('select * from names').all()) {
      this.#known[field].add(value)
    }
  }

  note(line: NewLine): void {
    this.#add('project', line.project)
    this.#add('source', line.source)
    this.#add('host', line.host)
    this.#add('group', line.group)
    for (const tag of line.tags) this.#add('tag', tag)
  }

  #add(field: NamedField, value: string): void {
    const known = this.#known[field]
    if (value === '' || known.has(value) || known.size >= MOST_NAMES) return
    known.add(value)
    this.#insert.run(field, value)
  }
}
