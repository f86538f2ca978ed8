// Which questions share one answer while it is being made.
import { expect, it } from 'vitest'
import { memoryState } from '../state/database.ts'
import { createFakeClock } from '../testing/fake-clock.ts'
import { HOUR, MINUTE } from '../time.ts'
import { createAnalyst } from './analyst.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

it('people who ask the same at the same time share one answer; another hour is another question', async () => {
  const analyst = createAnalyst({
    ...{ state: memoryState(), store: null, clock: createFakeClock(NOW), logger: {} as never, timeZone: 'UTC' },
    ai: { provider: 'anthropic', apiKey: null, model: null, dailyBudgetUsd: 1, monthlyBudgetUsd: 1 } as never,
  })
  const ask = async (until: number) => {
    const { analysis, pack } = await analyst.analyze({
      subject: { title: 'the logs, 1h', where: null, from: until - HOUR, until, projectId: null } as never,
      ...{ kind: 'logs', question: null, askedBy: { person: 'ann', name: 'Ann' }, automatic: false, deep: false },
      ...{ skipCache: false, alertId: null, parent: null },
    })
    return [analysis.id, (NOW - pack.until) / MINUTE]
  }
  const answers = await Promise.all([NOW, NOW + MINUTE / 2, NOW - MINUTE, NOW - 3 * HOUR].map(ask))
  expect(answers).toEqual([
    [1, 0],
    [1, 0],
    [2, 1],
    [3, 180],
  ])
})
