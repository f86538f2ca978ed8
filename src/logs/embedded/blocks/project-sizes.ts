// How many lines each project has in a partition, and their size before compression.
import { prepared, type Sqlite } from '../../../state/sqlite.ts'

/** `rawBytes` is about the size of the lines as JSON. */
export type ProjectSize = { project: string; lines: number; rawBytes: number }

export class ProjectSizes {
  readonly #db: Sqlite
  readonly #sizes = new Map<string, ProjectSize>()
  readonly #changed = new Set<string>()

  constructor(db: Sqlite) {
    this.#db = db
    const rows = prepared(
      db,
      'select name as project, lines, raw_bytes as rawBytes from projects',
    ).all() as ProjectSize[]
    for (const row of rows) this.#sizes.set(row.project, row)
  }

  list(): ProjectSize[] {
    return [...this.#sizes.values()]
  }

  add(project: string, lines: number, rawBytes: number): void {
    const size = this.#sizes.get(project) ?? { project, lines: 0, rawBytes: 0 }
    this.#sizes.set(project, { project, lines: size.lines + lines, rawBytes: size.rawBytes + rawBytes })
    this.#changed.add(project)
  }

  /** Takes lines of average size away. */
  remove(project: string, lines: number): void {
    const size = this.#sizes.get(project)
    if (!size || size.lines === 0) return
    const left = Math.max(0, size.lines - lines)
    this.#sizes.set(project, { project, lines: left, rawBytes: Math.round((size.rawBytes * left) / size.lines) })
    this.#changed.add(project)
  }

  /** Writes what has changed, within a transaction. */
  save(): void {
    const write = prepared(this.#db, 'insert or replace into projects values (?, ?, ?)')
    for (const name of this.#changed) {
      const { lines, rawBytes } = this.#sizes.get(name)!
      write.run(name, lines, rawBytes)
    }
    this.#changed.clear()
  }
}
