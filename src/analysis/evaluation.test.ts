// A small evaluation: one case of every kind through evidence, model and verification.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { caseSubject, gatherCasePack, storeCase } from '../../eval/case-store.ts'
import { createCases } from '../../eval/cases.ts'
import { scoreSet } from '../../eval/labelled-scoring.ts'
import { readLabelledSets } from '../../eval/labelled-set.ts'
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

  it('scores a labelled set: the second half of its lines against the first', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vakt-set-'))
    const at = (line: number) => new Date(Date.parse('2026-01-02T03:00:00Z') + line * 60_000).toISOString()
    const healthy = (line: number) => `- ${at(line)} INFO served request ${line} in ${line % 7} ms`
    const lines = [
      ...Array.from({ length: 40 }, (_, line) => healthy(line)),
      `- ${at(40)} ERROR cache miss storm on shard four`,
      ...Array.from({ length: 20 }, (_, line) => healthy(41 + line)),
      `RAM ${at(61)} FATAL uncorrectable memory fault in bank alpha`,
      `LINK ${at(62)} ERROR link to the neighbour was severed`,
      ...Array.from({ length: 10 }, (_, line) => healthy(63 + line)),
    ]
    writeFileSync(join(folder, 'machine.log'), lines.join('\n'))
    writeFileSync(join(folder, 'plain.log'), 'no labels here\nnor here\n')
    const [sets, store] = [await readLabelledSets(folder), await aStore()]
    expect(sets.map(({ name }) => name)).toEqual(['machine.log'])
    const score = await scoreSet(memoryState(), store, sets[0]!, 'set', Date.now())
    expect(score).toMatchObject({ lines: 73, labelled: 2, inEvidence: 2, inFirstTen: 2 })
    expect([score.ranks, score.healthyBefore]).toEqual([
      [1, 3],
      [0, 1],
    ])
    rmSync(folder, { recursive: true })
  })
})
