// Analyzers as people and scripts are answered: who may register one, and how their last runs ended.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listAnalyzers, recordRunEnd, recordRunStart } from '../../src/notifications/analyzers/analyzers.ts'
import { storeAlert } from '../../src/testing/alerts.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { HOUR, MINUTE, SECOND } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-analyzer-'))
  file = join(folder, 'disks')
  writeFileSync(file, '#!/bin/sh\n')
  chmodSync(file, 0o755)
})
afterAll(() => rmSync(folder, { recursive: true }))

const TERMINAL = { by: { platform: 'terminal', id: '1', name: 'Ann', role: 'admin' } }

it.each<[object, boolean]>([
  [{ platform: 'terminal' }, true],
  [{ platform: 'discord', address: '127.0.0.1' }, false],
  [{ platform: 'api', address: '127.0.0.1' }, true],
  [{ platform: 'api', address: '127.1.2.3' }, true],
  [{ platform: 'api', address: '::1' }, true],
  [{ platform: 'api', address: '::ffff:127.0.0.1' }, true],
  [{ platform: 'api', address: '192.0.2.1' }, false],
  [{ platform: 'api', address: '1127.0.0.1' }, false],
  [{ platform: 'api' }, false],
  [{ platform: 'api', address: '127.0.0.1', keyId: 'k_1' }, false],
])('is registered by %j: %s', async (by, isAllowed) => {
  const { text } = createCommandRunner({ by: { id: '1', name: 'Ann', role: 'admin', ...by } })
  expect(await text(`analyzers add disks --file ${file}`)).toContain(
    isAllowed ? 'The analyzer disks is registered' : 'it is registered there: npx vakt analyzers add …',
  )
})

it('a new one runs for all alerts for 30 s, or as it says', async () => {
  const { run, text, result, state } = createCommandRunner(TERMINAL)
  const { card } = await run(`analyzers add disks --file ${file}`)
  expect(card).toMatchObject({
    tone: 'good',
    lines: [{}, 'It runs when an alert has notified people. "analyzers run disks --alert 42" tries it.'],
  })
  expect(await text('analyzers list')).toBe(
    `(plain) 1 analyzer\ndisks: ${file} for all alerts, at most 30s, by Ann; has not run yet`,
  )
  const more = await run(`analyzers add more --file ${file} --matcher "nothing:x" --timeout 6m --project default`)
  expect(more.result).toMatchObject({
    analyzer: { name: 'more', matcher: 'nothing:x', project: 'default', timeout_ms: 5 * MINUTE, last_run: null },
  })
  expect((more.result as { warnings: unknown[] }).warnings).toHaveLength(more.card.lines!.length - 2)
  await run(`analyzers add third --file ${file} --timeout 5s`)
  expect(listAnalyzers(state).map(({ timeout, projectId }) => [timeout, projectId])).toEqual([
    [30 * SECOND, null],
    [5 * MINUTE, 1],
    [5 * SECOND, null],
  ])
  expect(await text('analyzers list')).toContain(
    `more: ${file} for alerts that match nothing:x of default, at most 5m, by Ann`,
  )
  expect(await result('analyzers list')).toMatchObject({ analyzers: [{ matcher: null, project: null }, {}, {}] })
  expect(await text(`analyzers add bad --file ${file} --matcher "severity>="`)).toContain('severity')
  expect(await text('analyzers add bad --file disks')).toContain('whole path')
})

it('a list says how the last run of each ended', async () => {
  const { run, text, result, state } = createCommandRunner(TERMINAL)
  expect(await text('analyzers list')).toMatch(/^\(plain\) No analyzers\nAn analyzer is an executable/)
  await run(`analyzers add disks --file ${file}`)
  const { id } = storeAlert(state)
  recordRunStart(state, 1, id, NOW - HOUR)
  expect(await text('analyzers list')).toMatch(/; last run for alert 1 1h ago, running$/)
  recordRunEnd(state, 1, id, { failure: null, analysisId: null }, NOW)
  expect(await text('analyzers list')).toMatch(/; last run for alert 1 1h ago, answered$/)
  recordRunEnd(state, 1, id, { failure: 'It broke.', analysisId: null }, NOW)
  expect(await text('analyzers list')).toMatch(/, no answer: It broke\.$/)
  expect(await result('analyzers list')).toMatchObject({
    analyzers: [
      { last_run: { alert: 1, started_at: '2026-03-02T08:00:00.000Z', failure: 'It broke.', analysis: null } },
    ],
  })
})

it('a run shows the answer, or why there is none', async () => {
  const asked: unknown[] = []
  const answers: object[] = [
    {
      card: { title: 'The disk is full', tone: 'info' },
      analysis: { id: 3, headline: 'x', outcome: 'answered', kind: 'y' },
    },
    { failure: 'It broke.' },
  ]
  const analyzers = {
    async run({ name }: { name: string }, ...rest: unknown[]) {
      asked.push([name, ...rest])
      return answers.shift()
    },
  }
  const { run, text } = createCommandRunner({ ...TERMINAL, analyzers })
  await run(`analyzers add disks --file ${file}`)
  expect(await run('analyzers run disks --alert 42')).toEqual({
    card: { title: 'The disk is full', tone: 'info' },
    result: { analysis: { id: 3, headline: 'x', outcome: 'answered' } },
  })
  expect(await text('analyzers run disks --alert 42')).toBe('The analyzer disks gave no answer. It broke.')
  expect(asked).toEqual([
    ['disks', 42, 'Ann'],
    ['disks', 42, 'Ann'],
  ])
})

it('a removal asks a person first', async () => {
  const { run, text, state } = createCommandRunner(TERMINAL)
  await run(`analyzers add disks --file ${file}`)
  expect(await text('analyzers remove disks', { interactive: true })).toContain(
    `Remove the analyzer disks?\ndisks: ${file}`,
  )
  expect(listAnalyzers(state)).toHaveLength(1)
  expect(await text('analyzers remove disks --yes', { interactive: true })).toBe(
    '(muted) The analyzer disks is removed\nThe file stays where it is.',
  )
  expect(listAnalyzers(state)).toEqual([])
})
