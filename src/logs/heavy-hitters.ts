// Counts keys of a stream in bounded memory so that a frequent key is always among those that are counted: Space-Saving
// (Metwally, Agrawal, El Abbadi, 2005), with room shared fairly by owner and by group. Pure.
import { LargestFirst, type Sized } from './largest-first.ts'

/**
 * A key that is counted. At least `count - overcount` and at most `count` was added for it since it was last forgotten; a
 * key that was never evicted has an overcount of 0, so its count is exact. `data` belongs to the caller.
 */
export type Hitter<T> = {
  readonly key: string
  count: number
  overcount: number
  seenAt: number
  data: T | null
  /** Its place in the heap of its group. */
  place: number
}

/** A source of keys: `heap` has the smallest count first. Keys that it does not have were added at most `floor` times. */
type Group<T> = Sized & { id: string; owner: Owner<T>; heap: Hitter<T>[]; byKey: Map<string, Hitter<T>>; floor: number }
type Owner<T> = Sized & { id: string; groups: Map<string, Group<T>>; bySize: LargestFirst<Group<T>> }

export class HeavyHitters<T> {
  readonly #capacity: number
  readonly #owners = new Map<string, Owner<T>>()
  readonly #bySize = new LargestFirst<Owner<T>>()
  #size = 0
  /** The highest floor of a group that is gone: its keys may come back. */
  #floor = 0

  /** `capacity` is how many keys are counted at a time, over all owners and groups. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#size
  }

  /**
   * Adds `amount` to a key of a group of an owner at `now`. When there is no room, the least frequent key of the largest
   * group of the largest owner makes room, so a key with more than its group's total divided by its group's room is
   * always counted, and a noisy group evicts only its own keys.
   */
  add(ownerId: string, groupId: string, key: string, amount: number, now: number): Hitter<T> {
    const before = this.#owners.get(ownerId)?.groups.get(groupId)
    const known = before?.byKey.get(key)
    if (before && known) {
      known.count += amount
      known.seenAt = now
      siftDown(before.heap, known.place)
      return known
    }
    if (this.#size >= this.#capacity) this.#evict(before)
    const group = this.#groupOf(ownerId, groupId)
    const { floor } = group
    const added = { key, count: floor + amount, overcount: floor, seenAt: now, data: null, place: group.heap.length }
    group.heap.push(added)
    group.byKey.set(key, added)
    siftUp(group.heap, added.place)
    this.#resize(group, 1)
    return added
  }

  /** Forgets the keys that nothing was added for since `before`, so that what was frequent once makes room. */
  forget(before: number): void {
    for (const owner of this.#owners.values()) {
      for (const group of owner.groups.values()) {
        const current = group.heap.filter(({ seenAt }) => seenAt >= before)
        const gone = group.heap.length - current.length
        if (gone === 0) continue
        for (const hitter of group.heap) if (hitter.seenAt < before) group.byKey.delete(hitter.key)
        // A sorted list is a heap.
        group.heap = current.sort((a, b) => a.count - b.count)
        for (const [place, hitter] of group.heap.entries()) hitter.place = place
        this.#resize(group, -gone)
      }
    }
  }

  /** Makes room for a key of `incoming`, which is taken itself when no other is larger. */
  #evict(incoming: Group<T> | undefined): void {
    const largestOwner = this.#bySize.largest()!
    const owner = incoming?.owner.size === largestOwner.size ? incoming.owner : largestOwner
    const largest = owner.bySize.largest()!
    const group = incoming?.owner === owner && incoming.size === largest.size ? incoming : largest
    const [evicted] = group.heap
    const last = group.heap.pop()!
    if (last !== evicted) {
      group.heap[0] = last
      last.place = 0
      siftDown(group.heap, 0)
    }
    group.byKey.delete(evicted!.key)
    group.floor = Math.max(group.floor, evicted!.count)
    this.#resize(group, -1)
  }

  #groupOf(ownerId: string, groupId: string): Group<T> {
    let owner = this.#owners.get(ownerId)
    if (!owner) {
      owner = { id: ownerId, size: 0, groups: new Map(), bySize: new LargestFirst() }
      this.#owners.set(ownerId, owner)
    }
    let group = owner.groups.get(groupId)
    if (!group) {
      group = { id: groupId, owner, size: 0, heap: [], byKey: new Map(), floor: this.#floor }
      owner.groups.set(groupId, group)
    }
    return group
  }

  #resize(group: Group<T>, by: number): void {
    const { owner } = group
    this.#size += by
    owner.bySize.resize(group, group.size + by)
    this.#bySize.resize(owner, owner.size + by)
    // Memory is bounded: who has no keys is not remembered.
    if (group.size === 0) {
      owner.groups.delete(group.id)
      this.#floor = Math.max(this.#floor, group.floor)
    }
    if (owner.size === 0) this.#owners.delete(owner.id)
  }
}

function siftUp<T>(heap: Hitter<T>[], from: number): void {
  let place = from
  while (place > 0) {
    const parent = (place - 1) >> 1
    if (heap[parent]!.count <= heap[place]!.count) return
    swap(heap, place, parent)
    place = parent
  }
}

function siftDown<T>(heap: Hitter<T>[], from: number): void {
  for (let place = from; ; ) {
    const left = 2 * place + 1
    if (left >= heap.length) return
    const right = left + 1
    const smaller = right < heap.length && heap[right]!.count < heap[left]!.count ? right : left
    if (heap[place]!.count <= heap[smaller]!.count) return
    swap(heap, place, smaller)
    place = smaller
  }
}

function swap<T>(heap: Hitter<T>[], a: number, b: number): void {
  const first = heap[a]!
  const second = heap[b]!
  heap[a] = second
  heap[b] = first
  second.place = a
  first.place = b
}
