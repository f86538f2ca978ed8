// The distinct field values of a partition's lines, for autocomplete and for `host:web-*`.
import type { Sqlite, Statement } from '../../../state/sqlite.ts'
import type { NewLine } from '../../line.ts'
import { MAX_FIELD_VALUES } from './rows.ts'

export const LISTED_FIELDS = ['project', 'source', 'host', 'group', 'tag'] as const
export type ListedField = (typeof LISTED_FIELDS)[number]

/** Stores each value when it first occurs, up to a limit; readers take that many values to mean "too many to list". */
export class FieldValues {
  readonly #known: { [F in ListedField]: Set<string> }
  readonly #insert: Statement

  constructor(db: Sqlite) {
    this.#insert = db.prepare('insert or ignore into names values (?, ?)')
    this.#known = { project: new Set(), source: new Set(), host: new Set(), group: new Set(), tag: new Set() }
    for (const { field, value } of db.prepare<[], { field: ListedField; value: string }>('select * from names').all()) {
      this.#known[field].add(value)
    }
  }

  addFrom(line: NewLine): void {
    this.#add('project', line.project)
    this.#add('source', line.source)
    this.#add('host', line.host)
    this.#add('group', line.group)
    for (const tag of line.tags) this.#add('tag', tag)
  }

  #add(field: ListedField, value: string): void {
    const known = this.#known[field]
    if (value === '' || known.has(value) || known.size >= MAX_FIELD_VALUES) return
    known.add(value)
    this.#insert.run(field, value)
  }
}
