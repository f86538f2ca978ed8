// Maintenance whose windows touch, matchers that match nothing, previews of silences, and titles of the alerts of checks.
import { expect, it } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { DAY, MINUTE } from '../../time.ts'

const titles = (app: TestApp) => app.titles()

it('weekend work in windows that touch is one window, reported once at its end', async () => {
  // A Friday evening.
  const app = await startApp({ start: '2026-03-06T20:00:00Z' })
  await app.result('maintenance add weekend --matcher "check:*" --cron "0 0 * * 6,0" --for 1d')
  const beat = await app.hasCheck('job --every 30d')
  await app.passes('6h')
  expect(await app.answerText('maintenance show weekend')).toContain('active until 2026-03-09 00:00:00')
  await beat('/fail')
  await app.passes('24h')
  expect(titles(app)).toEqual([])
  await app.passes('23h')
  expect(titles(app).filter(title => title.includes('ended'))).toEqual([
    'Maintenance weekend ended: 1 alert suppressed, 1 still open',
  ])
})

it('a time without a date is the next one, in the zone of the project', async () => {
  const app = await startApp({ environment: { TZ: 'Europe/Oslo' } })
  await app.result('projects add shop')
  await app.result('projects edit shop --tz America/New_York')
  type Result = { maintenance: { starts_at: string; ends_at: string; time_zone: string } }
  const window = async (flags: string) => {
    await app.says('maintenance remove work')
    const { maintenance } = await app.result<Result>(`maintenance add work --matcher host:a ${flags}`)
    return [maintenance.starts_at, maintenance.ends_at].map(at => at.slice(0, 16))
  }
  // It is 10:00 in Oslo, and 04:00 in New York.
  expect(await window('--from 22:00 --for 12h')).toEqual(['2026-03-02T21:00', '2026-03-03T09:00'])
  expect(await window('--from "Fri 22:00" --for 4h')).toEqual(['2026-03-06T21:00', '2026-03-07T01:00'])
  expect(await window('--from -1h --for 4h')).toEqual(['2026-03-02T08:00', '2026-03-02T12:00'])
  expect(await window('--to 17:00 --project shop')).toEqual(['2026-03-02T09:00', '2026-03-02T22:00'])
  expect(await window('--from 22:00 --for 4h --project shop')).toEqual(['2026-03-03T03:00', '2026-03-03T07:00'])
  expect(await window('--cron "0 2 * * *" --for 1h --project shop')).toEqual(['2026-03-03T07:00', '2026-03-03T08:00'])
  expect(await window('--to 17:00 --project shop --tz UTC')).toEqual(['2026-03-02T09:00', '2026-03-02T17:00'])
  expect(await app.answerText('maintenance add x --matcher host:a --from noonish --for 1h')).toContain('"Fri 22:00"')

  expect(await app.answerText('quiet-hours set 22:00-07:00 --project shop')).toContain('(America/New_York)')
  expect(await app.answerText('reports add week --weekly --project shop')).toContain('next 2026-03-02 14:00:00 UTC')
  expect(await app.answerText('checks next --cron "0 2 * * *" --project shop')).toContain('(America/New_York)')
})

it('maintenance that never ends is refused, and so is one without a length', async () => {
  const app = await startApp()
  expect(await app.answerText('maintenance add a --matcher host:a --cron "0 * * * *" --for 2h')).toContain('never ends')
  expect(await app.answerText('maintenance add a --matcher host:a --cron "0 2 * * *"')).toContain('--for 2h')
  expect(await app.answerText('maintenance add a --matcher host:a --to 17:00')).toContain('active until')
})

it('a matcher with a typo or a contradiction is accepted with a warning', async () => {
  const app = await startApp()
  const beat = await app.hasCheck('nightly --every 1d --host web-1')
  await beat('/fail')
  const cases: [matcher: string, said: string][] = [
    ['hsot:web-1', 'No alert has had the label hsot so far. Did you mean host?'],
    [
      'host:web-1 host:web-2',
      'No alert has two values of host, so this matches nothing. For either of them: host:web-1 OR host:web-2.',
    ],
    ['check:never-heard-of', 'There is no check never-heard-of so far.'],
    ['check:nightyl', 'There is no check nightyl so far. Did you mean check:nightly?'],
    ['host:web-1 -host:web-1', 'It asks for host:web-1 and excludes it'],
    ['miss:late', 'No alert has had miss:late so far.'],
  ]
  for (const [matcher, said] of cases) {
    expect(await app.answerText(`silence add "${matcher}" --for 1h`)).toContain(said)
    expect(
      await app.answerText(
        `routes add r${cases.findIndex(([own]) => own === matcher)} --matcher "${matcher}" --to discord`,
      ),
    ).toContain(said)
  }
  const fine = await app.result<{ warnings: string[] }>(
    'silence add "host:web-* OR check:nightly -severity:info" --for 1h',
  )
  expect(fine.warnings).toEqual([])
})

it('a silence of an alert mutes that alert only, whatever its key has in it', async () => {
  const app = await startApp()
  const { key } = await app.result<{ key: { secret: string } }>('keys create default')
  const keys = ['C:\\logs\\', 'a"b', 'a-b', 'it "is" \\"', '/x/']
  const body = JSON.stringify(keys.map(key => ({ key, title: `alert ${key}` })))
  await app.request('/api/alerts', { method: 'POST', headers: { authorization: `Bearer ${key.secret}` }, body })
  for (const id of keys.keys()) {
    const { silence } = await app.result<{ silence: { open: number } }>(`silence add --alert ${id + 1} --for 1h`)
    expect([keys[id], silence.open]).toEqual([keys[id], 1])
  }
})

it('a silence shows what it would have suppressed in the last week', async () => {
  const app = await startApp()
  const beat = await app.hasCheck('nightly --every 30d --grace 1d')
  for (let day = 0; day < 9; day++) {
    await beat('/fail')
    await beat()
    await app.passes('1m')
    app.clock.sleep(DAY - MINUTE)
  }
  const preview = await app.answerText('silence add check:nightly --preview')
  expect(preview).toContain('In the last 7 days it would have suppressed 6 alerts, 6 of them critical.')
  expect(await app.answerText('silence add "disk full" --for 1h')).toContain('In the last 7 days no alert matched.')
})

it('a check has a title and a note of its own for its alerts', async () => {
  const app = await startApp()
  expect(await app.answerText('checks add x --title "{nonsense} {check}"')).toContain('no placeholder {nonsense}')
  const beat = await app.hasCheck(
    'backup --every 1d --host db-1 --title "{host}: {check} {what}!" --note "Runbook: https://r.example"',
  )
  await beat('/7')
  expect(titles(app)).toEqual(['Critical: db-1: backup failed with exit status 7!'])
  expect(app.cardText()).toContain('Runbook: https://r.example')
  await beat()
  await app.result('checks edit backup --title none --note none')
  await beat('/fail')
  expect(titles(app).at(-1)).toBe('Critical: backup reported a failure')
})
