// A queue that serves its owners in turns, so that whoever has much waiting does not make others wait. Pure.

/** A level of owners, in the order of their turns, or the items of the last level. */
type Node<T> = { owners: Map<string, Node<T>>; items: T[]; head: number }

/** Below this, served items are left in their list: moving the others costs more than the room. */
const MIN_SERVED = 64

export class FairQueue<T> {
  readonly #root: Node<T> = createNode()
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Adds an item of an owner, named by its levels, such as a project and a key. Every item needs as many levels. */
  push(owner: readonly string[], item: T): void {
    let node = this.#root
    for (const name of owner) {
      let next = node.owners.get(name)
      if (!next) {
        next = createNode()
        node.owners.set(name, next)
      }
      node = next
    }
    node.items.push(item)
    this.#length++
  }

  /** The item that `shift` takes next, or undefined. */
  peek(): T | undefined {
    let node = this.#root
    while (node.owners.size > 0) node = node.owners.values().next().value!
    return node.items[node.head]
  }

  /** Takes the oldest item of the owner whose turn it is; its turn comes again after all others'. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined
    this.#length--
    return take(this.#root)
  }

  /** Takes all items. */
  drain(): T[] {
    return Array.from({ length: this.#length }, () => this.shift()!)
  }
}

function take<T>(node: Node<T>): T {
  const next = node.owners.entries().next().value
  if (!next) {
    const item = node.items[node.head++]!
    if (node.head >= MIN_SERVED && node.head * 2 >= node.items.length) {
      node.items.splice(0, node.head)
      node.head = 0
    }
    return item
  }
  const [name, owner] = next
  const item = take(owner)
  node.owners.delete(name)
  if (owner.owners.size > 0 || owner.head < owner.items.length) node.owners.set(name, owner)
  return item
}

function createNode<T>(): Node<T> {
  return { owners: new Map(), items: [], head: 0 }
}
