// Pasted cron lines, crontabs, holidays, and checks with several schedules.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startApp } from '../testing/app.ts'
import { startPings } from '../testing/pings.ts'
import { nameOfJob, pingingLine, readCronLine, readCrontab } from './crontab.ts'
import { readCalendar } from './exceptions/calendar-reader.ts'
import { coveredUntil, readExcept } from './exceptions/exception.ts'
import { readIcs } from './exceptions/ics.ts'

describe('a pasted cron line', () => {
  it.each([
    ['0 2 * * * root', '0 2 * * *', 'root', null],
    ['0 2 * * * /usr/bin/backup --full', '0 2 * * *', '/usr/bin/backup --full', null],
    ['0 2 * * * git gc', '0 2 * * *', 'git gc', null],
    ['CRON_TZ=Europe/Oslo 0 2 * * *', '0 2 * * *', '', 'Europe/Oslo'],
    ['TZ=utc 0 2 * * *', '0 2 * * *', '', 'UTC'],
    ['*/5 6-23 \u034f* \u034f* \u034f*', '*/5 6-23 * * *', '', null],
    ['0\u00a02 *\u200b * *', '0 2 * * *', '', null],
    ['“0 2 * * 1–5”', '0 2 * * 1-5', '', null],
    ['0 2 ∗ ∗ ∗', '0 2 * * *', '', null],
    ['@daily', '@daily', '', null],
    ['30 0 2 * * MON', '30 0 2 * * MON', '', null],
  ])('%s', (text, expression, rest, timeZone) => expect(readCronLine(text)).toEqual({ expression, rest, timeZone }))

  it.each([
    ['H 2 * * *', /Jenkins/],
    ['0 ~ * * *', /at random/],
    ['0 0 L-3 * *', /--on-calendar/],
    ['@every 5m', /--every 5m instead of --cron/],
    ['@reboot', /no beat can be late/],
    ['0 0 2 * * ? 2026', /as Quartz writes them/],
    ['CRON_TZ=Europe/Olso 0 2 * * *', /did you mean Europe\/Oslo/],
  ])('%s is refused with what to write', (text, why) => expect(() => readCronLine(text)).toThrow(why))
})

describe('a crontab', () => {
  it.each([
    ['0 2 * * * /usr/bin/backup', '0 2 * * * /usr/bin/backup; CURL'],
    ['0 2 * * * cd /srv && ./run.sh >/dev/null 2>&1', '0 2 * * * cd /srv && ./run.sh >/dev/null 2>&1; CURL'],
    ['0 2 * * * mail -s x ann%Hello%', '0 2 * * * mail -s x ann; CURL%Hello%'],
    ['0 2 * * * date +\\%F > /tmp/x;', '0 2 * * * date +\\%F > /tmp/x; CURL'],
    ['0 2 * * * /bin/x # nightly', '0 2 * * * /bin/x; CURL # nightly'],
  ])('gets its beat: %s', (text, line) => {
    const curl = 'curl -fsS -m 10 --retry 5 -o /dev/null http://v/ping/u/$?'
    expect(pingingLine(text, 'http://v/ping/u')).toBe(line.replace('CURL', curl))
  })

  it.each([
    ['/usr/local/bin/backup.sh --full', 'backup'],
    ['cd /srv && ./run.sh', 'srv'],
    ['/usr/bin/python3 /opt/report.py', 'report'],
    ['sudo -n nice /usr/sbin/logrotate /etc/logrotate.conf', 'logrotate'],
    ['FOO=1 certbot renew -q', 'certbot'],
  ])('%s is named %s', (command, name) => expect(nameOfJob(command)).toBe(name))

  it('of the system has a user before each command, and a variable names the zone', () => {
    const text = 'SHELL=/bin/sh\nCRON_TZ=Europe/Oslo\n17 * * * * root cd / && run-parts\n25 6 * * * www-data /bin/x\n'
    expect(readCrontab(text).jobs).toMatchObject([
      { line: 3, user: 'root', command: 'cd / && run-parts', timeZone: 'Europe/Oslo' },
      { line: 4, user: 'www-data', command: '/bin/x' },
    ])
    expect(readCrontab('0 2 * * * backup now').jobs).toMatchObject([{ user: 'backup', command: 'now' }])
    expect(readCrontab('0 2 * * * backup now', false).jobs).toMatchObject([{ user: null, command: 'backup now' }])
  })

  it('is proposed first; with --yes its checks are added and its new lines printed, which are left alone the next time', async () => {
    const app = await startApp()
    const crontab = [
      'MAILTO=ann',
      '0 2 * * * /usr/bin/backup',
      '@reboot /bin/x',
      '61 * * * * /bin/y',
      '5 * * * * /usr/bin/backup -q',
    ]
    const run = (text: string, yes: boolean) =>
      app.dispatcher.run(
        { command: 'checks import crontab', args: { crontab: text, ...(yes ? { yes } : {}) } },
        { platform: 'terminal', id: '1', name: 'Ann', admin: true, groups: [], interactive: true },
      )
    const proposed = await run(crontab.join('\n'), false)
    expect(proposed).toMatchObject({
      ok: true,
      result: {
        added: false,
        proposed: [{ name: 'backup', cron: '0 2 * * *' }, { name: 'backup-2' }],
        skipped: [{ line: 3 }, { line: 4 }],
      },
    })
    expect(await app.result('checks list')).toMatchObject({ total: 0 })
    const added = await run(crontab.join('\n'), true)
    const { result } = added as unknown as { result: { crontab: string } }
    expect(await app.check('backup')).toMatchObject({ schedule: { cron: '0 2 * * *' } })
    expect(result.crontab.split('\n')[1]).toMatch(
      /^0 2 \* \* \* \/usr\/bin\/backup; curl .*\/ping\/[-0-9a-f]{36}\/\$\?$/,
    )
    expect(result.crontab.split('\n').slice(2, 4)).toEqual(crontab.slice(2, 4))
    const again = await run(result.crontab, true)
    expect(again).toMatchObject({ result: { checks: [] } })
  })
})

const ICS = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20251224
DTEND;VALUE=DATE:20251227
RRULE:FREQ=YEARLY
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;TZID=Europe/Oslo:20260303T120000
DTEND;TZID=Europe/Oslo:20260303T160000
END:VEVENT
BEGIN:VEVENT
UID:3
STATUS:CANCELLED
DTSTART;VALUE=DATE:20260304
END:VEVENT
END:VCALENDAR
`
const NOW = Date.parse('2026-03-02T09:00:00Z')

describe('exceptions', () => {
  it('are days, spans of days, and calendars with repeated, timed and cancelled events', () => {
    expect(readExcept('2026-12-24, 2026-12-31..2027-01-01, https://x.example/no.ics')).toEqual({
      days: [
        ['2026-12-24', '2026-12-25'],
        ['2026-12-31', '2027-01-02'],
      ],
      calendars: ['https://x.example/no.ics'],
    })
    expect(readIcs(ICS, NOW)).toEqual({
      days: [2026, 2027, 2028].map(year => [`${year}-12-24`, `${year}-12-27`]),
      times: [[Date.parse('2026-03-03T11:00Z'), Date.parse('2026-03-03T15:00Z')]],
    })
    expect(() => readIcs('<html>', NOW)).toThrow('It is not an ICS calendar')
    expect(() => readExcept('2026-02-30')).toThrow('is no date')
  })

  const repeating = (start: string, rule: string) =>
    `BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:${start}\nRRULE:${rule}\nEND:VEVENT\nEND:VCALENDAR\n`

  it('that repeat every day since long ago hold today, and those that repeat too often are refused', () => {
    expect(readIcs(repeating('20100101', 'FREQ=DAILY'), NOW).days).toContainEqual(['2026-03-02', '2026-03-03'])
    expect(() => readIcs(repeating('18000101', 'FREQ=DAILY'), NOW)).toThrow('repeat more than 50,000 times')
  })

  it('of a file that is no calendar do not show its lines', () => {
    expect(() => readIcs('vakt_admin_secret\n', NOW)).toThrow(/^It is not an ICS calendar: (?!.*secret)/)
  })

  it('that never come to an end stop nothing else, and are refused after a time', async () => {
    await expect(readCalendar(ICS, NOW)).resolves.toEqual(readIcs(ICS, NOW))
    await expect(readCalendar('<html>', NOW)).rejects.toThrow('It is not an ICS calendar')
    // There is no 31 February, and no last year in which to look for one.
    const never = repeating('20260101', 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31')
    await expect(readCalendar(never, NOW, 200)).rejects.toThrow('its events repeat too often, or never')
  })

  it('that touch are one', () => {
    const days: [string, string][] = [
      ['2026-12-24', '2026-12-25'],
      ['2026-12-25', '2026-12-27'],
    ]
    const end = coveredUntil({ days, times: [] }, Date.parse('2026-12-24T12:00Z'), 'UTC')
    expect(end).toBe(Date.parse('2026-12-27T00:00Z'))
  })

  it('of a file leave days out; the file is read again, and stays in force when it cannot be', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vakt-ics-'))
    const file = join(folder, 'days.ics')
    writeFileSync(file, ICS)
    const { app, ping, check } = await startPings(
      `job --cron "0 12 * * *" --grace 1h --except "${file},2026-03-05"`,
      '2026-12-23T12:00:00Z',
    )
    await ping()
    expect(await check()).toMatchObject({
      late_at: '2026-12-27T12:00:00.000Z',
      schedule: { except: [file, '2026-03-05'] },
    })
    rmSync(folder, { recursive: true })
    await app.passes('73h')
    expect(app.titles()).toEqual([])
    await expect.poll(() => app.answerText('checks show job')).toContain('cannot be read')
    await app.passes('1d')
    expect(app.titles()).toEqual(['Critical: job sent no beat'])
    const reply = await app.says(`checks add other --except ${file}`, { admin: false })
    expect(reply).toMatchObject({ ok: false, problem: { code: 'forbidden' } })
  })
})

it('a check has several schedules, of both kinds, in one zone', async () => {
  const { app, check } = await startPings(
    'job --cron "0 12 * * *" --cron "30 17 * * *" --on-calendar "Sun 06:00" --tz Europe/Oslo',
    '2026-02-27T00:00:00Z',
  )
  expect(await app.result('checks next job --count 6')).toMatchObject({
    due: [
      '2026-02-27T11:00:00.000Z',
      '2026-02-27T16:30:00.000Z',
      '2026-02-28T11:00:00.000Z',
      '2026-02-28T16:30:00.000Z',
      '2026-03-01T05:00:00.000Z',
      '2026-03-01T11:00:00.000Z',
    ],
  })
  expect((await check()) as object).toMatchObject({
    schedule: { cron: '0 12 * * *', crons: ['0 12 * * *', '30 17 * * *'], on_calendar: ['Sun 06:00'] },
  })
  expect(await app.answerText('checks show job')).toContain(
    'at "0 12 * * *" and "30 17 * * *" and OnCalendar "Sun 06:00" (Europe/Oslo)',
  )
  expect(await app.answerText('checks edit job --cron "0 2 * * * root /bin/x"')).toContain(
    '"root /bin/x" is its user and command',
  )
  expect((await check()) as object).toMatchObject({ schedule: { crons: ['0 2 * * *'], on_calendar: [] } })
  await app.result('checks edit job --every 1d')
  expect((await check()) as object).toMatchObject({ schedule: { every_ms: 86_400_000, cron: null, crons: [] } })
})

it('a name with characters that cannot be seen is the name without them', async () => {
  const { app } = await startPings('backup')
  expect(await app.answerText('checks add back\u200bup')).toContain('already has a check "backup"')
  expect(await app.answerText('checks show ba\u2060ckup')).toContain('backup: new')
})
