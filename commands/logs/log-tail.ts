// The command that follows log lines live, in one message that is edited in place.
import { z } from 'zod'
import type { LogLine } from '../../src/logs/line.ts'
import { Problem } from '../../src/problem.ts'
import { MINUTE } from '../../src/time.ts'
import { channelHere, command, duration } from '../context.ts'
import { colorFlag, logEntry } from './log-card.ts'
import { queryArguments, readQuery, storeOf } from './log-query.ts'

const DEFAULT_DURATION_MS = 10 * MINUTE
const MAX_DURATION_MS = 60 * MINUTE

const tailNumber = (description: string) => z.number().int().positive().optional().describe(description)

const tail = command({
  name: 'logs tail',
  summary: 'Follow log lines live in the channel',
  details:
    'One message, which everybody in the channel sees, is edited every few seconds. It has buttons to pause and stop, and ends by itself after ten minutes. Over HTTP: GET /api/logs/tail.',
  examples: ['logs tail "level>=warn"', 'logs tail source:api --for 30m'],
  role: 'responder',
  changes: false,
  args: {
    ...queryArguments(),
    for: duration().optional().describe('Duration (default: 10m, at most 1h)'),
    pause: tailNumber('Pause the tail with this number'),
    resume: tailNumber('Resume the paused tail with this number'),
    stop: tailNumber('Stop the tail with this number'),
    color: colorFlag(),
  },
  async run({ for: durationMs = DEFAULT_DURATION_MS, pause, resume, stop, color = false, ...words }, context) {
    const { tails } = context
    const store = storeOf(context)
    if (pause !== undefined) return done(() => tails.pause(pause), `Tail ${pause} is paused`)
    if (resume !== undefined) return done(() => tails.resume(resume), `Tail ${resume} is resumed`)
    if (stop !== undefined) return done(() => tails.stop(stop, context.by.name), `Tail ${stop} is stopped`)
    const channel = channelHere(context)
    if (!channel)
      throw new Problem(
        'invalid',
        'There is no chat to show the tail in. Use "vakt logs tail" in a shell, or GET /api/logs/tail over HTTP.',
      )
    const query = readQuery({ ...words, last: undefined }, context)
    const id = await tails.start({
      follow: onLines => store.tail({ ...query, from: null, until: null }, onLines),
      subject: words.query ?? '',
      command: 'logs tail',
      channel,
      by: context.by.name,
      durationMs: Math.min(durationMs, MAX_DURATION_MS),
      show: (line: LogLine) => line.message,
      entry: (line: LogLine) => logEntry(line, query.where),
      isColoured: color,
    })
    return {
      card: {
        title: `The tail is live in ${channel.name}`,
        tone: 'good',
        buttons: [{ label: 'Stop', line: `logs tail --stop ${id}` }],
      },
      result: { tail: id },
      quiet: true,
    }
  },
})

export const logTailCommands = [tail]

async function done(run: () => void | Promise<void>, title: string) {
  await run()
  return { card: { title, tone: 'muted' as const }, quiet: true }
}
