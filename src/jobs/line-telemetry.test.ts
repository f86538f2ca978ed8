import { expect, it } from 'vitest'
import { batchOf, NOON } from '../logs/store.testing.ts'
import { type AppendResult, EMITTER_FIELD } from '../logs/store.ts'
import { createTelemetry } from '../telemetry.ts'
import { withLineCounts } from './line-telemetry.ts'

const BATCH = batchOf([], { project: 'shop', sender: 'k_1', defaults: { source: 'api', host: 'web-1' } })
const NAMED = { project: 'shop', sender: 'k_1', source: 'api', host: 'web-1', requests: 0 }
const LIMITED = { index: 2, field: EMITTER_FIELD, message: 'too many sources' }

async function counted(result: Partial<AppendResult>) {
  const telemetry = createTelemetry()
  const answer = { accepted: 0, rejected: 0, errors: [], repeated: false, ...result } as unknown as AppendResult
  await expect(withLineCounts({ append: async () => answer }, telemetry).append(BATCH)).resolves.toBe(answer)
  const { linesAccepted, linesRejected, rejections } = telemetry
  return {
    accepted: [...linesAccepted.entries()].map(({ labels, value }) => [labels.project, value]),
    rejected: [...linesRejected.entries()].map(({ labels, value }) => [labels.project, labels.reason, value]),
    kinds: rejections.list(),
  }
}

it('accepted lines count for their project', async () => {
  expect(await counted({ accepted: 3 })).toEqual({ accepted: [['shop', 3]], rejected: [], kinds: [] })
})

it('lines of too many sources are limited, all others unreadable, each with the first of their messages', async () => {
  const errors = [
    { index: 0, field: 'message', message: 'no message' },
    LIMITED,
    { ...LIMITED, message: 'second' },
    { index: 4, field: 'level', message: 'no level' },
  ]
  const { accepted, rejected, kinds } = await counted({ rejected: 5, errors } as Partial<AppendResult>)
  expect(accepted).toEqual([])
  expect(rejected).toEqual([
    ['shop', 'limited', 2],
    ['shop', 'unreadable', 3],
  ])
  expect(kinds).toMatchObject([
    { ...NAMED, reason: 'limited', message: 'too many sources', lines: 2, lastAt: NOON },
    { ...NAMED, reason: 'unreadable', message: 'no message', lines: 3, lastAt: NOON },
  ])
})

it('what is only limited is not unreadable, and a reason that is not known is empty', async () => {
  expect((await counted({ rejected: 1, errors: [LIMITED] } as Partial<AppendResult>)).rejected).toEqual([
    ['shop', 'limited', 1],
  ])
  expect((await counted({ rejected: 2 })).kinds).toMatchObject([{ reason: 'unreadable', message: '', lines: 2 }])
})

it('a repeated batch was counted the first time', async () => {
  expect(await counted({ accepted: 3, rejected: 1, repeated: true })).toEqual({ accepted: [], rejected: [], kinds: [] })
})
