// A machine on which commands can be run, whether over SSH or Vakt's own.

/** What a command said. `code` is its exit status, -1 when a signal ended it; what goes beyond the limit is cut off. */
export type Output = { stdout: string; stderr: string; code: number }

export type RunOptions = {
  /** How long it may take, ms; then it is ended and `busy` thrown. */
  timeoutMs?: number
  /** How much output is kept, bytes of each stream; a command that says more is ended. */
  maxBytes?: number
}

export type Sink = { stdout(chunk: Buffer): void; stderr(chunk: Buffer): void }

/** A command that goes on until it ends or is stopped. */
export interface Running {
  /** Settles with the exit status when the command has ended; rejects with `busy` when the connection is lost. */
  readonly ended: Promise<number>
  stop(): void
}

export interface Machine {
  /** Runs words as a command and waits for its end. Rejects with a `Problem` that says what is wrong with the host. */
  run(words: readonly string[], options?: RunOptions): Promise<Output>
  /** Starts a command whose output is handed on as it comes. Rejects as `run` does. */
  stream(words: readonly string[], sink: Sink): Promise<Running>
}

export const RUN_TIMEOUT = 15_000
export const MOST_OUTPUT = 8 * 1024 * 1024

/** Collects a stream up to a limit; `full` says that there was more. */
export function collected(limit: number) {
  const chunks: Buffer[] = []
  let bytes = 0
  return {
    full: () => bytes > limit,
    add(chunk: Buffer) {
      if (bytes <= limit) chunks.push(chunk)
      bytes += chunk.length
    },
    text: () => Buffer.concat(chunks).subarray(0, limit).toString('utf8'),
  }
}
