// The ping protocol as Healthchecks has it: its edge cases by number, each by its answer and by what is stored.
import { describe, expect, it } from 'vitest'
import { type StoredBeat, startPings } from '../../testing/pings.ts'

const RID = '04603d8b-edf4-4e85-8f61-24bedbcaab59'
const OTHER = '684e2e73-017e-465f-8149-d70b7c5aaa49'
const post = (body: string): RequestInit => ({ method: 'POST', body })

describe('a beat', () => {
  it('1: of success is answered OK with its headers, and brings a new check up with a deadline of period and grace', async () => {
    const { check, ping, beats } = await startPings('job --every 1d --grace 1h', '2026-03-02T09:00:00Z')
    const response = await ping()
    expect([response.status, await response.text()]).toEqual([200, 'OK'])
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'ping-body-limit': '100000',
      'cache-control': 'max-age=0, no-cache, no-store, must-revalidate, private',
    })
    expect(await check()).toMatchObject({
      status: 'up',
      beats: 1,
      last_beat_at: '2026-03-02T09:00:00.000Z',
      late_at: '2026-03-03T09:00:00.000Z',
      down_at: '2026-03-03T10:00:00.000Z',
    })
    expect(await beats()).toEqual([
      {
        id: 1,
        kind: 'success',
        received_at: '2026-03-02T09:00:00.000Z',
        method: 'GET',
        scheme: 'http',
        remote_address: '127.0.0.1',
        user_agent: '',
        exit_status: null,
        rid: null,
        duration_ms: null,
        output_bytes: null,
        body_bytes: 0,
        body: null,
      },
    ])
  })

  it('is taken with the slashes of a base URL and a path that were put together', async () => {
    const { app, uuid, key, beats } = await startPings()
    const answers = [`//ping/${uuid}`, `///ping/${uuid}/start`, `//ping/${key}/job/fail`]
    for (const path of answers) expect([path, (await app.request(path)).status]).toEqual([path, 200])
    expect((await beats()).map(({ kind }) => kind)).toEqual(['fail', 'start', 'success'])
    expect((await app.request(`/x//ping/${uuid}`)).status).toBe(404)
  })

  it('2: brings a paused check up', async () => {
    const { app, check, ping } = await startPings()
    await app.result('checks pause job')
    await ping()
    expect(await check()).toMatchObject({ status: 'up', down_at: expect.any(String) })
  })

  it('3: of success ends a running start; 20: with the time that it took', async () => {
    const { app, check, ping, beats } = await startPings()
    await ping('/start')
    expect(await check()).toMatchObject({ started: true })
    await app.passes('10s')
    await ping()
    expect(await check()).toMatchObject({ started: false, last_duration_ms: 10_000 })
    expect((await beats())[0]).toMatchObject({ kind: 'success', duration_ms: 10_000 })
  })

  it('15: of failure makes a check down with no deadline, and alerts at once', async () => {
    const { app, check, ping, beats } = await startPings()
    await ping()
    expect((await ping('/fail')).status).toBe(200)
    expect(await check()).toMatchObject({ status: 'down', late_at: null, down_at: null })
    expect((await beats())[0]).toMatchObject({ kind: 'fail', exit_status: null })
    expect(app.channel.messages.map(message => message.card.title)).toEqual(['Critical: job reported a failure'])
  })

  it('16: of start leaves the last beat as it was', async () => {
    const { app, check, ping, beats } = await startPings()
    await ping()
    await app.passes('2h')
    await ping('/start')
    expect(await check()).toMatchObject({ status: 'up', started: true, last_beat_at: '2026-03-02T09:00:00.000Z' })
    expect((await beats())[0]).toMatchObject({ kind: 'start' })
  })

  it('17: of start leaves a paused check paused, and yet it is down when it does not finish', async () => {
    const { app, check, ping } = await startPings('job --every 1d --grace 1h')
    await app.result('checks pause job')
    await ping('/start')
    expect(await check()).toMatchObject({ status: 'paused', started: true, down_at: '2026-03-02T10:00:00.000Z' })
    await app.passes('1h')
    expect(await check()).toMatchObject({ status: 'down' })
  })

  it('30: of log is stored and changes nothing', async () => {
    const { app, check, ping, beats } = await startPings()
    await ping('/log', post('hello'))
    expect(await check()).toMatchObject({ status: 'new', last_beat_at: null, down_at: null, beats: 1 })
    await ping('/fail')
    await ping('/log', post('still broken'))
    expect(await check()).toMatchObject({ status: 'down' })
    expect(kinds(await beats())).toEqual(['log', 'fail', 'log'])
    expect(app.channel.messages).toHaveLength(1)
  })

  it('39: of start on a check that is down gives it no deadline', async () => {
    const { check, ping } = await startPings()
    await ping('/fail')
    await ping('/start')
    expect(await check()).toMatchObject({ status: 'down', started: true, down_at: null })
  })
})

describe('an exit status', () => {
  it.each([
    ['/0', 200, 'OK', 'up', { kind: 'success', exit_status: 0 }],
    ['/123', 200, 'OK', 'down', { kind: 'fail', exit_status: 123 }],
    ['/255', 200, 'OK', 'down', { kind: 'fail', exit_status: 255 }],
    ['/256', 400, 'invalid url format', 'new', undefined],
    ['/99999999999999999999', 400, 'invalid url format', 'new', undefined],
    ['/-1', 404, 'not found', 'new', undefined],
    ['/1.5', 404, 'not found', 'new', undefined],
  ])('28: %s is answered %i %s, and the check is %s', async (suffix, status, text, state, beat) => {
    const { check, ping, beats } = await startPings()
    const response = await ping(suffix)
    expect([response.status, await response.text()]).toEqual([status, text])
    expect(await check()).toMatchObject({ status: state })
    expect((await beats())[0]).toEqual(beat === undefined ? undefined : expect.objectContaining(beat))
  })
})

describe('a run id', () => {
  it('18: is stored, in lowercase whatever case it came in', async () => {
    const { ping, beats } = await startPings()
    await ping(`/start?rid=${RID.toUpperCase()}`)
    expect((await beats())[0]).toMatchObject({ kind: 'start', rid: RID })
  })

  it.each(['12345', `${RID}0`, '', RID.replaceAll('-', ''), `{${RID}}`])(
    '19: of the wrong form ("%s") is refused and nothing is stored',
    async rid => {
      const { check, ping } = await startPings()
      const response = await ping(`/start?rid=${rid}`)
      expect([response.status, await response.text()]).toEqual([400, 'invalid uuid format'])
      expect(await check()).toMatchObject({ beats: 0, started: false })
    },
  )

  it.each([
    ['20: the same one ends the run with its duration', RID, `?rid=${RID.toUpperCase()}`, false, 10_000],
    ['20: no one on either side does too', null, '', false, 10_000],
    ['20: a failure has a duration as well', RID, `/fail?rid=${RID}`, false, 10_000],
    ['21: a success with another one leaves the run going', RID, `?rid=${OTHER}`, true, null],
    ['21: a success with one leaves a run without going', null, `?rid=${OTHER}`, true, null],
    ['22: a success without one ends the run', RID, '', false, null],
    ['23: a failure with another one ends the run', RID, `/fail?rid=${OTHER}`, false, null],
  ])('%s', async (_, started, finish, running, duration) => {
    const { app, check, ping } = await startPings()
    await ping(started === null ? '/start' : `/start?rid=${started}`)
    await app.passes('10s')
    await ping(finish)
    expect(await check()).toMatchObject({ started: running, last_duration_ms: duration })
  })

  it('the run started last is the one that is timed', async () => {
    const { app, check, ping } = await startPings()
    await ping(`/start?rid=${RID}`)
    await app.passes('10s')
    await ping(`/start?rid=${OTHER}`)
    await app.passes('5s')
    await ping(`?rid=${RID}`)
    expect(await check()).toMatchObject({ started: true, last_duration_ms: null })
    await ping(`?rid=${OTHER}`)
    expect(await check()).toMatchObject({ started: false, last_duration_ms: 5_000 })
  })
})

describe('a method', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])('4, 5: %s counts as a beat', async method => {
    const { ping, beats } = await startPings()
    const response = await ping('', { method })
    expect([response.status, await response.text()]).toEqual([200, method === 'HEAD' ? '' : 'OK'])
    expect(await beats()).toMatchObject([{ kind: 'success', method }])
  })

  it('24: other than POST is ignored by a check that takes POST only; 32: also before its default failure', async () => {
    const { check, ping, beats } = await startPings('job --methods POST --success-keywords ok --default-fail')
    expect((await ping()).status).toBe(200)
    expect((await ping('/fail')).status).toBe(200)
    expect(await check()).toMatchObject({ status: 'new', last_beat_at: null, beats: 2 })
    await ping('', post('ok'))
    expect(await check()).toMatchObject({ status: 'up' })
    expect(kinds(await beats())).toEqual(['success', 'ignored', 'ignored'])
  })
})

it('the limit of checks that pings may create is that of a project, not of all together', async () => {
  const { app, key } = await startPings()
  await app.result('projects add bank')
  const bank = (await app.result<{ project: { ping_key: string; id: number } }>('projects show bank')).project
  const create = (pingKey: string) => app.request(`/ping/${pingKey}/another?create=1`)
  // As many as a project may have, copied from the one that is there.
  const columns = app.state.prepare<[], { name: string }>("select name from pragma_table_info('checks')").all()
  const own: Record<string, string> = {
    id: '1000 + n',
    uuid: "'u' || n",
    name: "'c' || n",
    slug: "'c' || n",
    project_id: '?',
  }
  const values = columns.map(({ name }) => own[name] ?? `checks."${name}"`)
  const copy = `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 20000)
    insert into checks (${columns.map(({ name }) => `"${name}"`)}) select ${values} from numbers, checks where checks.id = 1`
  app.state.prepare(copy).run(bank.id)
  expect([(await create(bank.ping_key)).status, (await create(key)).status]).toEqual([404, 201])
})

describe('a sender', () => {
  it('9: has its user agent kept to 200 characters', async () => {
    const { ping, beats } = await startPings()
    await ping('', { headers: { 'user-agent': 'curl/8.5.0' } })
    await ping('', { headers: { 'user-agent': '01234567890'.repeat(30) } })
    expect((await beats()).map(beat => beat.user_agent)).toEqual(['01234567890'.repeat(30).slice(0, 200), 'curl/8.5.0'])
  })

  it.each([
    ['10: the last of several, which the proxy wrote', '1.1.1.1, 2.2.2.2', '2.2.2.2'],
    ['10: the last before trusted proxies', '1.1.1.1, 2.2.2.2, 127.0.0.1, ::1', '2.2.2.2'],
    ['10: one', '9.9.9.9', '9.9.9.9'],
    ['11: without its port', '1.1.1.1:1234', '1.1.1.1'],
    ['12: IPv6', '2001::1', '2001::1'],
    ['12: IPv4 mapped into IPv6, as it is', '::ffff:1.1.1.1', '::ffff:1.1.1.1'],
    ['none when the header is empty', '', '127.0.0.1'],
    ['at most 100 characters of what is no address', 'x'.repeat(300), 'x'.repeat(100)],
  ])('behind the proxy on the same machine is known by the address it forwards, %s', async (_, forwarded, address) => {
    const { ping, beats } = await startPings()
    await ping('', { headers: { 'x-forwarded-for': forwarded } })
    expect((await beats())[0]).toMatchObject({ remote_address: address })
  })

  it.each([
    ['https', 'https'],
    ['https, http', 'https'],
    ['', 'http'],
    ['x'.repeat(300), 'x'.repeat(10)],
  ])('13: has the scheme that its proxy forwards ("%s")', async (forwarded, scheme) => {
    const { ping, beats } = await startPings()
    await ping('', { headers: { 'x-forwarded-proto': forwarded } })
    expect((await beats())[0]).toMatchObject({ scheme })
  })
})

function kinds(beats: readonly StoredBeat[]): string[] {
  return beats.map(beat => beat.kind)
}
