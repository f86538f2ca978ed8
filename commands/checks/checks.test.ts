// Checks as people and scripts list them, look at them and are told about their schedules.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cardText } from '../../src/chat/card-text.ts'
import { startApp, type TestApp } from '../../src/testing/app.ts'

type Listed = { checks: { name: string }[]; total: number }

const names = async (app: TestApp, line: string) => (await app.result<Listed>(line)).checks.map(check => check.name)
const text = async (app: TestApp, line: string) =>
  cardText((await app.says(line, { interactive: true })).card, { timeZone: 'UTC', now: app.clock.now() })

async function withChecks(count: number) {
  const app = await startApp()
  for (let i = 0; i < count; i++) await app.hasCheck(`job-${String(i).padStart(2, '0')}`)
  return app
}

describe('a list of checks', () => {
  it('is whole for a script, and as long as the script says', async () => {
    const app = await withChecks(20)
    expect(await names(app, 'checks list')).toHaveLength(20)
    expect(await names(app, 'checks list --limit 15')).toHaveLength(15)
    expect(await names(app, 'checks list --page 2')).toEqual(['job-15', 'job-16', 'job-17', 'job-18', 'job-19'])
  })

  it('has pages for a person, who is told which there are', async () => {
    const app = await withChecks(20)
    expect(await text(app, 'checks list --page 99')).toContain('There is no page 99; the last page is 2.')
    const reply = await app.says('checks list job --limit 5 --page 2', { interactive: true })
    const { previous, next } = reply.card.page!
    expect([previous, next].map(button => [button!.label, button!.line])).toEqual([
      ['Previous', 'checks list --matching=job --limit=5 --page=1'],
      ['Next', 'checks list --matching=job --limit=5 --page=3'],
    ])
  })

  it('knows which are late, and so does the status', async () => {
    const app = await startApp()
    for (const line of ['overdue --every 10m --grace 1h', 'missed --every 10m --grace 1m --after 3', 'well --every 1d'])
      await (await app.hasCheck(line))()
    await app.hasCheck('waiting')
    await app.passes('12m')
    expect(await names(app, 'checks list --status late')).toEqual(['missed', 'overdue'])
    expect(await names(app, 'checks list --status up')).toEqual(['well'])
    expect(await app.result('status')).toMatchObject({ checks: { up: 1, late: 2, down: 0, new: 1, paused: 0 } })
  })
})

it('the output button of an alert finds its check where two projects have one of that name', async () => {
  const app = await startApp()
  await app.result('projects add shop')
  for (const [line, body] of [
    ['backup', 'disk full'],
    ['backup --project shop', 'no route'],
  ] as const)
    await (await app.hasCheck(line))('/fail', { method: 'POST', body })
  const lines = app.channel.messages.map(({ card }) => card.buttons!.find(({ label }) => label === 'Output')!.line)
  expect(await app.answerText(lines[0]!)).toContain('disk full')
  expect(await app.answerText(lines[1]!)).toContain('no route')
  expect(await app.answerText(lines[1]!.replace('backup', 'other'))).toContain('There is no check "other"')
  expect(await app.answerText(`${lines[1]} --project default`)).toContain('has no beat')
})

it('a silence of a removed check does not mute the one that is added next; no id means another row', async () => {
  const app = await startApp()
  await (await app.hasCheck('noisy'))('/fail')
  await app.result('silence add --alert 1 --for 7d')
  await app.result('checks remove noisy --yes')
  const beat = await app.hasCheck('payments')
  await beat('/fail')
  expect(app.titles()).toContain('Critical: payments reported a failure')

  // Badges and keys of reported alerts hold the id of a project.
  for (const line of ['projects add shop', 'projects remove shop --yes', 'projects add other']) await app.result(line)
  expect(app.state.prepare('select id, name from projects order by id').all()).toEqual([
    { id: 1, name: 'default' },
    { id: 3, name: 'other' },
  ])
})

describe('an edit', () => {
  it('that is refused changes nothing', async () => {
    const app = await startApp()
    await app.result('checks add taken')
    await app.result('checks add shop --probe https://a.example.org/')
    for (const flags of ['--rename taken', '--every 5m --cron "* * * * *"', '--max-runtime 5m'])
      expect((await app.says(`checks edit shop --probe https://b.example.org/ ${flags}`)).ok).toBe(false)
    expect(await app.answerText('checks show shop')).toContain('https://a.example.org/')
  })

  it('that reads a calendar first keeps the beat that comes meanwhile', async () => {
    const calendar = join(mkdtempSync(join(tmpdir(), 'vakt-')), 'holidays.ics')
    writeFileSync(calendar, 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n')
    const app = await startApp()
    const beat = await app.hasCheck('job --every 1h --grace 5m')
    const editing = app.says(`checks edit job --except ${calendar}`)
    await beat()
    expect((await editing).ok).toBe(true)
    expect(await app.check('job')).toMatchObject({ status: 'up', down_at: '2026-03-02T10:05:00.000Z' })
  })
})

describe('a name that no check has', () => {
  it('is answered with near ones, best first, and only of the project that was asked about', async () => {
    const app = await startApp()
    await app.result('projects add shop')
    for (const line of ['old-backup-of-backup', 'my-backup', 'backup-eu', 'backup-shop --project shop'])
      await app.hasCheck(line)
    expect(await app.says('checks show backup')).toMatchObject({
      problem: { message: expect.stringContaining('"backup-eu" or "backup-shop" or "my-backup"') },
    })
    expect(await app.says('checks show backup --project shop')).toMatchObject({
      problem: { message: expect.stringMatching(/mean "backup-shop"\?$/) },
    })
  })
})

it('a check shows how often it reminds, what it depends on and where it runs', async () => {
  const app = await startApp()
  await app.hasCheck('base')
  await app.hasCheck('job --depends-on base --host web-1 --remind 30m')
  expect(await app.check('base')).toMatchObject({ remind_every_ms: 14_400_000, depends_on: null, host: null })
  expect(await app.check('job')).toMatchObject({ remind_every_ms: 1_800_000, depends_on: 'base', host: 'web-1' })
  expect(await text(app, 'checks show base')).toContain('every 4h (project)')
  expect(await text(app, 'checks show job')).toContain('every 30m')
})

describe('what a check depends on', () => {
  it('is told where no check has that name, and no longer when one has', async () => {
    const app = await startApp()
    const unknown = 'It depends on "databse", but its project has no check of that name'
    expect(await text(app, 'checks add api --depends-on databse')).toContain(unknown)
    expect(await text(app, 'checks show api')).toContain(unknown)
    expect(await text(app, 'checks edit api --depends-on "databse, api-db"')).toContain('"api-db"')
    await app.hasCheck('databse')
    await app.hasCheck('"Api DB"')
    expect(await text(app, 'checks show api')).not.toContain('is called that')
  })

  it('stays the same check when that is renamed, whichever way it was named', async () => {
    const app = await startApp()
    const database = await app.hasCheck('"Main DB"')
    for (const line of ['a --depends-on "Main DB"', 'b --depends-on main-db', 'c --depends-on "x, main-db"'])
      await app.hasCheck(line)
    await app.hasCheck(`d --depends-on ${database.check.uuid}`)
    await app.hasCheck('e --depends-on a')
    await app.result('checks edit main-db --rename store')
    const dependsOn = async (name: string) =>
      (await app.result<{ check: { depends_on: string | null } }>(`checks show ${name}`)).check.depends_on
    expect(await Promise.all(['a', 'b', 'c', 'e'].map(dependsOn))).toEqual(['store', 'store', 'x, store', 'a'])
    expect(await dependsOn('d')).toBe(database.check.uuid)
  })
})

describe('the line for a job', () => {
  it('prints nothing when all is well, for cron mails whatever is printed', async () => {
    const app = await startApp()
    const crontab = readFileSync(join(import.meta.dirname, '../../examples/crontab'), 'utf8')
    const shown = [await text(app, 'checks add job'), await text(app, 'projects show default'), crontab].join('\n')
    const calls = shown.match(/curl [^;\n]+/g)!
    expect(calls).toHaveLength(6)
    expect(calls.filter(call => !call.includes(' -o /dev/null '))).toEqual([])
  })
})

describe('a ping URL on a loopback address', () => {
  it.each([
    ['http://127.0.0.1:8080', true],
    ['http://localhost:8080', true],
    ['http://[::1]:8080', true],
    ['https://vakt.example.org', false],
    ['http://10.0.0.5:8080', false],
  ])('%s: warned %s, because a check that no job can reach never fires', async (PUBLIC_URL, told) => {
    const app = await startApp({ environment: { PUBLIC_URL } })
    expect((await text(app, 'checks add job')).includes('For jobs on other machines, set HOST and PUBLIC_URL')).toBe(
      told,
    )
  })
})

describe('the next due times', () => {
  it('are those of a check or of a schedule, not of both', async () => {
    const app = await withChecks(1)
    expect(await app.says('checks next job-00 --every 5m --tz UTC')).toMatchObject({
      problem: {
        message: expect.stringMatching(/name or --every and --tz, not both/),
        fields: { every: expect.any(String), tz: expect.any(String) },
      },
    })
  })
})

describe('a period longer than the active hours of a day', () => {
  it('is told to take days', async () => {
    const app = await startApp({ start: '2026-03-02T09:00:00Z' })
    const added = await text(app, 'checks add job --every 1d --active "Mon-Fri 08:00-18:00"')
    expect(added).toContain(
      '1d of active hours take 2d 4h; the next beat is due 2026-03-04 13:00:00 UTC if the first one arrives now.',
    )
    expect(added).toContain('use --every 10h or --cron')
    expect(await text(app, 'checks edit job --owner Bo')).toContain('1d of active hours take 2d 4h')
  })

  it('is not told of any other', async () => {
    const app = await startApp()
    expect(await text(app, 'checks add a --every 10h --active "Mon-Fri 08:00-18:00"')).not.toContain('active hours')
    expect(await text(app, 'checks add b --every 1d')).not.toContain('active hours')
  })
})

it('everything that is wrong with a new check is told at once', async () => {
  const app = await startApp()
  const line = 'checks add "" --tz Mars --every never --cron "61 * * * *" --active weekdays --remind often --host ok'
  const reply = await app.says(line)
  if (reply.ok) throw new Error('it was added')
  expect(Object.keys(reply.problem.fields!).sort()).toEqual(['active', 'cron', 'every', 'name', 'remind', 'tz'])
  expect(reply.problem.message).toMatch(/Remind must be a duration from 1s to 365d, .*, or none, but is "often"\./)
})
