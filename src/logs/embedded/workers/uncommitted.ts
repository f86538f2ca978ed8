// The lowest position that is given out and not committed, seen from the main thread: nothing appears below it any more.
import type { Position } from '../../store.ts'

export class Uncommitted {
  readonly #nextPosition: () => Position
  /** A lower bound of the positions of each group of batches that is being stored. */
  readonly #groups = new Map<object, Position>()

  /** `nextPosition` is the next position that a writer gives out. */
  constructor(nextPosition: () => Position) {
    this.#nextPosition = nextPosition
  }

  /** Every line below this is on disk, and its partition is known here. */
  lowest(): Position {
    let lowest = this.#nextPosition()
    for (const position of this.#groups.values()) lowest = Math.min(lowest, position)
    return lowest
  }

  /** Notes, before it is sent, that a group will get positions; they are at least those of now. */
  begin(group: object): void {
    this.#groups.set(group, this.#nextPosition())
  }

  /** The group is stored or failed, and the state of its partitions is known. */
  end(group: object): void {
    this.#groups.delete(group)
  }
}
