// What containers say: their last lines, or live in a message that is edited in place.
import { z } from 'zod'
import type { Button } from '../../src/card.ts'
import { followContainer } from '../../src/hosts/containers/follow-stream.ts'
import { createMerge } from '../../src/hosts/containers/merge-streams.ts'
import { inOrder, type OutputLine } from '../../src/hosts/containers/output-line.ts'
import { LEVELS } from '../../src/logs/line.ts'
import { Problem } from '../../src/problem.ts'
import { isoTime, MINUTE } from '../../src/time.ts'
import { type Context, command, counted, duration } from '../context.ts'
import {
  containerNames,
  type LineFilter,
  lastLines,
  lineFilter,
  lineResult,
  lineText,
  safeLine,
  type Target,
  targetsOf,
  writeTarget,
  writtenLine,
} from './container-lines.ts'

const USUAL_LINES = 20
/** A search looks through so many of the last lines of each container. */
const SEARCHED = 5_000
const SHOWN = 25
const USUAL = 10 * MINUTE
const LONGEST = 60 * MINUTE

const number = (what: string) => z.number().int().positive().optional().describe(what)

const tail = command({
  name: 'containers tail',
  summary: 'Show the last lines of containers, or follow them live',
  details:
    'Several containers, by names or a pattern, are merged in order of time. With --follow one message is edited every few seconds, for everybody to see, with Pause, Stop and Export; it goes on over restarts of the container and ends by itself after ten minutes. The export holds every line that was followed, compressed in parts of 7 MiB, up to 32 of them; it is kept for an hour.',
  examples: [
    'containers tail web-1/nginx',
    'containers tail web-1/api --since 1h --grep "timeout|refused" --lines 50',
    'containers tail "web-*/api" --follow --level warn',
  ],
  role: 'responder',
  changes: false,
  args: {
    containers: containerNames().optional().describe('host/container; several, or a pattern such as web-*/api'),
    lines: z.number().int().min(1).max(5_000).optional().describe('How many of the last lines, 20 unless said'),
    since: duration().optional().describe('Only the last 15m, 2h, 3d'),
    grep: z
      .string()
      .max(500)
      .optional()
      .describe('Only lines with this regular expression; small letters fit capitals too'),
    level: z.enum(LEVELS).optional().describe('Only lines that look at least as bad as this'),
    follow: z.boolean().optional().describe('Follow live in the channel'),
    for: duration().optional().describe('How long to follow, 10m unless said, an hour at the most'),
    pause: number('Pause the tail of this number'),
    resume: number('Let a paused tail go on'),
    stop: number('Stop the tail of this number'),
    export: number('Give what the tail of this number has followed, as a file'),
    part: number('Which part of an export that is too long for one file'),
  },
  async run({ containers, pause, resume, stop, export: exported, part = 1, ...words }, context) {
    const { tails } = context
    if (pause !== undefined) return done(() => tails.pause(pause), `The tail ${pause} is paused`)
    if (resume !== undefined) return done(() => tails.resume(resume), `The tail ${resume} goes on`)
    if (stop !== undefined) return done(() => tails.stop(stop, context.by.name), `The tail ${stop} is stopped`)
    if (exported !== undefined) return exportOf(context, exported, part)
    if (containers === undefined)
      throw new Problem('invalid', 'Say which container: containers tail host/name. "containers list" shows them.', {
        fields: { containers: 'is missing' },
      })
    const targets = targetsOf(context, containers)
    const filter = lineFilter(words)
    return words.follow ? live(context, targets, filter, words) : snapshot(context, targets, filter, words)
  },
})

export const containerTailCommands = [tail]

type Words = {
  lines?: number | undefined
  since?: number | undefined
  for?: number | undefined
  grep?: string | undefined
  level?: string | undefined
}

async function snapshot(context: Context, targets: readonly Target[], filter: LineFilter, words: Words) {
  const wanted = words.lines ?? USUAL_LINES
  const filtered = words.grep !== undefined || words.level !== undefined
  const fetched = filtered || words.since !== undefined ? SEARCHED : wanted
  const since = words.since === undefined ? undefined : isoTime(context.now - words.since)
  const { read, problems } = await lastLines(context, targets, fetched, since)
  const fits = inOrder(read)
    .map(safeLine)
    .filter(line => filter.wants(line.text))
  const lines = fits.slice(-wanted)
  const several = targets.length > 1
  const shown = lines.slice(-SHOWN)
  const above = lines.length > shown.length ? [`… ${lines.length - shown.length} more above, in the file`] : []
  const names = targets.map(writeTarget).join(' ')
  const file = Buffer.from(lines.map(line => `${writtenLine(line, several)}\n`).join(''))
  return {
    card: {
      title:
        lines.length === 0
          ? `Nothing from ${several ? counted(targets.length, 'container') : names}`
          : `${counted(lines.length, 'line')} from ${several ? counted(targets.length, 'container') : names}`,
      tone: problems.length > 0 ? ('warning' as const) : ('plain' as const),
      lines: [
        ...(lines.length > 0
          ? [...above, ...shown.map(line => lineText(line, filter, several))]
          : [
              filtered
                ? `None of its last ${SEARCHED.toLocaleString('en')} lines fits.`
                : 'It has said nothing in that time.',
            ]),
        ...problems,
      ],
      ...(above.length > 0 ? { file: { name: fileName(names, context.now, 'log'), content: file } } : {}),
      buttons: [{ label: 'Follow', line: `containers tail ${names} --follow` }].filter(
        button => button.line.length <= 90,
      ),
    },
    result: { lines: lines.map(lineResult), problems },
  }
}

async function live(context: Context, targets: readonly Target[], filter: LineFilter, words: Words) {
  const { fleet, tails, state, clock } = context
  const channel = context.parts.channelOf(context.by.platform)
  if (!channel)
    throw new Problem('invalid', 'There is no chat to follow in. Without --follow the last lines are answered at once.')
  // What is wrong from the start is answered, not shown in a tail.
  await lastLines(context, targets, 1, undefined)
  const several = targets.length > 1
  const { spool, end } = fleet.spools.open()
  const problems = new Map<Target, string>()
  const first = words.since === undefined ? { lines: words.lines ?? 10 } : { since: isoTime(context.now - words.since) }
  const id = await tails.start<OutputLine>({
    subject: targets.map(writeTarget).join(', '),
    command: 'containers tail',
    channel,
    by: context.by.name,
    durationMs: Math.min(words.for ?? USUAL, LONGEST),
    canExport: true,
    status: () => [...problems.values()][0] ?? null,
    show: line => lineText(line, filter, several),
    follow(take) {
      const merge = createMerge(clock, lines => {
        const fits = lines.map(safeLine).filter(line => filter.wants(line.text))
        spool.write(fits.map(line => writtenLine(line, several)))
        take(fits)
      })
      const stops = targets.map(target =>
        followContainer({
          ...{ state, clock, fleet, host: target.host, container: target.container, from: first },
          onLines: lines => merge.add(lines),
          onState: problem => (problem === null ? problems.delete(target) : problems.set(target, problem.message)),
        }),
      )
      return () => {
        for (const stop of stops) stop()
        merge.flush()
        end()
      }
    },
  })
  fleet.spools.name(id, spool)
  return {
    card: {
      title: `The tail is live in ${channel.name}`,
      tone: 'good' as const,
      buttons: [{ label: 'Stop', line: `containers tail --stop ${id}` }],
    },
    result: { tail: id },
    quiet: true,
  }
}

function exportOf({ fleet, now }: Context, id: number, part: number) {
  const spool = fleet.spools.find(id)
  if (part > spool.parts)
    throw new Problem('not_found', `The export of the tail ${id} has ${counted(spool.parts, 'part')}.`)
  const { lines, beyond } = spool
  const read = spool.read(part)
  const content = 'text' in read ? read.text : read.gzip
  const name = fileName(`tail-${id}${spool.parts > 1 ? `-part-${part}` : ''}`, now, 'text' in read ? 'log' : 'log.gz')
  const others = Array.from({ length: spool.parts }, (_, i) => i + 1).filter(one => one !== part)
  const buttons: Button[] = others
    .slice(0, 5)
    .map(one => ({ label: `Part ${one}`, line: `containers tail --export ${id} --part ${one}` }))
  return {
    card: {
      title: lines === 0 ? 'Nothing was followed yet' : `${counted(lines, 'line')} so far`,
      tone: beyond > 0 ? ('warning' as const) : ('plain' as const),
      lines: [
        ...(spool.parts > 1 ? [`Part ${part} of ${spool.parts}. Each can be read alone: zcat FILE`] : []),
        ...(beyond > 0 ? [`${counted(beyond, 'line')} more came after the limit of an export and are not in it.`] : []),
      ],
      ...(lines === 0 ? {} : { file: { name, content } }),
      buttons,
    },
    result: { tail: id, lines, beyond, parts: spool.parts, part, bytes: content.length },
  }
}

function fileName(what: string, now: number, ending: string): string {
  const plain = what.replaceAll(/[^\w.-]+/g, '-').slice(0, 60)
  return `${plain}-${isoTime(now).slice(0, 19).replaceAll(':', '-')}.${ending}`
}

async function done(act: () => void | Promise<void>, says: string) {
  await act()
  return { card: { title: says, tone: 'muted' as const }, quiet: true }
}
