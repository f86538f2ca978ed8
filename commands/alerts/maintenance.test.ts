// Maintenance as people and scripts are answered: its windows at their edges, and what it suppresses.
import { expect, it } from 'vitest'
import { readAlert } from '../../src/alerts/alerts.ts'
import { storeAlert } from '../../src/testing/alerts.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { HOUR, MINUTE } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

type Shown = {
  maintenance: { state: string; starts_at: string; ends_at: string; duration_ms: number; project: string | null }
}

it.each([
  ['--for 30m', 'on', '09:00', '09:30', 30 * MINUTE],
  ['--to 10:15', 'on', '09:00', '10:15', 75 * MINUTE],
  ['--from 09:00 --for 1h', 'planned', '09:00', '10:00', HOUR],
  ['--from 2026-03-02T09:00:00Z --for 1h', 'on', '09:00', '10:00', HOUR],
  ['--from 10:00 --to 12:00', 'planned', '10:00', '12:00', 2 * HOUR],
  ['--from 2026-03-02T08:00:00Z --for 61m', 'on', '08:00', '09:01', 61 * MINUTE],
  ['--cron "0 9 * * *" --for 1h', 'on', '09:00', '10:00', HOUR],
  ['--cron "0 2 * * *" --tz Europe/Oslo --for 1h', 'planned', '01:00', '02:00', HOUR],
])('one %s is %s', async (words, state, from, to, ms) => {
  const { result } = createCommandRunner()
  const { maintenance } = await result<Shown>(`maintenance add deploy --matcher host:web-1 ${words}`)
  expect([maintenance.state, maintenance.duration_ms]).toEqual([state, ms])
  expect([maintenance.starts_at, maintenance.ends_at].map(at => at.slice(11, 16))).toEqual([from, to])
})

it.each([
  ['', 'Name the length'],
  ['--for 1h --to 17:00', 'Use either --for or --to, not both.'],
  ['--for 1h --cron "0 2 * * *" --from 10:00', 'Use either --cron or --from, not both.'],
  ['--cron "0 2 * * *"', 'With --cron, name the length of each window'],
  ['--cron "0 2 * * *" --for 1h --to 17:00', 'With --cron, name the length of each window'],
  ['--cron "0 2 30 2 *" --for 1h', '0 2 30 2 *'],
  ['--cron "0 * * * *" --for 1h', 'follow each other without a gap'],
  ['--from 2026-03-02T08:00:00Z --for 1h', 'This window is in the past.'],
  ['--for 59s', 'must be a duration from 1m'],
  ['--for 1h --project nothing', 'There is no project'],
])('one %s is refused', async (words, message) => {
  const { text, result } = createCommandRunner()
  expect(await text(`maintenance add deploy --matcher host:web-1 ${words}`)).toContain(message)
  expect(await result('maintenance list')).toEqual({ maintenance: [] })
})

it('the zone is that of the words, else of the project, else of the settings', async () => {
  const { result, run } = createCommandRunner()
  await run('projects edit default --tz Europe/Oslo')
  const zone = async (words: string) =>
    (
      await result<{ maintenance: { time_zone: string } }>(
        `maintenance add m${words.length} --matcher x --for 1h ${words}`,
      )
    ).maintenance.time_zone
  expect(await zone('')).toBe('UTC')
  expect(await zone('--project default')).toBe('Europe/Oslo')
  expect(await zone('--project default --tz Asia/Tokyo')).toBe('Asia/Tokyo')
})

it('is shown while it is planned, active and over, with what can be done', async () => {
  const { run, text, result, clock } = createCommandRunner()
  const check = await run('checks add web --every 1d')
  expect(check.card.title).toContain('web')
  await run('maintenance add later --matcher host:web-1 --from 10:00 --for 1h')
  expect(await text('maintenance show later')).toBe(
    [
      '(muted) Maintenance later: planned',
      'later · host:web-1 · 1h, by Ann · next 2026-03-02 10:00:00 UTC',
      '[Remove: maintenance remove later]',
    ].join('\n'),
  )
  expect(await text('maintenance end later')).toBe('Maintenance "later" has no active window.')
  expect(await text('maintenance add now --matcher check:web --for 1h')).toContain(
    [
      'now · check:web · 1h, by Ann · active until 2026-03-02 10:00:00 UTC',
      '0 open alerts suppressed now.',
      '[End: maintenance end now]',
      '[Remove: maintenance remove now]',
    ].join('\n'),
  )
  expect(await text('maintenance add nightly --matcher check:web --cron "0 2 * * *" --for 1h')).toContain(
    'nightly · check:web · 1h at "0 2 * * *" (UTC), by Ann · next 2026-03-03 02:00:00 UTC\n[Remove',
  )
  expect((await run('maintenance list')).card).toMatchObject({ title: 'Maintenance', lines: [{}, {}, {}] })
  const ended = await text('maintenance end now')
  expect(ended).toContain(
    '(muted) Maintenance now: ended\nThe window has ended: 0 alerts suppressed, 0 still open.\nnow · check:web · 1h, by Ann · ended 2026-03-02 09:00:00 UTC',
  )
  expect(ended).not.toContain('[')
  expect(await result('maintenance show now')).toMatchObject({
    maintenance: { state: 'over', project: null, held: 0, cron: null },
  })
  expect(clock.now()).toBe(NOW)
})

it('a removal asks a person first, unless it is over', async () => {
  const { run, text, result } = createCommandRunner()
  await run('maintenance add deploy --matcher host:web-1 --for 1h --project default')
  const inChat = { interactive: true }
  expect(await text('maintenance remove deploy', inChat)).toContain(
    'Remove maintenance deploy?\ndeploy · host:web-1 · 1h',
  )
  expect(await result('maintenance list --project default')).toMatchObject({
    maintenance: [{ name: 'deploy', project: 'default' }],
  })
  await run('maintenance end deploy')
  expect(await text('maintenance remove deploy', inChat)).toBe('(muted) Maintenance deploy is removed')
  await run('maintenance add other --matcher host:web-1 --for 1h')
  expect(await text('maintenance remove other --yes', inChat)).toBe('(muted) Maintenance other is removed')
  expect(await text('maintenance list')).toContain('(plain) No maintenance\nStart some now: ')
})

it('an open alert that matches is suppressed from the start of a window to its end or removal', async () => {
  const { run, text, state } = createCommandRunner()
  const { id } = storeAlert(state, { labels: { host: 'web-1' }, since: NOW - HOUR, firedAt: NOW - HOUR })
  const isSuppressed = () => readAlert(state, id)!.suppression !== null
  expect(await text('maintenance add deploy --matcher host:web-1 --for 1h')).toContain('1 open alert suppressed now.')
  expect(isSuppressed()).toBe(true)
  expect(await text('maintenance end deploy')).toContain('1 still open.')
  expect(isSuppressed()).toBe(false)
  await run('maintenance add again --matcher host:web-1 --for 1h')
  expect(isSuppressed()).toBe(true)
  await run('maintenance remove again')
  expect(isSuppressed()).toBe(false)
  expect(await text('maintenance add bad --matcher "severity>=" --for 1h')).toContain('severity')
})
