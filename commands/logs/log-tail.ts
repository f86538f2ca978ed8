// Following log lines as they come, in a message that is edited in place.
import { z } from 'zod'
import type { LogLine } from '../../src/logs/line.ts'
import { Problem } from '../../src/problem.ts'
import { MINUTE } from '../../src/time.ts'
import { command, duration } from '../context.ts'
import { logText } from './log-card.ts'
import { queryArguments, readQuery, storeOf } from './log-query.ts'

const USUAL = 10 * MINUTE
const LONGEST = 60 * MINUTE

const tail = command({
  name: 'logs tail',
  summary: 'Follow log lines live in the channel, for everybody to see',
  details:
    'One message is edited every few seconds, with Pause and Stop, and ends by itself after ten minutes. Over HTTP: GET /api/logs/tail.',
  examples: ['logs tail "level>=warn"', 'logs tail source:api --for 30m'],
  role: 'responder',
  changes: false,
  args: {
    ...queryArguments(),
    for: duration().optional().describe('How long, 10m unless said, an hour at the most'),
    pause: z.number().int().positive().optional().describe('Pause the tail of this number'),
    resume: z.number().int().positive().optional().describe('Let a paused tail go on'),
    stop: z.number().int().positive().optional().describe('Stop the tail of this number'),
  },
  async run({ for: lasts = USUAL, pause, resume, stop, ...words }, context) {
    const { tails } = context
    const store = storeOf(context)
    if (pause !== undefined) return done(() => tails.pause(pause), `The tail ${pause} is paused`)
    if (resume !== undefined) return done(() => tails.resume(resume), `The tail ${resume} goes on`)
    if (stop !== undefined) return done(() => tails.stop(stop, context.by.name), `The tail ${stop} is stopped`)
    const channel = context.parts.channelOf(context.by.platform)
    if (!channel)
      throw new Problem(
        'invalid',
        'There is no chat to follow in. Over HTTP, follow with GET /api/logs/tail; in a shell: vakt logs tail.',
      )
    const query = readQuery({ ...words, last: undefined }, context)
    const id = await tails.start({
      follow: take => store.tail({ ...query, from: null, until: null }, take),
      subject: words.query ?? '',
      command: 'logs tail',
      channel,
      by: context.by.name,
      durationMs: Math.min(lasts, LONGEST),
      show: (line: LogLine) => logText(line, query.where),
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

async function done(act: () => void | Promise<void>, says: string) {
  await act()
  return { card: { title: says, tone: 'muted' as const }, quiet: true }
}
