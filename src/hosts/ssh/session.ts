// Commands over SSH: words become one quoted line, its output is collected or handed on.
import type { ClientChannel } from 'ssh2'
import type { Clock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Host } from '../host.ts'
import {
  collected,
  MOST_OUTPUT,
  type Output,
  RUN_TIMEOUT,
  type Running,
  type RunOptions,
  type Sink,
} from '../machine.ts'
import type { Session } from './connection.ts'
import { remoteCommand } from './shell-quote.ts'

type Open = (command: string) => Promise<Session>

/** Runs words on a host and waits for their end. Rejects with `busy` when that takes too long or the connection goes. */
export async function runOver(
  open: Open,
  host: Host,
  words: readonly string[],
  clock: Clock,
  { timeoutMs = RUN_TIMEOUT, maxBytes = MOST_OUTPUT }: RunOptions = {},
): Promise<Output> {
  const { channel, exited } = await open(remoteCommand(words))
  return new Promise((resolve, reject) => {
    const out = collected(maxBytes)
    const err = collected(maxBytes)
    const cancel = clock.at(clock.now() + timeoutMs, () => {
      end(channel)
      reject(new Problem('busy', `"${words[0]}" on ${host.name} took longer than ${timeoutMs / 1000} s.`))
    })
    const take = (to: typeof out) => (chunk: Buffer) => {
      to.add(chunk)
      if (to.full()) end(channel)
    }
    channel.on('data', take(out))
    channel.stderr.on('data', take(err))
    exited.then(code => {
      cancel()
      const cut = out.full() || err.full()
      if (code === null && !cut) reject(connectionLost(host))
      else resolve({ stdout: out.text(), stderr: err.text(), code: code ?? -1 })
    })
  })
}

/** Starts words on a host and hands on what they say. */
export async function streamOver(open: Open, host: Host, words: readonly string[], sink: Sink): Promise<Running> {
  const { channel, exited } = await open(remoteCommand(words))
  let stopped = false
  channel.on('data', sink.stdout)
  channel.stderr.on('data', sink.stderr)
  const ended = exited.then(code => {
    if (code === null && !stopped) throw connectionLost(host)
    return code ?? -1
  })
  // Whoever does not wait for the end need not hear of it.
  ended.catch(() => {})
  return {
    ended,
    stop() {
      stopped = true
      end(channel)
    },
  }
}

/** Without a terminal, closing alone would leave a silent command running there. */
function end(channel: ClientChannel): void {
  try {
    channel.signal('TERM')
    channel.close()
  } catch {
    channel.destroy()
  }
}

function connectionLost(host: Host): Problem {
  return new Problem('busy', `The connection to ${host.name} was lost. Try again; "hosts test ${host.name}" says more.`)
}
