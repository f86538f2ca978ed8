// The port to a machine that runs commands, over SSH or locally.
import { MEBIBYTE } from '../bytes.ts'

/** The output of a command, cut at the limit. `code` is its exit status, -1 when a signal ended it. */
export type CommandOutput = { stdout: string; stderr: string; code: number }

export type RunOptions = {
  /** Time limit, ms (default: 15 s); after it the command is ended and `busy` is thrown. */
  timeoutMs?: number
  /** Output limit for each stream, bytes (default: 8 MiB); a command that writes more is ended. */
  maxBytes?: number
}

export type OutputSink = { stdout(chunk: Buffer): void; stderr(chunk: Buffer): void }

/** A command that runs until it ends or is stopped. */
export interface RunningCommand {
  /** Resolves with the exit status when the command ends; rejects with `busy` when the connection is lost. */
  readonly ended: Promise<number>
  stop(): void
}

export interface Machine {
  /** Runs a command (its program and arguments, no shell) and waits for its end. Rejects with a `Problem` of the host. */
  run(argv: readonly string[], options?: RunOptions): Promise<CommandOutput>
  /** Starts a command and passes its output to `sink` as it arrives. Rejects as `run` does. */
  stream(argv: readonly string[], sink: OutputSink): Promise<RunningCommand>
}

export const RUN_TIMEOUT_MS = 15_000
export const MAX_OUTPUT_BYTES = 8 * MEBIBYTE

/** Collects a stream up to `limit` bytes; `isFull` is true once more has arrived. */
export function createOutputBuffer(limit: number) {
  const chunks: Buffer[] = []
  let bytes = 0
  return {
    isFull: () => bytes > limit,
    add(chunk: Buffer) {
      if (bytes <= limit) chunks.push(chunk)
      bytes += chunk.length
    },
    text: () => Buffer.concat(chunks).subarray(0, limit).toString('utf8'),
  }
}
