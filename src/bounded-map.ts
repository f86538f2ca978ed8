// A map of limited size, for caches.

/** A map that holds at most `maxSize` entries: when it is full, the least recently used entry makes room. */
export class BoundedMap<K, V> {
  readonly #maxSize: number
  readonly #entries = new Map<K, V>()

  constructor(maxSize: number) {
    this.#maxSize = maxSize
  }

  get size(): number {
    return this.#entries.size
  }

  has(key: K): boolean {
    return this.#entries.has(key)
  }

  /** The value of a key, which then counts as used. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  set(key: K, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#maxSize) this.#entries.delete(this.#entries.keys().next().value!)
  }

  delete(key: K): boolean {
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  /** All values, the least recently used first. */
  values(): Iterable<V> {
    return this.#entries.values()
  }
}
