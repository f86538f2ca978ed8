// A program sends a batch of log lines, and again with the same key where no good answer comes.
import { SECOND } from '../../../time.ts'
import { type LogFormat, logBody } from '../logs/log-traffic.ts'
import type { LogBatch } from '../model/log-lines.ts'
import type { World } from '../world.ts'
import { stepKind } from './step.ts'

type Details = {
  /** Which program sends it. */
  source?: string
  first: number
  count: number
  word: string | null
  format: LogFormat
  hasKey: boolean
  /** Whether it is sent again although it was acknowledged, as a sender does that lost the answer. */
  isRepeated: boolean
}

const RETRY_MS = 20 * SECOND
const MAX_TRIES = 8

export const logBatch = stepKind<Details>({
  name: 'log batch',
  weight: 0,
  plan: () => null,
  async play(world, details) {
    const { first, count, word } = details
    if (!world.logs) return
    await attempt(world, details, world.logs.lines.begin(first, count, word, world.clock.trueNow()), MAX_TRIES)
  },
})

async function attempt(world: World, details: Details, batch: LogBatch, tries: number): Promise<void> {
  const { source, first, count, word, format, hasKey, isRepeated } = details
  const messages = Array.from({ length: count }, () => (word === null ? 'order paid' : `cannot reach ${word}`))
  const [body, type] = logBody(format, first, messages, word !== null, source)
  const outcome = await world.sendLogs(batch, { source, body, type, key: hasKey ? `batch-${first}` : null })
  const isAgain = outcome !== 'stored' || (isRepeated && tries === MAX_TRIES)
  if (isAgain && hasKey && tries > 1)
    world.later(world.clock.trueNow() + RETRY_MS, () => attempt(world, details, batch, tries - 1))
}
