// Questions of analyses, and their history, over an analyst that answers without a model.
import { beforeEach, expect, it } from 'vitest'
import { type Analysis, saveAnalysis } from '../../src/analysis/analyses.ts'
import type { AnalysisQuestion } from '../../src/analysis/analyst.ts'
import type { Pack } from '../../src/analysis/evidence/pack.ts'
import type { Verdict } from '../../src/analysis/model/verdict.ts'
import { addProject } from '../../src/projects/projects.ts'
import { eq } from '../../src/state/orm.ts'
import { channels, notifications } from '../../src/state/schema/index.ts'
import { storeAlert } from '../../src/testing/alerts.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { createMemoryChannel } from '../../src/testing/memory-channel.ts'
import { HOUR, MINUTE } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

const PACK: Pack = {
  ...{ subject: 'the logs', where: null, from: NOW - HOUR, until: NOW, comparedFrom: NOW - 2 * HOUR },
  ...{ patterns: [], lines: [], timeline: [], measurements: [] },
  coverage: { lines: 0, atLeast: false, linesRead: 0, linesShown: 0, linesBefore: 0, patterns: 0, patternsShown: 0 },
}
const VERDICT: Verdict = {
  ...{
    status: 'likely',
    headline: 'The pool is small',
    cause: null,
    findings: [],
    ruledOut: [],
    nextSteps: [],
    missing: [],
  },
  ...{ suspicious: [], unmentioned: [], citations: { verified: 0, given: 0 } },
} as never
const ANALYSIS: Analysis = {
  ...{ id: 7, at: NOW, kind: 'logs', subject: 'the logs, 1h', question: null, askedBy: 'Ann', automatic: false },
  ...{ outcome: 'likely', headline: 'The pool is small', model: 'small', cost: 1_000_000, digest: 'x', parentId: null },
  ...{ alertId: null, projectId: null, noModelReason: null, verdict: VERDICT, pack: PACK },
} as never

let asked: AnalysisQuestion[]
let models: { first: string; second: string } | null
let analysis: Analysis
beforeEach(() => {
  asked = []
  models = { first: 'small', second: 'large' }
  analysis = ANALYSIS
})

function begin(given: object = {}) {
  return createCommandRunner({
    analyst: {
      async analyze(question: AnalysisQuestion) {
        asked.push(question)
        return { analysis, pack: PACK, cachedAt: null }
      },
      preview: async () => ({ text: 'x'.repeat(1500), pack: PACK, concealed: {} }),
      models: () => models,
    },
    ...given,
  })
}
type Runner = ReturnType<typeof begin>
const save = ({ state }: Runner, changes: Partial<Analysis> = {}) =>
  saveAnalysis(state, { ...ANALYSIS, id: undefined, ...changes } as never)

it('a question is about the last hour of all logs, without a question of its own', async () => {
  await begin().run('analyze logs')
  expect(asked).toEqual([
    {
      ...{ kind: 'logs', question: null, automatic: false, deep: false, skipCache: false, alertId: null, parent: null },
      askedBy: { person: 'discord:1', name: 'Ann' },
      subject: { title: 'the logs, 1h', where: null, from: NOW - HOUR, until: NOW + 1, projectId: null },
    },
  ])
})

it('a question names its words, its time and its project, and hides secrets', async () => {
  const { run, text } = begin()
  await run(
    'analyze logs source:api --last 2h --project default --deep --fresh --question "  password=hunter2hunter2?  "',
  )
  expect(asked[0]).toMatchObject({
    ...{ deep: true, skipCache: true, question: expect.stringMatching(/^password=\[hidden/) },
    subject: { title: 'logs of source:api, 2h', from: NOW - 2 * HOUR, projectId: 1, where: { kind: 'and' } },
  })
  await run('analyze logs --question "  "')
  expect(asked[1]!.question).toBe(null)
  await run('analyze logs "until:2026-03-02T08:00:00Z"')
  expect(asked[2]!.subject.until - asked[2]!.subject.from).toBeLessThanOrEqual(HOUR)
  expect(await text('analyze logs --last 1h "until:2026-03-02T08:00:00Z"')).toContain('The period is empty.')
})

it.each([
  ['host web-1', { kind: 'field', field: 'host', value: 'web-1' }, 'host web-1, 1h'],
  ['host "web-*"', { kind: 'field', field: 'host', value: 'web-' }, 'host web-*, 1h'],
  [
    'container api',
    {
      kind: 'or',
      parts: [
        { kind: 'field', field: 'source', value: 'api' },
        { kind: 'attribute', path: 'container', comparison: '=', value: 'api' },
      ],
    },
    'container api, 1h',
  ],
])('a question about the %s is about its lines', async (words, where, title) => {
  const { run } = begin()
  await run(`analyze ${words}`)
  expect(asked[0]).toMatchObject({ subject: { title, where, preferredOrigins: [title.split(/[ ,]/)[1]] } })
  await run(`analyze ${words} --project default`)
  expect(asked[1]!.subject).toMatchObject({
    where: { kind: 'and', parts: [{ kind: 'field', field: 'project' }, where] },
  })
})

it('the stronger model is offered where there is another than the one that answered', async () => {
  const { run } = begin()
  const deeper = async (line: string) =>
    (await run(line)).card.buttons?.map(button => button.line).find(one => one.endsWith('--deep'))
  expect(await deeper('analyze logs source:api --last 2h')).toBe(
    'analyze logs --query=source:api --last 7200000ms --deep',
  )
  expect(await deeper('analyze logs --question "why so?"')).toBe('analyze logs --question="why so?" --deep')
  expect(await deeper('analyze host web-1')).toBe('analyze host web-1 --deep')
  expect(await deeper('analyze container api --project default')).toBe('analyze container api --project default --deep')
  analysis = { ...ANALYSIS, model: 'large' }
  expect(await deeper('analyze logs')).toBeUndefined()
  analysis = ANALYSIS
  for (models of [{ first: 'small', second: 'small' }, null]) expect(await deeper('analyze logs')).toBeUndefined()
})

it('a question about an alert is answered under its card where there is one, otherwise at once', async () => {
  const channel = createMemoryChannel('discord', () => NOW)
  const places: Record<string, unknown>[] = []
  let isRefused = false
  const threads = {
    async answer(place: Record<string, unknown>, title: string, work: (onProgress: () => void) => Promise<unknown>) {
      if (isRefused) throw new Error('the channel is gone')
      places.push({ ...place, title })
      await work(() => {})
    },
  }
  const runner = begin({
    threads,
    parts: { channelOf: () => channel, channel: (id: string) => (id === 'discord:9' ? channel : undefined) },
  })
  const { run, state } = runner
  const { id } = storeAlert(state, { since: NOW - MINUTE, firedAt: NOW - MINUTE, projectId: 1 })
  const answer = async (line: string, also = {}) => (await run(line, also)).result
  expect(await answer(`analyze alert ${id}`)).toMatchObject({ analysis: { id: 7 } })
  expect(asked[0]).toMatchObject({ kind: 'alert', alertId: id, subject: { projectId: 1 } })
  const posted = (channelId: string, ref: string | null) => {
    state.db.insert(channels).values({ id: channelId, name: channelId, addedAt: 0 }).run()
    state.db.insert(notifications).values({ alertId: id, channelId, ref }).run()
  }
  // A card in another chat, or one that is not sent yet, is not one for this person.
  posted('slack:1', 's1')
  posted('discord', null)
  expect(await answer(`analyze alert ${id}`)).toMatchObject({ analysis: { id: 7 } })
  posted('discord:9', 'm9')
  const underWay = { alert: id, under_way: true }
  expect(await answer(`analyze alert ${id}`)).toEqual(underWay)
  expect(places[0]).toEqual({
    ...{ channel, ref: 'm9', key: '[null,false]', title: `Analysis of alert ${id}` },
    retryLine: `analyze alert ${id}`,
  })
  state.db.update(notifications).set({ ref: 'm1' }).where(eq(notifications.channelId, 'discord')).run()
  const place = { channel: 'discord:9', ref: 'm5' }
  expect(await answer(`analyze alert ${id} --question "why so?" --deep`)).toEqual(underWay)
  expect(places[1]).toMatchObject({
    ...{ ref: 'm1', key: '["why so?",true]', retryLine: `analyze alert ${id} --question="why so?"` },
  })
  expect(await answer(`analyze alert ${id}`, { place })).toEqual(underWay)
  expect(places[2]).toMatchObject({ ref: 'm5' })
  // A follow-up in the thread of an alert is answered there.
  save(runner, { alertId: id })
  expect(await answer('analyze ask "and now?"', { place })).toEqual(underWay)
  expect(places[3]).toMatchObject({ ref: 'm5', retryLine: 'analyze ask --analysis 1 --question="and now?"' })
  expect(await answer('analyze ask "and now?"')).toMatchObject({ analysis: { id: 7 } })
  isRefused = true
  expect(await answer(`analyze alert ${id}`)).toMatchObject({ analysis: { id: 7 } })
  isRefused = false
  Object.assign(channel, { capabilities: { ...channel.capabilities, edits: false } })
  expect(await answer(`analyze alert ${id}`)).toMatchObject({ analysis: { id: 7 } })
  expect(places).toHaveLength(4)
})

it('a follow-up is about the same evidence, and has limits', async () => {
  const runner = begin()
  const { run, text } = runner
  expect(await text('analyze ask why')).toContain('There is no analysis yet.')
  save(runner, { askedBy: 'Ben', pack: null })
  expect(await text('analyze ask why')).toContain('The evidence of analysis 1 was deleted after a day.')
  save(runner, { projectId: 1, alertId: null })
  save(runner, { askedBy: 'Ben' })
  await run('analyze ask "why so?"')
  expect(asked[0]).toMatchObject({
    ...{ kind: 'question', question: 'why so?', parent: { id: 2 }, alertId: null, deep: false },
    subject: { title: 'the logs, 1h', where: null, from: NOW - HOUR, until: NOW, projectId: 1 },
  })
  const { card } = await run('analyze ask --analysis 3 "why so?"')
  expect(asked[1]).toMatchObject({ parent: { id: 3 } })
  expect(card.buttons!.map(button => button.line)).toContain('analyze ask --analysis 3 --question="why so?" --deep')
  models = null
  expect(await text('analyze ask why')).toContain('cannot answer a question without an AI model')
  models = { first: 'small', second: 'large' }
  for (let i = 0; i < 10; i++) save(runner, { parentId: 3, askedBy: 'Ben' })
  expect(await text('analyze ask --analysis 3 why')).toContain('Analysis 3 has 10 follow-up questions, the limit.')
  let last = 2
  for (let i = 0; i < 9; i++) last = save(runner, { parentId: last, askedBy: 'Ben' }).id
  expect(await text(`analyze ask --analysis ${last} why`)).not.toContain('the limit')
  last = save(runner, { parentId: last }).id
  expect(await text(`analyze ask --analysis ${last} why`)).toContain('the limit')
})

it('a preview shows what would be sent, and what is concealed', async () => {
  const { run, text, state } = begin()
  const short = await run('analyze preview')
  expect(short.card).toMatchObject({
    title: 'Preview of the analysis of the logs, 1h',
    code: { text: 'x'.repeat(1500) },
  })
  expect(short.card.lines![0]).toContain(
    'It would be sent to small, and to large if the answer is inconclusive. The model',
  )
  expect(short.card.lines![1]).toBe('It contains nothing to conceal.')
  expect(short.card.file).toBeUndefined()
  models = { first: 'small', second: 'small' }
  const preview = async () => ({ text: 'x'.repeat(1501), pack: PACK, concealed: { email: 2, ip: 1 } })
  const long = await run('analyze preview', { analyst: { preview, models: () => models } })
  expect(long.card.file).toMatchObject({ name: expect.stringMatching(/\.txt$/), content: { length: 1501 } })
  expect(long.card.code).toBeUndefined()
  expect(long.card.lines).toEqual([
    expect.stringContaining('It would be sent to small. The model'),
    'Concealed: email (2), ip (1).',
  ])
  models = null
  expect((await run('analyze preview')).card.lines![0]).toBe('No AI model is configured, so nothing would be sent.')
  addProject(state, 'shop', NOW)
  const { id } = storeAlert(state, { projectId: 1, title: 'x' })
  expect((await run(`analyze preview --alert ${id} --project default`)).card.title).toContain(`alert ${id}: x`)
  expect(await text(`analyze preview --alert ${id} --project shop`)).toBe(`There is no alert ${id} in project "shop".`)
  expect(await text('analyze preview --alert 99')).toContain('There is no alert 99.')
})

it('automatic analysis is turned on and off for a project', async () => {
  const { text, result, state } = begin()
  addProject(state, 'shop', NOW)
  expect(await text('analyze auto on')).toBe('(good) Automatic analysis is on for critical alerts of default')
  expect(await result('analyze auto on --project shop')).toEqual({ projects: ['default', 'shop'] })
  expect(await text('analyze auto off --project shop')).toBe('(good) Automatic analysis is off for shop')
  expect(await result('analyze auto off')).toEqual({ projects: [] })
})

it('the history has pages, and is narrowed by words, alert and project', async () => {
  const runner = begin()
  const { run, text, state } = runner
  expect(await text('analyze history')).toContain('(plain) No analyses\n"analyze logs" analyzes the last hour')
  storeAlert(state)
  for (let i = 1; i <= 11; i++)
    save(runner, {
      at: NOW - i * MINUTE,
      ...(i === 3 ? { question: `why ${'x'.repeat(90)}`, alertId: 1, projectId: 1 } : {}),
    })
  const first = await run('analyze history')
  expect(first.card).toMatchObject({
    title: 'Analyses, newest first',
    lines: { length: 10 },
    buttons: [
      ...[11, 10, 9, 8].map(id => ({ label: `Show ${id}`, line: `analyze history --show ${id}` })),
      { label: 'Older', line: 'analyze history --before 2' },
    ],
  })
  expect(first.card.lines![0]).toEqual([
    { bold: '11' },
    ' · The pool is small · the logs, 1h · Ann · ',
    { time: NOW - 11 * MINUTE, style: 'relative' },
  ])
  expect(first.result).toMatchObject({
    next_before: 2,
    spent_usd: { day: 0, month: 0 },
    analyses: [{ id: 11, asked_by: 'Ann' }, ...Array(9).fill({})],
  })
  expect((await run('analyze history --limit 11')).result).toMatchObject({ next_before: null })
  expect((await run('analyze history --before 2')).card.buttons).toEqual([
    { label: 'Show 1', line: 'analyze history --show 1' },
  ])
  for (const words of ['why', '--alert 1', '--project default', 'why --alert 1 --project default'])
    expect((await run(`analyze history ${words}`)).result).toMatchObject({ analyses: [{ id: 3 }] })
  save(runner, { question: 'why not', alertId: 1, projectId: 1 })
  expect((await run('analyze history "why not" --alert 1 --project default --limit 1')).result).toMatchObject({
    next_before: null,
  })
  expect((await run('analyze history why --alert 1 --project default --limit 1')).card.buttons!.at(-1)).toEqual({
    label: 'Older',
    line: 'analyze history why --alert 1 --project default --before 12',
  })
  expect(await text('analyze history "why x"')).toMatch(/3 · The pool is small · the logs, 1h · “why x+…” · Ann/)
})

it('one analysis is shown again, with its evidence while that is kept', async () => {
  const runner = begin()
  const { run, text, state } = runner
  addProject(state, 'shop', NOW)
  save(runner, { projectId: 1 })
  save(runner, { pack: null })
  expect(await text('analyze history --show 1')).toContain('(info) Likely cause: The pool is small — the logs, 1h')
  expect(await text('analyze history --show 1 --project default')).toContain('The pool is small')
  expect(await text('analyze history --show 1 --project shop')).toBe('There is no analysis 1 in project "shop".')
  const evidence = await run('analyze history --show 1 --evidence')
  expect(evidence.card.title).not.toContain('Likely cause')
  expect(evidence.result).toMatchObject({
    analysis: { id: 1, cost_usd: 1, window: { from: '2026-03-02T08:00:00.000Z' }, same_as: null },
  })
  expect(await text('analyze history --show 2')).toContain('Its evidence was deleted after a day.')
  expect((await run('analyze history --show 2')).result).toMatchObject({
    analysis: { window: null, coverage: null, lines: [], patterns: [] },
  })
  expect(await text('analyze history --show 2 --evidence')).toBe(
    'The evidence of analysis 2 was deleted after a day. Analyze again.',
  )
})
