// Scenarios that run inside Vakt: what they send, count and find, and what is left of them when they end in any way.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { readingStore } from '../../testing/reading-store.ts'
import { newFolder } from '../../testing/running.ts'

type Run = {
  name: string
  state: string
  faults: string[]
  sent: { lines: number; beats: number }
  verdict: object | null
}

const folder = newFolder()
const OWN = `{name: own, duration: 40s, about: A job that stops., sources: [
  {kind: json, name: shop, rate: 2, levels: {info: 1}}, {kind: kafka, name: orders, rate: 1, levels: {info: 1}},
  {kind: beats, name: sync, every: 5s, grace: 2s, jitter: 0}],
  faults: [{kind: missed-beat, name: no sync, source: sync, at: 12s, for: 15s}]}`

const reading = readingStore()
let app: TestApp

beforeEach(async () => {
  mkdirSync(join(folder.path, 'scenarios'), { recursive: true })
  writeFileSync(join(folder.path, 'scenarios/own.yaml'), OWN)
  writeFileSync(join(folder.path, 'scenarios/broken.yaml'), '{name: broken}')
  writeFileSync(
    join(folder.path, 'scenarios/fast.yaml'),
    OWN.replaceAll('rate: 2', 'rate: 90000').replace('own', 'fast'),
  )
  reading.lines.length = 0
  app = await startApp({ store: reading.store, environment: { DATA_DIR: folder.path } })
})
afterEach(async () => {
  await app.stop()
  folder.remove()
})

const runs = async () => (await app.result<{ runs: Run[] }>('scenarios status')).runs
/** Lets time pass second by second, so that every request is answered before the next is due. */
const plays = async (seconds: number) => {
  for (let i = 0; i < seconds; i++) {
    await app.passes('1s')
    await new Promise(resolve => setImmediate(resolve))
  }
}
const checkStates = async () => {
  const { checks } = await app.result<{ checks: { name: string; status: string }[] }>(
    'checks list --project simulation',
  )
  return checks.map(({ name, status }) => `${name} ${status}`)
}

it('a scenario of the data folder is listed, played and judged by its own faults, and counted in /metrics', async () => {
  const { scenarios } = await app.result<{ scenarios: { name: string; own: boolean; error: string | null }[] }>(
    'scenarios list',
  )
  expect(scenarios).toContainEqual(
    expect.objectContaining({ name: 'own', own: true, error: null, duration_ms: 40_000 }),
  )
  expect(scenarios.find(({ name }) => name === 'broken')!.error).toContain('sources must be a list of sources')
  expect(scenarios.map(({ name }) => name)).toContain('demo')
  await app.result('scenarios start own')
  await plays(20)
  expect(await runs()).toMatchObject([{ name: 'own', state: 'running', faults: ['no sync: no beat of sync for 15s'] }])
  expect(app.titles().at(-1)).toBe('Critical: sync sent no beat')
  await plays(30)
  await plays(70)
  const [run] = await runs()
  expect(run).toMatchObject({
    state: 'ended',
    faults: [],
    verdict: { found: [{ fault: 'no sync' }], missed: [], recall: 1 },
  })
  expect(reading.lines).toHaveLength(run!.sent.lines)
  expect(run!.sent.lines).toBeGreaterThan(100)
  expect(reading.lines.find(({ source }) => source === 'orders')).toMatchObject({
    ...{ level: 'info', message: expect.stringMatching(/^[a-z ]+$/) },
    attributes: { topic: 'orders', partition: expect.any(Number), order: expect.any(Number) },
  })
  expect(await checkStates()).toEqual(['sync paused'])
  const metrics = await (await app.request('/metrics')).text()
  const counted = [...metrics.matchAll(/^vakt_scenario_lines_total\{scenario="own",source="\w+"\} (\d+)/gm)]
  expect(counted.reduce((sum, [, lines]) => sum + Number(lines), 0)).toBe(run!.sent.lines)
  expect(metrics).toMatch(/^vakt_scenario_beats_total\{scenario="own",source="sync",signal="success"\} [5-9]/m)
})

it('one that is stopped pauses its checks at once, and --clean removes them', async () => {
  await app.result('scenarios start own')
  await plays(8)
  expect(await app.result('scenarios stop own')).toMatchObject({ run: { state: 'stopped' } })
  expect(await checkStates()).toEqual(['sync paused'])
  await plays(20)
  expect(app.titles()).toEqual([])
  await app.result('scenarios start own --clean')
  await plays(2)
  await app.result('scenarios stop own')
  expect(await checkStates()).toEqual([])
})

it('one that Vakt died in leaves no check that waits for its beats', async () => {
  await app.result('scenarios start own')
  await plays(8)
  app = await app.restarts('30s', 'killed')
  await plays(20)
  expect(await checkStates()).toEqual(['sync paused'])
  expect(app.titles().filter(title => /sync/.test(title))).toEqual([])
  expect(await runs()).toEqual([])
})

it.each([
  ['scenarios start none', 'There is no scenario "none". Scenarios: burst'],
  ['scenarios start ../own', 'There is no scenario "../own"'],
  ['scenarios start broken', 'sources must be a list of sources'],
  ['scenarios start fast', 'from within Vakt at most 2000 are sent'],
  ['scenarios start own --project nobody', 'There is no project "nobody"'],
  ['scenarios stop own', 'The scenario "own" does not run. None runs.'],
])('%s is refused with a sentence', async (line, sentence) => {
  expect(await app.answerText(line)).toContain(sentence)
})

it('runs once at a time, and starting it takes an admin and a confirmation', async () => {
  await app.result('scenarios start own')
  expect(await app.answerText('scenarios start own')).toContain('runs already')
  expect(await app.answerText('scenarios start demo')).toContain('The scenario own runs in the project simulation')
  await app.result('scenarios stop own')
  const reply = await app.says('scenarios start own --rate 2', { interactive: true })
  expect(reply).toMatchObject({ card: { buttons: [{ label: 'Play it', line: 'scenarios start own --rate 2 --yes' }] } })
  const responder = await app.says('scenarios start own', { admin: false, id: '7', name: 'Rob' })
  expect(responder).toMatchObject({ ok: false, problem: { code: 'forbidden' } })
  expect(await runs()).toMatchObject([{ state: 'stopped' }])
})
