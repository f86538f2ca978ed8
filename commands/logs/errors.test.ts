// Known errors as people and scripts are answered: their list, one of them, and the changes of their state.
import { beforeEach, expect, it } from 'vitest'
import { listAlerts } from '../../src/alerts/alerts.ts'
import { applyResults } from '../../src/alerts/lifecycle.ts'
import { errorKey } from '../../src/detectors/logs/error-finding.ts'
import { fingerprints } from '../../src/state/schema/index.ts'
import { aFinding } from '../../src/testing/alerts.ts'
import { type CommandRunner, createCommandRunner } from '../../src/testing/command-runner.ts'
import { HOUR, MINUTE } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let app: CommandRunner
beforeEach(async () => {
  app = createCommandRunner()
  await app.run('projects add shop')
})

const has = (fingerprint: string, changes: object = {}) => {
  const sample = { id: '1', message: 'It broke', host: 'web-1', at: NOW - MINUTE }
  const row = {
    projectId: 1,
    fingerprint,
    source: 'api',
    state: 'open',
    why: 'it is new',
    count: 2,
    recent: [],
    samples: [sample],
  }
  return app.state.db
    .insert(fingerprints)
    .values({ ...row, firstSeenAt: NOW - HOUR, lastSeenAt: NOW - MINUTE, ...changes } as never)
    .returning()
    .get()
}
const list = async (words = '') =>
  (await app.result<{ errors: { fingerprint: string }[] }>(`errors list ${words}`)).errors.map(
    ({ fingerprint }) => fingerprint,
  )

it('the list has the latest first, of a project and a state, and more on request', async () => {
  expect(await app.text('errors list')).toBe('(plain) No errors\nNo line of level error or fatal was received yet.')
  has('v1:a', { lastSeenAt: NOW })
  has('v1:b', { state: 'muted', source: '', samples: [] })
  has('v1:c', { projectId: 2, lastSeenAt: NOW - HOUR })
  expect(await list()).toEqual(['v1:a', 'v1:b', 'v1:c'])
  expect(await list('--state muted')).toEqual(['v1:b'])
  expect(await list('--project shop')).toEqual(['v1:c'])
  expect(await app.text('errors list --state resolved')).toContain(
    'No error is resolved; "errors list" shows all errors.',
  )
  await app.run('projects add other')
  expect(await app.text('errors list --project other')).toContain('There is none in this project;')
  const { card } = await app.run('errors list --limit 2')
  expect(card.page).toEqual({ next: { label: 'More', line: 'errors list --limit=6' } })
  expect((await app.run('errors list --limit 3')).card.page).toBeUndefined()
  expect((await app.run('errors list --project default --state open --limit 1')).card.page).toBeUndefined()
  has('v1:d')
  expect((await app.run('errors list --project default --state open --limit 1')).card.page!.next!.line).toBe(
    'errors list --project=default --state=open --limit=3',
  )
  expect(card.rows![0]).toMatchObject({ name: 'v1:a', action: { line: 'errors show v1:a --project default' } })
  expect(card.rows![0]!.more).toEqual([
    { label: 'Logs', line: 'logs search "fingerprint:\\"v1:a\\" last:1d" --project default' },
  ])
  const text = await app.text('errors list')
  expect(text).toContain('api: It broke · 2 times, last now · v1:a\n')
  expect(text).toContain('somewhere:  · 2 times, last 1m ago · muted · v1:b')
})

it('one is shown by the beginning of its fingerprint, where that is enough', async () => {
  has('v1:ab')
  has('v1:abc', { projectId: 2, stateBy: 'Ben', stateAt: NOW - HOUR, state: 'resolved' })
  expect(await app.text('errors show v1:x')).toBe('There is no error "v1:x". "errors list" shows all errors.')
  expect(await app.text('errors show v1:a')).toContain('matches several errors.')
  expect(await app.text('errors show v1:ab')).toMatch(
    /^\(\w+\) api: It broke\nopen · seen 2 times, last 2026-03-02 08:59:00 UTC, first 2026-03-02 08:00:00 UTC\.\nIt is new\n/,
  )
  const other = await app.text('errors show v1:a --project shop')
  expect(other).toContain('resolved by Ben, 1h ago · seen 2 times')
  expect(other).toContain('[Reopen: errors reopen v1:abc --project shop]')
  expect(await app.result('errors show v1:abc')).toMatchObject({
    error: {
      project: 'shop',
      state_by: 'Ben',
      count: 2,
      samples: [{ id: '1', host: 'web-1', at: '2026-03-02T08:59:00.000Z' }],
    },
  })
})

it.each<[string, string, string | null, string]>([
  ['resolve', 'open', 'resolved', 'Reopen'],
  ['resolve', 'resolved', null, 'The error v1:a is already resolved.'],
  ['resolve', 'muted', 'resolved', 'Reopen'],
  ['mute', 'open', 'muted', 'Unmute'],
  ['unmute', 'muted', 'open', 'Resolve'],
  ['unmute', 'resolved', null, 'The error v1:a is not muted, but resolved.'],
  ['reopen', 'resolved', 'open', 'Mute'],
  ['reopen', 'muted', 'open', 'Mute'],
  ['reopen', 'open', null, 'The error v1:a is already open.'],
])('"%s" of one that is %s makes it %s', async (verb, before, after, shown) => {
  const error = has('v1:a', { state: before })
  applyResults(app.state, [{ kind: 'firing', finding: aFinding(errorKey(error), NOW) }], NOW)
  expect(await app.text(`errors ${verb} v1:a`)).toContain(shown)
  expect(await app.result('errors show v1:a')).toMatchObject({
    error: { state: after ?? before, state_by: after === null ? null : 'Ann' },
  })
  const isEnded = after === 'resolved' || after === 'muted'
  expect(listAlerts(app.state, { open: true, limit: 9 })).toHaveLength(isEnded ? 0 : 1)
})

it('the buttons of an error that two projects have are about the one that is shown', async () => {
  has('v1:both')
  has('v1:both', { projectId: 2 })
  expect(await app.text('errors mute v1:both')).toContain('matches several errors.')
  const { card } = await app.run('errors show v1:both --project shop')
  await app.run(card.buttons!.find(({ label }) => label === 'Mute')!.line)
  expect(await list('--state muted --project shop')).toEqual(['v1:both'])
  expect(await list('--state open')).toEqual(['v1:both'])
  for (const { action } of (await app.run('errors list')).card.rows!) await app.run(action!.line)
})
