// Follows the output of one container across restarts, rotation and lost connections; each line comes once.
import { backOff } from '../../backoff.ts'
import type { Clock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import type { OutputPosition } from '../../state/schema/index.ts'
import { errorMessage } from '../../text.ts'
import { SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import type { HostRuntime } from '../host-runtime.ts'
import { readHost } from '../hosts.ts'
import type { RunningCommand } from '../machine.ts'
import { buildLogsArgv } from './engine-argv.ts'
import { containerProblem } from './errors.ts'
import { createLineSplitter, type OutputLine, parseStamped, type StreamName, skipGreeting } from './output-line.ts'
import { advance, computeSince, createNewLineFilter, START } from './output-position.ts'

const RETRY_BASE_MS = SECOND
const RETRY_MAX_MS = 15 * SECOND

export type FollowOptions = {
  state: State
  clock: Clock
  hostRuntime: Pick<HostRuntime, 'engine'>
  host: Host
  container: string
  /** Connect even while the host is in back-off (default: true). */
  ignoreBackoff?: boolean
  /** Where to start: at a position, with the last lines, or at an instant (RFC 3339). */
  from: OutputPosition | { lines: number } | { since: string }
  onLines(lines: readonly OutputLine[]): void
  /** Called with the problem when following fails, and with null when it works again. */
  onProblem?(problem: Problem | null): void
  /** Called after each pass over the output, whether it succeeded or failed. */
  onPassEnd?(): void
}

/** Follows until the returned function is called. */
export function followContainer(options: FollowOptions): () => void {
  const { state, clock, hostRuntime, container, onLines, onProblem = () => {}, onPassEnd = () => {} } = options
  const { from } = options
  let position: OutputPosition = 'stdout' in from ? from : START
  let running: RunningCommand | null = null
  let isStopped = false
  let cancel = () => {}
  let failures = 0

  const readPass = async (host: Host): Promise<Problem | null> => {
    const { engine, machine } = await hostRuntime.engine(host, { ignoreBackoff: options.ignoreBackoff ?? true })
    const since = computeSince(position, clock.now()) ?? ('since' in from ? from.since : undefined)
    const lines = since === undefined && 'lines' in from ? { lines: from.lines } : {}
    const isNewLine = createNewLineFilter(position)
    let engineMessage = ''
    const readers = (['stdout', 'stderr'] as const).map((stream: StreamName) => {
      let batch: OutputLine[] = []
      let isBegun = false
      const splitter = createLineSplitter(line => {
        const stamped = parseStamped(isBegun ? line : skipGreeting(line))
        isBegun ||= stamped !== null
        if (!stamped) engineMessage = line
        else if (isNewLine({ stream, stamp: stamped.stamp })) {
          const found = { host: host.name, container, stream, ...stamped }
          position = advance(position, found)
          batch.push(found)
        }
      })
      const flush = () => {
        if (batch.length === 0 || isStopped) return
        failures = 0
        onLines(batch)
        batch = []
      }
      return {
        add(chunk: Buffer) {
          splitter.add(chunk)
          flush()
        },
        end() {
          splitter.end()
          flush()
        },
      }
    })
    const [out, err] = readers
    const argv = buildLogsArgv(engine, container, {
      ...(since === undefined ? {} : { since }),
      ...lines,
      follow: true,
    })
    running = await machine.stream(argv, { stdout: out!.add, stderr: err!.add })
    if (isStopped) running.stop()
    onProblem(null)
    try {
      const code = await running.ended
      return code === 0 || engineMessage === ''
        ? null
        : containerProblem(host, engine, container, { stdout: '', stderr: engineMessage, code })
    } finally {
      running = null
      for (const reader of readers) reader.end()
    }
  }

  const readAndWait = async () => {
    let problem: Problem | null
    const host = readHost(state, options.host.id)
    try {
      problem = host ? await readPass(host) : new Problem('not_found', `The host ${options.host.name} was removed.`)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problem = error
    }
    if (isStopped) return
    onProblem(
      problem ??
        new Problem(
          'conflict',
          `${container} on ${options.host.name} has stopped. Its lines continue when it runs again.`,
        ),
    )
    onPassEnd()
    failures++
    cancel = clock.at(clock.now() + backOff(failures, { baseMs: RETRY_BASE_MS, maxMs: RETRY_MAX_MS }), run)
  }

  const run = () => {
    readAndWait().catch(error => {
      onProblem(new Problem('internal', `Following failed: ${errorMessage(error)}`, { cause: error }))
      if (!isStopped) cancel = clock.at(clock.now() + RETRY_MAX_MS, run)
    })
  }
  run()
  return () => {
    isStopped = true
    cancel()
    running?.stop()
  }
}
