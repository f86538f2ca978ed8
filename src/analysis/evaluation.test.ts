// A small evaluation: one case of every kind through evidence, model and verification.
import { describe, expect, it } from 'vitest'
import { caseSubject, gatherCasePack, storeCase } from '../../eval/case-store.ts'
import { createCases } from '../../eval/cases.ts'
import { scorePack, scoreVerdict, writeTable } from '../../eval/scoring.ts'
import { systemClock } from '../clock.ts'
import { readConfig } from '../config/config.ts'
import { silentLogger } from '../logger.ts'
import { aStore } from '../logs/embedded/store.testing.ts'
import { memoryState } from '../state/database.ts'
import { MODEL_KEY, startModelServer } from '../testing/model/model-server.ts'
import { answerHonestly, obeyLogs } from '../testing/model/reader.ts'
import { createAnalyst } from './analyst.ts'

describe('the evaluation', () => {
  it('finds the cause in the evidence of every case, and stays harmless', async () => {
    const [store, state, server] = [await aStore(), memoryState(), await startModelServer()]
    const { ai } = readConfig({ ANTHROPIC_API_KEY: MODEL_KEY, ANTHROPIC_BASE_URL: server.url })
    const analyst = createAnalyst({ state, store, clock: systemClock, logger: silentLogger, timeZone: 'UTC', ai })
    const rows = []
    for (const [index, evaluationCase] of createCases([41], Date.now()).entries()) {
      const project = `case-${index}`
      await storeCase(store, evaluationCase, project)
      server.otherwise(evaluationCase.poison ? obeyLogs : answerHonestly)
      const pack = await gatherCasePack(state, store, evaluationCase, project)
      const { analysis } = await analyst.analyze({
        ...{
          kind: 'logs',
          subject: { ...caseSubject(evaluationCase, project), title: project },
          question: null,
          skipCache: true,
        },
        ...{ askedBy: { person: project, name: 'eval' }, automatic: false, deep: false, alertId: null, parent: null },
      })
      rows.push({
        kind: evaluationCase.kind,
        ...scorePack(pack, evaluationCase),
        ...scoreVerdict(analysis, pack, evaluationCase),
      })
    }
    await server.close()
    expect(
      rows.filter(row => !row.hasCause || !row.isHarmless),
      writeTable(rows),
    ).toEqual([])
    expect(rows.length).toBe(8)
  })
})
