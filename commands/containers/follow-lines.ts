// Follows containers live: in a chat in one message that is edited in place, in a shell as a stream of lines.
import type { Channel } from '../../src/chat/channel.ts'
import type { Clock } from '../../src/clock.ts'
import type { Answer, LineStream } from '../../src/command/command.ts'
import { followContainer } from '../../src/hosts/containers/follow-stream.ts'
import { createLineMerger } from '../../src/hosts/containers/merge-streams.ts'
import type { OutputLine } from '../../src/hosts/containers/output-line.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { isoTime, MINUTE, SECOND } from '../../src/time.ts'
import { type Context, channelHere } from '../context.ts'
import {
  type ContainerTarget,
  type LineFilter,
  lineResult,
  lineText,
  readLastLines,
  toSafeLine,
  writeLine,
  writeTarget,
} from './container-lines.ts'

const DEFAULT_LINES = 10
const DEFAULT_DURATION_MS = 10 * MINUTE
const MAX_DURATION_MS = 60 * MINUTE
const PROBLEM_CLEAR_DELAY_MS = 5 * SECOND

/** What to follow; the words limit where it starts and how long it runs. */
type FollowRequest = {
  targets: readonly ContainerTarget[]
  filter: LineFilter
  words: { lines?: number | undefined; since?: number | undefined; for?: number | undefined }
}

/** Follows containers where the request came from. Throws `invalid` where lines cannot be followed, and when no container can be read. */
export async function followLines(context: Context, request: FollowRequest): Promise<Answer> {
  const { by } = context
  const channel = channelHere(context)
  if (!channel && by.platform !== 'api')
    throw new Problem('invalid', 'There is no chat to follow in. Without --follow the last lines are answered at once.')
  if (!channel && request.words.for !== undefined)
    throw invalid('for', 'In a shell, --follow runs until Ctrl-C. Leave out --for.')
  // A container that cannot be read at all is an error, not a tail with an error in it.
  await readLastLines(context, request.targets, 1, undefined)
  if (channel) return startTail(context, channel, request)
  const stream: LineStream = sink =>
    follow(
      context,
      request,
      lines => sink.lines(lines.map(lineResult)),
      problem => problem !== null && sink.problem(problem),
    )
  return { card: { title: `Following ${request.targets.map(writeTarget).join(', ')}`, tone: 'muted' }, stream }
}

async function startTail(context: Context, channel: Channel, request: FollowRequest): Promise<Answer> {
  const { hostRuntime, tails } = context
  const { targets, filter, words } = request
  const isMerged = targets.length > 1
  const { spool, end } = hostRuntime.spools.open()
  let problem: string | null = null
  const id = await tails.start<OutputLine>({
    subject: targets.map(writeTarget).join(', '),
    command: 'containers tail',
    channel,
    by: context.by.name,
    durationMs: Math.min(words.for ?? DEFAULT_DURATION_MS, MAX_DURATION_MS),
    canExport: true,
    status: () => problem,
    show: line => lineText(line, filter, isMerged),
    follow(take) {
      const stop = follow(
        context,
        request,
        lines => {
          spool.write(lines.map(line => writeLine(line, isMerged)))
          take(lines)
        },
        current => {
          problem = current
          // Taking no lines still updates the message.
          take([])
        },
      )
      return () => {
        stop()
        end()
      }
    },
  })
  hostRuntime.spools.register(id, spool)
  return {
    card: {
      title: `Tail started in ${channel.name}`,
      tone: 'good',
      buttons: [{ label: 'Stop', line: `containers tail --stop ${id}` }],
    },
    result: { tail: id },
    quiet: true,
  }
}

/**
 * Follows until the returned function is called. `onLines` gets the lines that the filter accepts, merged in order of time;
 * `onProblem` a sentence while a container cannot be followed, null when all work again.
 */
function follow(
  { clock, state, hostRuntime, now }: Context,
  { targets, filter, words }: FollowRequest,
  onLines: (lines: readonly OutputLine[]) => void,
  onProblem: (problem: string | null) => void,
): () => void {
  const from =
    words.since === undefined ? { lines: words.lines ?? DEFAULT_LINES } : { since: isoTime(now - words.since) }
  const merger = createLineMerger(clock, lines =>
    onLines(lines.map(toSafeLine).filter(line => filter.accepts(line.text))),
  )
  const problems = createTailProblems(clock, onProblem)
  const stops = targets.map(target =>
    followContainer({
      ...{ state, clock, hostRuntime, host: target.host, container: target.container, from },
      onLines: lines => {
        problems.clear(target)
        merger.add(lines)
      },
      onProblem: problem => (problem === null ? problems.clearSoon(target) : problems.set(target, problem.message)),
    }),
  )
  return () => {
    for (const stop of stops) stop()
    problems.stop()
    merger.flush()
  }
}

/**
 * The problems of a tail's containers. `onChange` gets the first of them when they change. A problem is cleared only some
 * seconds after following works again: each retry of a stopped container works for a moment.
 */
function createTailProblems(clock: Clock, onChange: (problem: string | null) => void) {
  const problems = new Map<ContainerTarget, string>()
  const timers = new Map<ContainerTarget, () => void>()
  const report = () => onChange([...problems.values()][0] ?? null)
  const cancel = (target: ContainerTarget) => {
    timers.get(target)?.()
    timers.delete(target)
  }
  const clear = (target: ContainerTarget) => {
    cancel(target)
    if (problems.delete(target)) report()
  }
  return {
    set(target: ContainerTarget, message: string) {
      cancel(target)
      if (problems.get(target) === message) return
      problems.set(target, message)
      report()
    },
    clear,
    clearSoon(target: ContainerTarget) {
      if (!problems.has(target) || timers.has(target)) return
      timers.set(
        target,
        clock.at(clock.now() + PROBLEM_CLEAR_DELAY_MS, () => clear(target)),
      )
    },
    stop() {
      for (const target of [...timers.keys()]) cancel(target)
    },
  }
}
