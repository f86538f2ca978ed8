// Runs commands over SSH: quotes the arguments into one line, and collects or streams the output.
import type { ClientChannel } from 'ssh2'
import type { Clock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Host } from '../host.ts'
import {
  type CommandOutput,
  createOutputBuffer,
  MAX_OUTPUT_BYTES,
  type OutputSink,
  RUN_TIMEOUT_MS,
  type RunningCommand,
  type RunOptions,
} from '../machine.ts'
import type { SshSession } from './connection.ts'
import { connectionLostProblem } from './errors.ts'
import { quoteCommand } from './shell-quote.ts'

/** Opens a session that runs one line of shell. */
type OpenSession = (line: string) => Promise<SshSession>

/** Runs a command and waits for its end. Rejects with `busy` after the time limit and when the connection is lost. */
export async function runOverSsh(
  openSession: OpenSession,
  host: Host,
  argv: readonly string[],
  clock: Clock,
  { timeoutMs = RUN_TIMEOUT_MS, maxBytes = MAX_OUTPUT_BYTES }: RunOptions = {},
): Promise<CommandOutput> {
  const { channel, exited } = await openSession(quoteCommand(argv))
  return new Promise((resolve, reject) => {
    const out = createOutputBuffer(maxBytes)
    const err = createOutputBuffer(maxBytes)
    const cancel = clock.at(clock.now() + timeoutMs, () => {
      terminate(channel)
      reject(new Problem('busy', `"${argv[0]}" on ${host.name} took longer than ${timeoutMs / 1000} s. Try again.`))
    })
    const collect = (buffer: typeof out) => (chunk: Buffer) => {
      buffer.add(chunk)
      if (buffer.isFull()) terminate(channel)
    }
    channel.on('data', collect(out))
    channel.stderr.on('data', collect(err))
    exited.then(code => {
      cancel()
      const isCut = out.isFull() || err.isFull()
      if (code === null && !isCut) reject(connectionLostProblem(host))
      else resolve({ stdout: out.text(), stderr: err.text(), code: code ?? -1 })
    })
  })
}

/** Starts a command and passes its output to `sink` as it arrives. */
export async function streamOverSsh(
  openSession: OpenSession,
  host: Host,
  argv: readonly string[],
  sink: OutputSink,
): Promise<RunningCommand> {
  const { channel, exited } = await openSession(quoteCommand(argv))
  let isStopped = false
  channel.on('data', sink.stdout)
  channel.stderr.on('data', sink.stderr)
  const ended = exited.then(code => {
    if (code === null && !isStopped) throw connectionLostProblem(host)
    return code ?? -1
  })
  // A caller that does not await the end must not cause an unhandled rejection.
  ended.catch(() => {})
  return {
    ended,
    stop() {
      isStopped = true
      terminate(channel)
    },
  }
}

/** Without a terminal, a closed channel alone leaves a command without output running, so it gets a signal too. */
function terminate(channel: ClientChannel): void {
  try {
    channel.signal('TERM')
    channel.close()
  } catch {
    channel.destroy()
  }
}
