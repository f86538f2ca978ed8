// Shows the last lines of containers, or follows them live in a message that is edited in place.
import { z } from 'zod'
import type { Button } from '../../src/card.ts'
import type { Clock } from '../../src/clock.ts'
import { followContainer } from '../../src/hosts/containers/follow-stream.ts'
import { createLineMerger } from '../../src/hosts/containers/merge-streams.ts'
import { type OutputLine, sortByTime } from '../../src/hosts/containers/output-line.ts'
import { LEVELS } from '../../src/logs/line.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { plural } from '../../src/text.ts'
import { isoTime, MINUTE, SECOND } from '../../src/time.ts'
import { type Context, command, duration } from '../context.ts'
import {
  type ContainerTarget,
  containerNames,
  createLineFilter,
  type LineFilter,
  lineResult,
  lineText,
  MAX_BUTTON_LINE_LENGTH,
  readLastLines,
  readTargets,
  toSafeLine,
  writeLine,
  writeTarget,
} from './container-lines.ts'

const DEFAULT_LINES = 20
/** With a filter, this many of the last lines of each container are searched. */
const MAX_SEARCHED_LINES = 5_000
const MAX_SHOWN_LINES = 25
const DEFAULT_DURATION_MS = 10 * MINUTE
const MAX_DURATION_MS = 60 * MINUTE
const PROBLEM_CLEAR_DELAY_MS = 5 * SECOND

const tailNumber = (what: string) => z.number().int().positive().optional().describe(what)

const tail = command({
  name: 'containers tail',
  summary: 'Show the last lines of containers, or follow them live',
  details:
    'Lines of several containers are merged in order of time. In a chat, --follow shows one message for everybody that is updated every few seconds, with Pause, Stop and Export; it continues across restarts of the container and ends after 10 minutes. The export contains every line, in up to 32 compressed parts of 7 MiB, and is deleted one hour after the end. In a shell, --follow prints lines until Ctrl-C.',
  examples: [
    'containers tail web-1/nginx',
    'containers tail web-1/api --since 1h --grep "timeout|refused" --lines 50',
    'containers tail "web-*/api" --follow --level warn',
  ],
  role: 'responder',
  changes: false,
  args: {
    containers: containerNames().optional().describe('host/container; isMerged, or a pattern such as web-*/api'),
    lines: z.number().int().min(1).max(5_000).optional().describe('Number of last lines (default: 20)'),
    since: duration().optional().describe('Only lines of the last 15m, 2h, 3d'),
    grep: z
      .string()
      .max(500)
      .optional()
      .describe('Only lines that match this regular expression; a lower-case one ignores case'),
    level: z.enum(LEVELS).optional().describe('Only lines of this level or worse'),
    follow: z.boolean().optional().describe('Follow live'),
    for: duration().optional().describe('How long to follow in a chat (default: 10m, at most 1h)'),
    pause: tailNumber('Number of a tail to pause'),
    resume: tailNumber('Number of a paused tail to resume'),
    stop: tailNumber('Number of a tail to stop'),
    export: tailNumber('Number of a tail whose lines to export as a file'),
    part: tailNumber('Part of an export with isMerged files (default: 1)'),
  },
  async run({ containers, pause, resume, stop, export: exported, part = 1, ...words }, context) {
    const { tails } = context
    if (pause !== undefined) return changeTail(() => tails.pause(pause), `Tail ${pause} paused`)
    if (resume !== undefined) return changeTail(() => tails.resume(resume), `Tail ${resume} resumed`)
    if (stop !== undefined) return changeTail(() => tails.stop(stop, context.by.name), `Tail ${stop} stopped`)
    if (exported !== undefined) return exportTail(context, exported, part)
    if (containers === undefined)
      throw invalid(
        'containers',
        'The container is missing: containers tail host/name. "containers list" shows all containers.',
      )
    const targets = readTargets(context, containers)
    const filter = createLineFilter(words)
    return words.follow ? startLive(context, targets, filter, words) : showLastLines(context, targets, filter, words)
  },
})

export const containerTailCommands = [tail]

type TailWords = {
  lines?: number | undefined
  since?: number | undefined
  for?: number | undefined
  grep?: string | undefined
  level?: string | undefined
}

async function showLastLines(
  context: Context,
  targets: readonly ContainerTarget[],
  filter: LineFilter,
  words: TailWords,
) {
  const limit = words.lines ?? DEFAULT_LINES
  const isFiltered = words.grep !== undefined || words.level !== undefined
  const fetched = isFiltered || words.since !== undefined ? MAX_SEARCHED_LINES : limit
  const since = words.since === undefined ? undefined : isoTime(context.now - words.since)
  const { read, problems } = await readLastLines(context, targets, fetched, since)
  const matching = sortByTime(read)
    .map(toSafeLine)
    .filter(line => filter.accepts(line.text))
  const lines = matching.slice(-limit)
  const isMerged = targets.length > 1
  const shown = lines.slice(-MAX_SHOWN_LINES)
  const above =
    lines.length > shown.length ? [`… ${plural(lines.length - shown.length, 'earlier line')} in the file`] : []
  const names = targets.map(writeTarget).join(' ')
  const file = Buffer.from(lines.map(line => `${writeLine(line, isMerged)}\n`).join(''))
  return {
    card: {
      title:
        lines.length === 0
          ? `No lines from ${isMerged ? plural(targets.length, 'container') : names}`
          : `${plural(lines.length, 'line')} from ${isMerged ? plural(targets.length, 'container') : names}`,
      tone: problems.length > 0 ? ('warning' as const) : ('plain' as const),
      lines: [
        ...(lines.length > 0
          ? [...above, ...shown.map(line => lineText(line, filter, isMerged))]
          : [isFiltered ? `No match in the last ${plural(MAX_SEARCHED_LINES, 'line')}.` : 'There is no output.']),
        ...problems,
      ],
      ...(above.length > 0 ? { file: { name: fileName(names, context.now, 'log'), content: file } } : {}),
      buttons: [{ label: 'Follow', line: `containers tail ${names} --follow` }].filter(
        button => button.line.length <= MAX_BUTTON_LINE_LENGTH,
      ),
    },
    result: { lines: lines.map(lineResult), problems },
  }
}

async function startLive(context: Context, targets: readonly ContainerTarget[], filter: LineFilter, words: TailWords) {
  const { hostRuntime, tails, state, clock } = context
  const channel = context.parts.channelOf(context.by.platform)
  if (!channel)
    throw new Problem('invalid', 'There is no chat to follow in. Without --follow the last lines are answered at once.')
  // A container that cannot be read at all is an error, not a tail with an error in it.
  await readLastLines(context, targets, 1, undefined)
  const isMerged = targets.length > 1
  const { spool, end } = hostRuntime.spools.open()
  const from = words.since === undefined ? { lines: words.lines ?? 10 } : { since: isoTime(context.now - words.since) }
  let problems: ReturnType<typeof createTailProblems> | null = null
  const id = await tails.start<OutputLine>({
    subject: targets.map(writeTarget).join(', '),
    command: 'containers tail',
    channel,
    by: context.by.name,
    durationMs: Math.min(words.for ?? DEFAULT_DURATION_MS, MAX_DURATION_MS),
    canExport: true,
    status: () => problems?.current() ?? null,
    show: line => lineText(line, filter, isMerged),
    follow(take) {
      const merger = createLineMerger(clock, lines => {
        const accepted = lines.map(toSafeLine).filter(line => filter.accepts(line.text))
        spool.write(accepted.map(line => writeLine(line, isMerged)))
        take(accepted)
      })
      // Taking no lines still updates the message.
      const shown = createTailProblems(clock, () => take([]))
      problems = shown
      const stops = targets.map(target =>
        followContainer({
          ...{ state, clock, hostRuntime, host: target.host, container: target.container, from },
          onLines: lines => {
            shown.clear(target)
            merger.add(lines)
          },
          onProblem: problem => (problem === null ? shown.clearSoon(target) : shown.set(target, problem.message)),
        }),
      )
      return () => {
        for (const stop of stops) stop()
        shown.stop()
        merger.flush()
        end()
      }
    },
  })
  hostRuntime.spools.register(id, spool)
  return {
    card: {
      title: `Tail started in ${channel.name}`,
      tone: 'good' as const,
      buttons: [{ label: 'Stop', line: `containers tail --stop ${id}` }],
    },
    result: { tail: id },
    quiet: true,
  }
}

/**
 * The problems of a tail's containers. `refresh` is called when they change. A problem is cleared only some seconds after
 * following works again: each retry of a stopped container works for a moment.
 */
function createTailProblems(clock: Clock, refresh: () => void) {
  const problems = new Map<ContainerTarget, string>()
  const timers = new Map<ContainerTarget, () => void>()
  const cancel = (target: ContainerTarget) => {
    timers.get(target)?.()
    timers.delete(target)
  }
  const clear = (target: ContainerTarget) => {
    cancel(target)
    if (problems.delete(target)) refresh()
  }
  return {
    current: (): string | null => [...problems.values()][0] ?? null,
    set(target: ContainerTarget, message: string) {
      cancel(target)
      if (problems.get(target) === message) return
      problems.set(target, message)
      refresh()
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

function exportTail({ hostRuntime, now }: Context, id: number, part: number) {
  const spool = hostRuntime.spools.find(id)
  if (part > spool.parts)
    throw new Problem('not_found', `The export of tail ${id} has only ${plural(spool.parts, 'part')}.`)
  const { lines, omittedLines } = spool
  const read = spool.read(part)
  const content = 'text' in read ? read.text : read.gzip
  const name = fileName(`tail-${id}${spool.parts > 1 ? `-part-${part}` : ''}`, now, 'text' in read ? 'log' : 'log.gz')
  const others = Array.from({ length: spool.parts }, (_, i) => i + 1).filter(other => other !== part)
  const buttons: Button[] = others
    .slice(0, 5)
    .map(other => ({ label: `Part ${other}`, line: `containers tail --export ${id} --part ${other}` }))
  return {
    card: {
      title: lines === 0 ? 'No lines yet' : `${plural(lines, 'line')} so far`,
      tone: omittedLines > 0 ? ('warning' as const) : ('plain' as const),
      lines: [
        ...(spool.parts > 1 ? [`Part ${part} of ${spool.parts}. Each can be read alone: zcat FILE`] : []),
        ...(omittedLines > 0 ? [`${plural(omittedLines, 'later line')} did not fit into the export.`] : []),
      ],
      ...(lines === 0 ? {} : { file: { name, content } }),
      buttons,
    },
    result: {
      tail: id,
      lines,
      omitted_lines: omittedLines,
      beyond: omittedLines,
      parts: spool.parts,
      part,
      bytes: content.length,
    },
  }
}

function fileName(what: string, now: number, ending: string): string {
  const plain = what.replaceAll(/[^\w.-]+/g, '-').slice(0, 60)
  return `${plain}-${isoTime(now).slice(0, 19).replaceAll(':', '-')}.${ending}`
}

async function changeTail(change: () => void | Promise<void>, title: string) {
  await change()
  return { card: { title, tone: 'muted' as const }, quiet: true }
}
