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

/** The code of a file with its bugs, each behind its switch; one bug may stand inside of another. */
export function plant(code: string, bugs: readonly PlantedBug[]): string {
  const inCode = bugs.filter(({ kind }) => kind !== 'query')
  for (const { id, start, end, from } of inCode)
    if (code.slice(start, end) !== from) throw new Error(`bug ${id} is not where it was drawn`)
  return plantBetween(
    code,
    inCode.sort((a, b) => a.start - b.start || b.end - a.end),
    0,
    code.length,
  )
}

/** `bugs` are in the order of their starts, an outer one before those inside of it. */
function plantBetween(code: string, bugs: readonly PlantedBug[], start: number, end: number): string {
  let planted = ''
  let at = start
  for (let next = 0; next < bugs.length; ) {
    const bug = bugs[next]!
    const inner = bugs.slice(next + 1).filter(other => other.end <= bug.end && other.start < bug.end)
    planted += code.slice(at, bug.start) + switched(bug, plantBetween(code, inner, bug.start, bug.end))
    at = bug.end
    next += 1 + inner.length
  }
  return planted + code.slice(at, end)
}

function switched({ id, kind, to }: PlantedBug, from: string): string {
  const isOn = `globalThis.__planted.isOn(${id})`
  // In braces, so that an `else` after the statement stays with the `if` before it.
  return kind === 'removal' ? `{ if (!${isOn}) { ${from} } }` : `(${isOn} ? (${to}) : (${from}))`
}
