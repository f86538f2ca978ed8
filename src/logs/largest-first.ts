// Finds the largest of many things whose sizes change by small steps. Pure.

export type Sized = { size: number }

/** Things by size; those of size 0 are left out. `resize` and `largest` take constant time where sizes change by one. */
export class LargestFirst<S extends Sized> {
  readonly #bySize = new Map<number, Set<S>>()
  #max = 0

  /** Sets the size of a thing, which is added when it is new. */
  resize(thing: S, size: number): void {
    const before = this.#bySize.get(thing.size)
    if (before?.delete(thing) && before.size === 0) this.#bySize.delete(thing.size)
    thing.size = size
    if (size > 0) {
      const same = this.#bySize.get(size) ?? new Set()
      this.#bySize.set(size, same.add(thing))
    }
    this.#max = Math.max(this.#max, size)
    while (this.#max > 0 && !this.#bySize.has(this.#max)) this.#max--
  }

  /** One of the largest things, or undefined when there are none. */
  largest(): S | undefined {
    return this.#bySize.get(this.#max)?.values().next().value
  }
}
