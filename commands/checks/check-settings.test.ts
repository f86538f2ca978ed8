// The flags of checks and probes: what each becomes, what removes it, and what is refused.
import { beforeAll, describe, expect, it } from 'vitest'
import type { Requester } from '../../src/chat/channel.ts'
import { readProbe } from '../../src/probes/probes.ts'
import { startApp, type TestApp } from '../../src/testing/app.ts'
import { HOUR, MINUTE, SECOND } from '../../src/time.ts'

let app: TestApp
let count = 0

beforeAll(async () => {
  app = await startApp({ environment: { PROBE_ALLOW: '10.1.0.0/16' } })
  await app.result('hosts add web-1 local')
  for (const name of ['berlin', 'oslo']) await app.result(`satellites add ${name}`)
})

type Shown = {
  check: Record<string, unknown> & { id: number; schedule: Record<string, unknown>; probe: Record<string, unknown> }
}
/** A check with these flags, and what edits make of it. */
async function check(flags: string, ...edits: string[]) {
  const name = `c${count++}`
  let shown = await app.result<Shown>(`checks add ${name} ${flags}`)
  for (const edit of edits) shown = await app.result<Shown>(`checks edit ${name} ${edit}`)
  return shown.check
}
async function refusal(line: string, speaker: Partial<Requester> = {}) {
  const reply = await app.says(line, speaker)
  return reply.ok ? 'accepted' : reply.problem.message
}
const key: Partial<Requester> = { platform: 'http', id: 'k_1', key: { role: 'admin', project: 'default' } }
const person: Partial<Requester> = { admin: false, id: '77' }
const row = async (flags: string, ...edits: string[]) => readProbe(app.state, (await check(flags, ...edits)).id)!
const SHOP = '--probe https://shop.example.org/health'

describe('the schedule of a check', () => {
  it.each<[string, object]>([
    ['', { every_days: 1, cron: null, on_calendar: [], grace_ms: 2 * HOUR, early_ms: null, tz: 'UTC' }],
    ['--every 10m', { every_ms: 10 * MINUTE, every_days: 0, grace_ms: 5 * MINUTE }],
    ['--every 10h', { grace_ms: HOUR }],
    ['--every 10h --grace 3m', { grace_ms: 3 * MINUTE }],
    ['--cron "0 2 * * *"', { every_ms: null, every_days: null, crons: ['0 2 * * *'], grace_ms: HOUR }],
    ['--cron "*/10 * * * *"', { every_ms: null, grace_ms: 5 * MINUTE }],
    ['--cron "0 2 * * *" --cron "0 3 * * *" --cron "0 2 * * *"', { crons: ['0 2 * * *', '0 3 * * *'] }],
    ['--cron "CRON_TZ=Europe/Oslo 0 2 * * *"', { tz: 'Europe/Oslo' }],
    ['--cron "CRON_TZ=Europe/Oslo 0 2 * * *" --tz Europe/Oslo', { tz: 'Europe/Oslo' }],
    ['--on-calendar "OnCalendar=Mon..Fri 09:00"', { on_calendar: ['Mon..Fri 09:00'], crons: [] }],
    ['--on-calendar 09:00 --cron "0 2 * * *"', { on_calendar: ['09:00'], crons: ['0 2 * * *'] }],
    ['--cron "0 2 * * *" --early none', { early_ms: 0 }],
    ['--cron "0 2 * * *" --early 23h', { early_ms: 23 * HOUR }],
    ['--max-runtime 5m --after 3', { max_runtime_ms: 5 * MINUTE, after: 3 }],
    ['--active "Mon-Fri 08:00-18:00"', { active: 'Mon-Fri 08:00-18:00' }],
    ['--except "2026-12-24, 2026-12-25"', { except: ['2026-12-24', '2026-12-25'] }],
  ])('%s', async (flags, expected) => {
    expect((await check(flags)).schedule).toMatchObject(expected)
  })

  it.each<[string, string, object]>([
    ['--cron "0 2 * * *"', '--on-calendar 09:00', { crons: [], on_calendar: ['09:00'] }],
    ['--on-calendar 09:00', '--cron "0 2 * * *"', { crons: ['0 2 * * *'], on_calendar: [] }],
    ['--cron "0 2 * * *"', '--every 5m', { crons: [], every_ms: 5 * MINUTE }],
    ['--every 5m', '--cron "0 2 * * *"', { every_ms: null }],
    ['--active "Mon-Fri 08:00-18:00"', '--active none', { active: null }],
    ['--max-runtime 5m', '--max-runtime none', { max_runtime_ms: null }],
    ['--except 2026-12-24', '--except none', { except: [] }],
    ['--every 5m --grace 1m', '--every 10h', { grace_ms: MINUTE }],
  ])('%s, edited with %s', async (flags, edit, expected) => {
    expect((await check(flags, edit)).schedule).toMatchObject(expected)
  })

  it.each([
    ['--every 5m --cron "0 2 * * *"', 'Use either --every or --cron, not both.'],
    ['--every 5m --on-calendar 09:00', 'Use either --every or --on-calendar, not both.'],
    ['--cron "CRON_TZ=Europe/Oslo 0 2 * * *" --tz UTC', 'The cron line is in Europe/Oslo, and --tz is UTC.'],
    ['--cron "CRON_TZ=Europe/Oslo 0 2 * * *" --cron "0 3 * * *"', 'All expressions of a check have one time zone.'],
    ['--early 5m', 'A period starts again with each beat'],
    ['--cron "0 2 * * *" --early 24h', 'With 1d each beat would count for the next due time, 1d later.'],
    ['--on-calendar "2020-01-01 00:00"', 'This schedule has no run in the future.'],
    ['--cron "0 2 * * *" --active "08:00-18:00"', 'No run of this cron expression falls within these active hours.'],
    ['--on-calendar 02:00 --active "08:00-18:00"', 'No run of this OnCalendar expression falls'],
    ['--active nonsense', 'nonsense'],
    ['--depends-on selfish', 'A check cannot depend on itself.'],
  ])('%s is refused', async (flags, why) => {
    const message = await refusal(`checks add selfish ${flags}`)
    expect(message).not.toBe('accepted')
    expect(message).toContain(why)
  })
})

it('every other flag is stored, and "none" removes what can be removed', async () => {
  const flags =
    '--host web-9 --owner Ann --note "see the runbook" --title "{check} {what}" --severity info --remind 30m --lan --watch-duration --watch-size --depends-on base'
  const before = await check(flags)
  expect(before).toMatchObject({
    ...{ host: 'web-9', owner: 'Ann', note: 'see the runbook', title: '{check} {what}', severity: 'info' },
    ...{ remind_every_ms: 30 * MINUTE, lan: true, watch_duration: true, watch_size: true, depends_on: 'base' },
  })
  const none = '--host none --owner none --note none --title none --remind none --depends-on none --lan=false'
  expect(await check(flags, none)).toMatchObject({
    ...{ host: null, owner: null, note: null, title: null, remind_every_ms: 0, depends_on: null, lan: false },
  })
  const words = '--start-keywords begin --success-keywords done --failure-keywords lost --default-fail --methods POST'
  const { id } = await check(`${words} --manual-resume`)
  const stored = (of: number) =>
    app.state.prepare<[number], Record<string, unknown>>('select * from checks where id = ?').get(of)
  expect(stored(id)).toMatchObject({
    ...{ start_keywords: 'begin', success_keywords: 'done', failure_keywords: 'lost', default_fail: 1 },
    ...{ methods: 'POST', manual_resume: 1 },
  })
  const edited = await check(words, '--start-keywords none --success-keywords "" --failure-keywords none --methods any')
  expect(stored(edited.id)).toMatchObject({
    start_keywords: '',
    success_keywords: '',
    failure_keywords: '',
    methods: '',
  })
})

describe('a probe', () => {
  it('has defaults, and each flag changes one thing', async () => {
    expect(await row(SHOP)).toMatchObject({
      ...{ kind: 'http', target: 'https://shop.example.org/health', command: null, expect: '', expectStatus: null },
      ...{ method: 'GET', headerNames: '', headersSealed: null, timeout: 10 * SECOND, insecure: false, certDays: 14 },
      ...{ reach: 'any', via: null, quorum: null, changedAt: app.clock.now() },
    })
    const flags = `--expect ok --expect "!error" --expect-status 204 --timeout 1m --probe-method HEAD --insecure --cert-days 0 --header "X-A: b"`
    expect(await row(`${SHOP} ${flags}`)).toMatchObject({
      ...{ expect: 'ok\n!error', expectStatus: '204', timeout: MINUTE, method: 'HEAD', insecure: true, certDays: 0 },
      ...{ headerNames: 'X-A', headersSealed: expect.any(Buffer) },
    })
    expect(await row(`${SHOP} ${flags}`, '--expect none --expect-status none --header none')).toMatchObject({
      ...{ expect: '', expectStatus: null, headerNames: '', headersSealed: null, timeout: MINUTE, method: 'HEAD' },
    })
  })

  it('looks every minute, alerts after two failures, and warns of a certificate', async () => {
    expect(await check(SHOP)).toMatchObject({
      ...{ schedule: { every_ms: MINUTE, after: 2 }, severity: 'critical' },
    })
    expect(await check(`${SHOP} --after 1 --severity info --every 5m`)).toMatchObject({
      ...{ schedule: { every_ms: 5 * MINUTE, after: 1 }, severity: 'info' },
    })
    expect(await check('--probe tls:shop.example.org')).toMatchObject({ severity: 'warning' })
    expect(await check(`${SHOP} --cron "0 2 * * *"`)).toMatchObject({ schedule: { every_ms: null } })
  })

  it('on a host keeps what an edit does not name', async () => {
    expect(await row('--on web-1 --run "df -h"')).toMatchObject({ kind: 'command', target: 'web-1', command: 'df -h' })
    expect(await row('--on web-1 --run "df -h"', '--run uptime')).toMatchObject({ target: 'web-1', command: 'uptime' })
    expect(await row('--on web-1 --run "df -h"', '--on web-1')).toMatchObject({ command: 'df -h' })
    expect(await row('--on web-1 --run "df -h"', SHOP)).toMatchObject({ kind: 'http', command: null })
  })

  it.each<[string, object]>([
    ['--via berlin,oslo', { via: 'berlin\noslo', quorum: null }],
    ['--via berlin,main --quorum 2', { via: 'berlin\nmain', quorum: 2 }],
    ['--via main', { via: null, quorum: null }],
    ['--via main --quorum 1', { via: null, quorum: null }],
    ['--via none', { via: null }],
    ['--quorum 1', { via: null, quorum: null }],
  ])('%s', async (flags, expected) => {
    expect(await row(`${SHOP} ${flags}`)).toMatchObject(expected)
  })

  it('is told apart from one that it depends on', async () => {
    expect(await refusal(`checks add self ${SHOP} --depends-on self`)).toBe('A check cannot depend on itself.')
  })

  it('forgets a quorum of other places', async () => {
    expect(await row(`${SHOP} --via berlin,oslo --quorum 2`, '--via berlin,main')).toMatchObject({ quorum: null })
    expect(await row(`${SHOP} --via berlin,oslo --quorum 2`, '--quorum 1')).toMatchObject({
      via: 'berlin\noslo',
      quorum: 1,
    })
    expect(await row(`${SHOP} --via berlin,oslo --quorum 2`, '--timeout 5s')).toMatchObject({
      via: 'berlin\noslo',
      quorum: 2,
    })
  })

  it.each([
    [`${SHOP} --quorum 2`, '2 of 1 can never agree.'],
    [`${SHOP} --via berlin,oslo --quorum 3`, '3 of 2 can never agree.'],
    [`${SHOP} --via nowhere`, 'There is no satellite "nowhere". Satellites: berlin, oslo'],
    ['--on web-1 --run true --via berlin', 'A command runs on a host of Vakt.'],
    ['--on web-1', '--on belongs to a probe.'],
    ['--on nowhere --run true', 'There is no host "nowhere"'],
    ['--run true', 'Say where the command runs'],
    [`${SHOP} --depends-on p`, 'accepted'],
    ['--on web-1 --run true --expect ok --expect-status 200', 'A command probe has no --expect-status.'],
    ['--probe tcp://db.example.org:5432 --header "X-A: b"', 'A tcp probe has no --header. It takes none of these.'],
    [`${SHOP} --run true`, 'Use either --probe, or --on with --run, not both.'],
    [`${SHOP} --on web-1`, 'Use either --probe, or --on with --run, not both.'],
    [`${SHOP} --timeout 61s`, 'The time limit of a probe is at most 1m.'],
    [`${SHOP} --methods POST`, '--methods is about beats, and a probe has none.'],
    [`${SHOP} --start-keywords x`, '--start-keywords is about beats'],
    ['--cert-days 3', '--cert-days belongs to a probe.'],
    ['--insecure', '--insecure belongs to a probe.'],
    ['--probe http://LOCALHOST.:9200/ ', 'accepted'],
  ])('%s: %s', async (flags, why) => {
    expect(await refusal(`checks add p${count++} ${flags}`)).toContain(why)
  })

  it('of other kinds may be told "none" of what it has not', async () => {
    expect(await refusal(`checks add n${count++} --probe tcp://db.example.org:5432 --expect none`)).toBe('accepted')
  })

  it('of a person or a key reaches public addresses, and no more often than every 10 s', async () => {
    for (const speaker of [key, person]) {
      expect(await refusal(`checks add q${count++} ${SHOP} --every 9s`, speaker)).toContain(
        'Only an admin may probe more often',
      )
      expect(await refusal(`checks add q${count++} ${SHOP} --every 10s`, speaker)).toBe('accepted')
      for (const host of ['localhost', 'LOCALHOST.', 'a.localhost', '10.2.0.1', '127.0.0.1'])
        expect(await refusal(`checks add q${count++} --probe http://${host}/`, speaker), host).not.toBe('accepted')
      expect(await refusal(`checks add q${count++} --probe http://10.1.0.1/`, speaker)).toBe('accepted')
      expect(await refusal(`checks add q${count++} --on web-1 --run true`, speaker)).toContain('Only an admin may say')
    }
    expect(await refusal(`checks add q${count++} ${SHOP} --every 5s`)).toBe('accepted')
  })

  it('of an admin is changed by admins only, and one of others by everybody', async () => {
    await app.result(`checks add theirs ${SHOP}`)
    expect(await refusal('checks edit theirs --timeout 5s', key)).toContain('An admin set up this probe')
    expect(await refusal('checks edit theirs --owner Bo', key)).toBe('accepted')
    await app.says(`checks add own ${SHOP}`, key)
    expect(await refusal('checks edit own --timeout 5s', person)).toBe('accepted')
    const { check: own } = await app.result<Shown>('checks show own')
    expect(readProbe(app.state, own.id)).toMatchObject({ reach: 'public', timeout: 5 * SECOND })
  })

  it('gives hints where a setting does not do what it seems to', async () => {
    const hints = async (flags: string) => app.answerText(`checks add h${count++} ${flags}`)
    const lan = 'with --lan it is probed while Vakt is offline, too'
    for (const host of ['10.0.0.1', 'localhost', '192.168.1.1'])
      expect(await hints(`--probe http://${host}/`), host).toContain(lan)
    expect(await hints('--probe http://10.0.0.1/ --lan')).not.toContain(lan)
    for (const host of ['8.8.8.8', 'shop.example.org'])
      expect(await hints(`--probe http://${host}/`)).not.toContain(lan)
    expect(await hints(`${SHOP} --grace 5m`)).toContain('--grace has no effect on a probe')
    expect(await hints(SHOP)).not.toContain('--grace')
    expect(await hints(`${SHOP} --via berlin,oslo --quorum 2`)).toContain(
      'Probed from berlin, oslo; it is down when 2 of them find it down.',
    )
    expect(await hints(`${SHOP} --via berlin,oslo`)).toContain('when most of those that are up find it down')
    expect(await hints('--cron "0 2 * * * root /usr/bin/backup"')).toContain(
      'Only the schedule of the cron line is used; "root /usr/bin/backup" is its user and command.',
    )
  })
})
