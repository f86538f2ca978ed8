// Live tails: passes lines on to their subscribers as the writers store them.
import type { Query } from '../../query/tree.ts'
import type { OnTailLines } from '../../store.ts'
import type { WorkerClient } from './worker-client.ts'
import type { TailLines, WriterCalls } from './writer.ts'

type LiveTail = { query: Query; onLines: OnTailLines }

export class LiveTails {
  readonly #writers: readonly WorkerClient<WriterCalls>[]
  readonly #tails = new Map<number, LiveTail>()
  #lastId = 0

  constructor(writers: readonly WorkerClient<WriterCalls>[]) {
    this.#writers = writers
  }

  /** Starts a tail; the returned function stops it. */
  start(query: Query, onLines: LiveTail['onLines']): () => void {
    const id = ++this.#lastId
    this.#tails.set(id, { query, onLines })
    for (const writer of this.#writers) notifyWriter(writer, 'startTail', [id, query])
    return () => {
      if (!this.#tails.delete(id)) return
      for (const writer of this.#writers) notifyWriter(writer, 'stopTail', [id])
    }
  }

  /** Passes lines from a writer on to their tails; a line of several tails is the same object for all. */
  deliver({ lines, groups }: TailLines): void {
    for (const { tails, lines: places, leftOut } of groups) {
      if (places.length === 0) continue
      const own = places.map(place => lines[place]!)
      for (const tail of tails) this.#tails.get(tail)?.onLines(own, leftOut)
    }
  }

  /** Starts all tails in a writer that was started again. */
  resume(writer: WorkerClient<WriterCalls>): void {
    for (const [id, { query }] of this.#tails) notifyWriter(writer, 'startTail', [id, query])
  }
}

/** A writer that is not running gets its tails by `resume`. */
function notifyWriter<N extends 'startTail' | 'stopTail'>(
  writer: WorkerClient<WriterCalls>,
  name: N,
  args: Parameters<WriterCalls[N]>,
): void {
  if (writer.ready) writer.call(name, args).catch(() => {})
}
