// Shows the last lines of containers, or follows them live in a message that is edited in place.
import { z } from 'zod'
import type { Button } from '../../src/card.ts'
import { sortByTime } from '../../src/hosts/containers/output-line.ts'
import { LEVELS } from '../../src/logs/line.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { fileName, plural } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
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
import { followLines } from './follow-lines.ts'

const DEFAULT_LINES = 20
/** With a filter, this many of the last lines of each container are searched. */
const MAX_SEARCHED_LINES = 5_000
const MAX_SHOWN_LINES = 25

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
    containers: containerNames().optional().describe('host/container; several, or a pattern such as web-*/api'),
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
    part: tailNumber('Part of an export with several files (default: 1)'),
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
    return words.follow
      ? followLines(context, { targets, filter, words })
      : showLastLines(context, targets, filter, words)
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
      ...(above.length > 0
        ? { file: { name: fileName(names, context.now, context.config.timeZone, 'log'), content: file } }
        : {}),
      buttons: [{ label: 'Follow', line: `containers tail ${names} --follow` }].filter(
        button => button.line.length <= MAX_BUTTON_LINE_LENGTH,
      ),
    },
    result: { lines: lines.map(lineResult), problems },
  }
}

function exportTail({ hostRuntime, now, config }: Context, id: number, part: number) {
  const spool = hostRuntime.spools.find(id)
  if (part > spool.parts)
    throw new Problem('not_found', `The export of tail ${id} has only ${plural(spool.parts, 'part')}.`)
  const { lines, omittedLines } = spool
  const read = spool.read(part)
  const content = 'text' in read ? read.text : read.gzip
  const what = spool.parts > 1 ? `tail-${id}-part-${part}` : `tail-${id}`
  const name = fileName(what, now, config.timeZone, 'text' in read ? 'log' : 'log.gz')
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

async function changeTail(change: () => void | Promise<void>, title: string) {
  await change()
  return { card: { title, tone: 'muted' as const }, quiet: true }
}
