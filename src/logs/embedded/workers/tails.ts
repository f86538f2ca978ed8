// Live tails: whom the writers tell of lines as they are stored.
import type { LogLine } from '../../line.ts'
import type { Query } from '../../query/tree.ts'
import type { WorkerClient } from './worker-client.ts'
import type { TailLines, WriterCalls } from './writer.ts'

type Tail = { query: Query; onLines: (lines: readonly LogLine[]) => void }

export class Tails {
  readonly #writers: readonly WorkerClient<WriterCalls>[]
  readonly #tails = new Map<number, Tail>()
  #last = 0

  constructor(writers: readonly WorkerClient<WriterCalls>[]) {
    this.#writers = writers
  }

  /** Begins a tail; the returned function ends it. */
  begin(query: Query, onLines: Tail['onLines']): () => void {
    const tail = ++this.#last
    this.#tails.set(tail, { query, onLines })
    for (const writer of this.#writers) tellWriter(writer, 'tail', [tail, query])
    return () => {
      if (!this.#tails.delete(tail)) return
      for (const writer of this.#writers) tellWriter(writer, 'endTail', [tail])
    }
  }

  feed({ tail, lines }: TailLines): void {
    this.#tails.get(tail)?.onLines(lines)
  }

  /** Tells a writer that is new to it of the tails there are. */
  resume(writer: WorkerClient<WriterCalls>): void {
    for (const [tail, { query }] of this.#tails) tellWriter(writer, 'tail', [tail, query])
  }
}

/** A writer that is away is told when it comes back. */
function tellWriter<N extends 'tail' | 'endTail'>(
  writer: WorkerClient<WriterCalls>,
  name: N,
  args: Parameters<WriterCalls[N]>,
): void {
  if (writer.ready) writer.call(name, args).catch(() => {})
}
