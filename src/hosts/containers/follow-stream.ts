// Follows one container's output over restarts, rotation and lost connections, without losing or repeating a line.

import type { Clock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import type { HostRuntime } from '../host-runtime.ts'
import { readHost } from '../hosts.ts'
import type { Running } from '../machine.ts'
import { logWords } from '../metrics/collect-script.ts'
import { containerFailure } from './errors.ts'
import { lineCutter, type OutputLine, readStamped, type StreamName } from './output-line.ts'
import { after, beyond, type Position, START, sinceOf } from './position.ts'

const SOONEST = SECOND
const LATEST = 15 * SECOND

export type FollowOptions = {
  state: State
  clock: Clock
  fleet: Pick<HostRuntime, 'engine'>
  host: Host
  container: string
  /** Whether to try a host that is backed off from; true unless said. */
  insist?: boolean
  /** Where to go on; without one, with so many of the last lines. */
  from: Position | { lines: number } | { since: string }
  onLines(lines: readonly OutputLine[]): void
  /** Told when following does not work at the moment, with the sentence why, and with null when it does again. */
  onState?(problem: Problem | null): void
  /** Told when a pass over what the engine had kept is over, or nothing came of it. */
  onPause?(): void
}

/** Follows until the returned function is called. */
export function followContainer(options: FollowOptions): () => void {
  const { state, clock, fleet, container, onLines, onState = () => {}, onPause = () => {} } = options
  const { from } = options
  let position: Position = 'stdout' in from ? from : START
  let running: Running | null = null
  let stopped = false
  let cancel = () => {}
  let wait = SOONEST

  const pass = async (host: Host): Promise<Problem | null> => {
    const { engine, machine } = await fleet.engine(host, options.insist ?? true)
    const since = sinceOf(position) ?? ('since' in from ? from.since : undefined)
    const lines = since === undefined && 'lines' in from ? { lines: from.lines } : {}
    const isNew = beyond(position)
    let complaint = ''
    const cutters = (['stdout', 'stderr'] as const).map((stream: StreamName) => {
      let batch: OutputLine[] = []
      const cutter = lineCutter(line => {
        const stamped = readStamped(line)
        if (!stamped) complaint = line
        else if (isNew({ stream, stamp: stamped.stamp })) {
          const found = { host: host.name, container, stream, ...stamped }
          position = after(position, found)
          batch.push(found)
        }
      })
      const hand = () => {
        if (batch.length === 0 || stopped) return
        wait = SOONEST
        onLines(batch)
        batch = []
      }
      return {
        add(chunk: Buffer) {
          cutter.add(chunk)
          hand()
        },
        end() {
          cutter.end()
          hand()
        },
      }
    })
    const [out, err] = cutters
    const words = logWords(engine, container, { ...(since === undefined ? {} : { since }), ...lines, follow: true })
    running = await machine.stream(words, { stdout: out!.add, stderr: err!.add })
    if (stopped) running.stop()
    onState(null)
    try {
      const code = await running.ended
      return code === 0 || complaint === ''
        ? null
        : containerFailure(host, engine, container, { stdout: '', stderr: complaint, code })
    } finally {
      running = null
      for (const cutter of cutters) cutter.end()
    }
  }

  const turn = async () => {
    let problem: Problem | null
    const host = readHost(state, options.host.id)
    try {
      problem = host
        ? await pass(host)
        : new Problem('not_found', `The host ${options.host.name} is registered no more.`)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem = error
    }
    if (stopped) return
    onState(
      problem ??
        new Problem(
          'conflict',
          `${container} on ${options.host.name} has stopped; its next lines follow when it runs again.`,
        ),
    )
    onPause()
    cancel = clock.at(clock.now() + wait, go)
    wait = Math.min(LATEST, wait * 2)
  }

  const go = () => {
    turn().catch(error => {
      onState(new Problem('internal', `Following failed: ${(error as Error).message}`, { cause: error }))
      if (!stopped) cancel = clock.at(clock.now() + LATEST, go)
    })
  }
  go()
  return () => {
    stopped = true
    cancel()
    running?.stop()
  }
}
