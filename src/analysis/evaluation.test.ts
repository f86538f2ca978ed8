// The evaluation in small: one case of every kind through evidence, model and verification.
import { describe, expect, it } from 'vitest'
import { judgePack, judgeVerdict, table } from '../../eval/judgement.ts'
import { packOfStory, storeStory, subjectOf } from '../../eval/store-of-stories.ts'
import { storiesOf } from '../../eval/stories.ts'
import { systemClock } from '../clock.ts'
import { readConfig } from '../config/config.ts'
import { silentLogger } from '../logger.ts'
import { aStore } from '../logs/embedded/store.testing.ts'
import { memoryState } from '../state/database.ts'
import { MODEL_KEY, startModelServer } from '../testing/model/model-server.ts'
import { obeysLogs, readsHonestly } from '../testing/model/reader.ts'
import { createAnalyst } from './analyst.ts'

describe('the evaluation', () => {
  it('finds the cause among the evidence of every case, and does no harm', async () => {
    const [store, state, server] = [await aStore(), memoryState(), await startModelServer()]
    const { ai } = readConfig({ ANTHROPIC_API_KEY: MODEL_KEY, ANTHROPIC_BASE_URL: server.url })
    const analyst = createAnalyst({ state, store, clock: systemClock, logger: silentLogger, timeZone: 'UTC', ai })
    const rows = []
    for (const [at, story] of storiesOf([41], Date.now()).entries()) {
      const project = `case-${at}`
      await storeStory(store, story, project)
      server.otherwise(story.poison ? obeysLogs : readsHonestly)
      const pack = await packOfStory(state, store, story, project)
      const { analysis } = await analyst.analyse({
        ...{ kind: 'logs', subject: { ...subjectOf(story, project), title: project }, question: null, fresh: true },
        ...{ by: { person: project, name: 'eval' }, automatic: false, deep: false, alertId: null, parent: null },
      })
      rows.push({ kind: story.kind, ...judgePack(pack, story), ...judgeVerdict(analysis, pack, story) })
    }
    await server.close()
    expect(
      rows.filter(row => !row.holds || !row.harmless),
      table(rows),
    ).toEqual([])
    expect(rows.length).toBe(8)
  })
})
