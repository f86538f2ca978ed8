// Switches planted bugs on and off while tests run, and notes which of them a test reaches.
import type { PlantedBug } from './sample.ts'

/** A loop that a bug made endless is ended after this many evaluations. */
const MAX_EVALUATIONS = 3_000_000

export class Switchboard {
  /** The bug that is on, 0 for none. */
  active = 0
  readonly reached = new Set<number>()
  #evaluations = 0
  readonly #queries: readonly PlantedBug[]

  constructor(bugs: readonly PlantedBug[]) {
    this.#queries = bugs.filter(({ kind }) => kind === 'query')
  }

  switchTo(id: number): void {
    this.active = id
    this.#evaluations = 0
  }

  /** Whether a bug is on; called where the bug is. */
  isOn(id: number): boolean {
    this.reached.add(id)
    if (id !== this.active) return false
    if (++this.#evaluations > MAX_EVALUATIONS) throw new Error('a planted bug made an endless loop')
    return true
  }

  /** The text of a query, changed when the active bug is in it. */
  query(text: string): string {
    let changed = text
    for (const { id, from, to } of this.#queries) {
      if (!text.includes(from)) continue
      this.reached.add(id)
      if (id === this.active) changed = text.replace(from, to)
    }
    return changed
  }
}

/** The code of a file with its bugs, each behind its switch. */
export function plant(code: string, bugs: readonly PlantedBug[]): string {
  let planted = code
  for (const { id, kind, start, end, from, to } of [...bugs].sort((a, b) => b.start - a.start)) {
    if (kind === 'query') continue
    if (code.slice(start, end) !== from) throw new Error(`bug ${id} is not where it was drawn`)
    const isOn = `globalThis.__planted.isOn(${id})`
    const replacement = kind === 'removal' ? `if (!${isOn}) { ${from} }` : `(${isOn} ? (${to}) : (${from}))`
    planted = planted.slice(0, start) + replacement + planted.slice(end)
  }
  return planted
}
