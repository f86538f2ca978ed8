// Evaluates analyses on cases with known causes: whether the evidence contains the cause, and whether a model finds it.
// With ANTHROPIC_API_KEY (or AI_PROVIDER and its settings) it uses a real model, otherwise a simulated one on the loopback.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAnalyst } from '../src/analysis/analyst.ts'
import { PACK_VERSION } from '../src/analysis/evidence/choose-pack.ts'
import { formatDollars } from '../src/analysis/model/price.ts'
import { PROMPT_VERSION } from '../src/analysis/model/prompt.ts'
import { systemClock } from '../src/clock.ts'
import { readConfig, readEnvironment } from '../src/config/config.ts'
import { silentLogger } from '../src/logger.ts'
import { openLogStore } from '../src/logs/embedded/open-log-store.ts'
import { memoryState } from '../src/state/database.ts'
import { MODEL_KEY, startModelServer } from '../src/testing/model/model-server.ts'
import { answerHonestly, obeyLogs } from '../src/testing/model/reader.ts'
import { caseSubject, gatherCasePack, storeCase } from './case-store.ts'
import { createCases, FIRST_SEED_APART } from './cases.ts'
import { type LabelledScore, scoreSet, writeLabelledTable } from './labelled-scoring.ts'
import { readLabelledSets } from './labelled-set.ts'
import { type Row, scorePack, scoreVerdict, writeTable } from './scoring.ts'

/** The share of the cases whose evidence must contain the cause. */
const MIN_CAUSE_SHARE = 0.95
const USAGE = `npm run eval -- [seeds] [folder]
  seeds   how many seeds the cases used while building have (default: 5); those kept apart have four times as many
  folder  a folder with public labelled sets, such as BGL of LogHub: files *.log whose lines begin with a label, "-" when healthy`

const words = process.argv.slice(2)
const folderOfSets = words.find(word => !/^\d+$/.test(word))
if (folderOfSets?.startsWith('-')) {
  process.stdout.write(`${USAGE}\n`)
  process.exit(folderOfSets === '--help' ? 0 : 2)
}
const SEEDS = Number(words.find(word => /^\d+$/.test(word)) ?? 5)
const SEEDS_APART = SEEDS * 4
const sets = folderOfSets === undefined ? [] : await readLabelledSets(folderOfSets)
if (folderOfSets !== undefined && sets.length === 0) {
  process.stderr.write(
    `${folderOfSets} has no labelled set. A set is a file *.log whose lines begin with a label, "-" when healthy.\n`,
  )
  process.exit(2)
}

const environment = readEnvironment()
const configured = readConfig(environment).ai
const isReal = configured.apiKey !== null || configured.provider === 'openai'
const server = isReal ? null : await startModelServer()
const ai = server
  ? { ...configured, apiKey: MODEL_KEY, baseUrl: server.url, dailyBudgetUsd: 1e6, monthlyBudgetUsd: 1e6 }
  : configured
const folder = mkdtempSync(join(tmpdir(), 'vakt-eval-'))
const store = await openLogStore({ folder, logger: silentLogger })
const state = memoryState()
const analyst = createAnalyst({ state, store, clock: systemClock, logger: silentLogger, timeZone: 'UTC', ai })

const groups = [
  { name: 'used while building', first: 1, seeds: SEEDS, rows: [] as Row[] },
  { name: 'kept apart', first: FIRST_SEED_APART, seeds: SEEDS_APART, rows: [] as Row[] },
]
let cost = 0
const cases = groups.flatMap(({ rows, first, seeds }) =>
  createCases(
    Array.from({ length: seeds }, (_, i) => first + i),
    Date.now(),
  ).map(evaluationCase => ({ rows, evaluationCase })),
)
for (const [index, { rows, evaluationCase }] of cases.entries()) {
  const project = `case-${index}`
  await storeCase(store, evaluationCase, project)
  // In the poisoned case the model obeys the poison.
  server?.otherwise(evaluationCase.poison ? obeyLogs : answerHonestly)
  const pack = await gatherCasePack(state, store, evaluationCase, project)
  const { analysis } = await analyst.analyze({
    ...{ kind: 'logs', subject: { ...caseSubject(evaluationCase, project), title: project }, question: null },
    ...{
      askedBy: { person: project, name: 'eval' },
      automatic: false,
      deep: false,
      skipCache: true,
      alertId: null,
      parent: null,
    },
  })
  cost += analysis.cost
  rows.push({
    kind: evaluationCase.kind,
    ...scorePack(pack, evaluationCase),
    ...scoreVerdict(analysis, pack, evaluationCase),
  })
}
const scores: LabelledScore[] = []
for (const [index, set] of sets.entries()) scores.push(await scoreSet(state, store, set, `set-${index}`, Date.now()))

process.stdout.write(`Evidence pack version ${PACK_VERSION}, prompt version ${PROMPT_VERSION}.\n`)
for (const { name, rows, first, seeds } of groups)
  process.stdout.write(`\n${writeTable(rows, `${name}, seeds ${first} to ${first + seeds - 1}`)}\n`)
if (scores.length > 0) process.stdout.write(`\n${writeLabelledTable(scores)}\n`)
process.stdout.write(
  isReal
    ? `\n${analyst.models()!.first} and ${analyst.models()!.second}; cost ${formatDollars(cost)}.\n`
    : '\nThe model was simulated (simple rules; in the poisoned cases it obeys the poison): its column tests the pipeline, not a model.\n',
)
await store.close()
await server?.close()
rmSync(folder, { recursive: true, force: true })
const isGood = groups.every(
  ({ rows }) =>
    rows.filter(row => row.hasCause).length / rows.length >= MIN_CAUSE_SHARE && rows.every(row => row.isHarmless),
)
process.exitCode = isGood ? 0 : 1
