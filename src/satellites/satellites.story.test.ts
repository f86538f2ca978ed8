// Stories of a main and a satellite in one process on one fake clock.
import { describe, expect, it } from 'vitest'
import { createSatellite } from '../app/satellite-app.ts'
import { readConfig } from '../config/config.ts'
import { silentLogger } from '../logger.ts'
import { redact } from '../logs/redact/redact.ts'
import type { Batch, LogStore } from '../logs/store.ts'
import { Problem } from '../problem.ts'
import { memoryState, type State } from '../state/database.ts'
import { copyOf, startApp, type TestApp } from '../testing/app.ts'
import { settled } from '../testing/fake-clock.ts'
import { shareLogStore } from '../testing/log-store.ts'
import { until } from '../testing/running.ts'
import { signV2 } from '../testing/sign.ts'
import { takingStore } from '../testing/taking-store.ts'
import { decodeReport, encodeReport, type SatelliteReport } from './record.ts'

const newStore = shareLogStore()

type Line = { up: boolean; losesAnswers: boolean; requests: number }

/** A satellite of `main`, on its clock; `line` is the network in between. */
async function startSatellite(
  main: TestApp,
  name = 'berlin',
  {
    state = memoryState(),
    environment = {},
    key,
    place = name,
  }: { state?: State; environment?: Record<string, string>; key?: string; place?: string } = {},
) {
  const line: Line = { up: true, losesAnswers: false, requests: 0 }
  /** What targets answer from there, where it is not a status 200. */
  const answers = new Map<string, string>()
  const notices: { url: string; body: string }[] = []
  /** Its reports as they were sent. */
  const sent: RequestInit[] = []
  const secret = key ?? (await main.result<{ key: string }>(`satellites add ${name}`)).key
  const config = readConfig({ TZ: 'UTC', ...environment })
  const satellite = createSatellite({
    state,
    config,
    clock: main.clock,
    logger: silentLogger,
    version: 'test-satellite',
    main: 'http://vakt.test',
    key: secret,
    place,
    publicUrl: () => 'http://satellite.test',
    send: async (path, init) => {
      if (!line.up) throw new Error('connect ECONNREFUSED')
      line.requests++
      if (init.method === 'POST') sent.push(init)
      const response = await main.intake.request(path, init, { incoming: { socket: { remoteAddress: '192.0.2.7' } } })
      if (line.losesAnswers) throw new Error('socket hang up')
      return response
    },
    probe: async ({ target }) => {
      const failure = answers.get(target)
      const result = { durationMs: 20, address: '192.0.2.1', certificateEndsAt: null }
      return failure === undefined
        ? { ...result, ok: true, message: 'status 200' }
        : { ...result, ok: false, message: failure }
    },
    post: async (url, init) => {
      notices.push({ url, body: String(init.body) })
      return new Response('ok')
    },
  })
  satellite.start()
  await main.passes('1s')
  await settled(20)
  return {
    ...satellite,
    key: secret,
    line,
    answers,
    notices,
    sent,
    async request(path: string, init?: RequestInit) {
      const response = await satellite.intake.request(path, init, {
        incoming: { socket: { remoteAddress: '10.0.0.9' } },
      })
      await settled()
      return response
    },
    async logs(intakeKey: string, body: unknown, headers: Record<string, string> = {}) {
      return this.request('/api/logs', {
        method: 'POST',
        headers: { 'x-api-key': intakeKey, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
    },
    /** kill -9 and a start on the same disk after `ms`. */
    async resumes(ms = 0) {
      const left = copyOf(state)
      // What the dead one would do does not happen.
      line.up = false
      await satellite.stop()
      main.clock.stall(0)
      await main.passes(`${ms / 1000}s`)
      return startSatellite(main, name, { state: left, environment, key: secret })
    },
  }
}

/** Time passes until everything of a satellite is at the main; log lines are stored by real threads. */
async function arrives(
  main: TestApp,
  satellite: { status(): { waiting: { requests: number }; parts: { main: { ok: boolean } } } },
) {
  await until(async () => {
    await main.passes('1s')
    const { waiting, parts } = satellite.status()
    return waiting.requests === 0 && parts.main.ok
  }, 'everything to arrive')
}

async function searches(main: TestApp, query: string) {
  const { logs } = await main.result<{ logs: { message: string; received_at: string }[] }>(
    `logs search ${query} --limit 50`,
  )
  return logs
}

describe('a satellite', () => {
  it('forwards beats and lines with the times at which it received them', async () => {
    const { store, start } = await newStore()
    const main = await startApp({ store, start })
    const beat = await main.hasCheck('nightly --every 1h --grace 5m')
    const { key } = await main.result<{ key: { secret: string } }>('keys create default')
    const berlin = await startSatellite(main)
    const began = main.clock.now()
    berlin.line.up = false
    const pinged = await berlin.request(`/ping/${beat.check.uuid}`)
    expect([pinged.status, await pinged.text()]).toEqual([200, 'OK'])
    const logged = await berlin.logs(key.secret, [
      { message: 'one', source: 'api' },
      '',
      { message: 'two', source: 'api' },
    ])
    expect(await logged.json()).toMatchObject({ accepted: 2, rejected: 1 })
    await main.passes('1m')
    expect(await main.check('nightly')).toMatchObject({ beats: 0 })
    berlin.line.up = true
    await arrives(main, berlin)
    expect(await main.check('nightly')).toMatchObject({ beats: 1, last_beat_at: new Date(began).toISOString() })
    const lines = await searches(main, 'source:api')
    expect(lines.map(({ message }) => message).sort()).toEqual(['one', 'two'])
    expect(lines.map(line => line.received_at)).toEqual(Array(2).fill(new Date(began).toISOString()))
    const { satellite } = await main.result<{ satellite: object }>('satellites show berlin')
    expect(satellite).toMatchObject({ state: 'up', beats: 1, lines: 2, refused: 0, checks: 1, address: '192.0.2.7' })
    await main.stop()
  })

  it('stores everything once, although answers are lost and both sides die', async () => {
    const { store, start } = await newStore()
    let main = await startApp({ store, start })
    const beat = await main.hasCheck('job --every 1h --grace 5m')
    const { key } = await main.result<{ key: { secret: string } }>('keys create default')
    let berlin = await startSatellite(main)
    berlin.line.losesAnswers = true
    for (let i = 0; i < 3; i++) {
      await berlin.request(`/ping/${beat.check.uuid}`)
      await berlin.logs(key.secret, [{ message: `line ${i}`, source: 'once' }])
      const { requests } = berlin.line
      await until(async () => {
        await main.passes('1s')
        return berlin.line.requests >= requests + 2
      }, 'two reports')
    }
    // A client that lost the answer sends its request again.
    const keyed = { 'idempotency-key': 'k1' }
    for (let i = 0; i < 2; i++) await berlin.logs(key.secret, [{ message: 'keyed', source: 'once' }], keyed)
    // Two reports of lines may have come before that of the last beat.
    await until(async () => {
      await main.passes('1s')
      return Number((await main.check('job')).beats) >= 3
    }, 'the last beat')
    expect(await main.check('job')).toMatchObject({ beats: 3 })
    berlin = await berlin.resumes()
    const left = berlin.state
    main = await main.restarts('5s', 'killed')
    berlin = await startSatellite(main, 'berlin', { state: copyOf(left), key: berlin.key })
    await berlin.logs(key.secret, [{ message: 'keyed', source: 'once' }], keyed)
    await arrives(main, berlin)
    expect(await main.check('job')).toMatchObject({ beats: 3 })
    const lines = await searches(main, 'source:once')
    expect(lines.map(({ message }) => message).sort()).toEqual(['keyed', 'line 0', 'line 1', 'line 2'])
    await main.stop()
  })

  it('sends again what the main could not store, and nothing of the rest is stored twice', async () => {
    const { store: taking, taken } = takingStore()
    let isBusy = true
    const append = (batch: Batch) =>
      isBusy ? Promise.reject(new Problem('busy', 'The disk is full.')) : taking.append(batch)
    const main = await startApp({ store: { ...taking, append } as LogStore })
    const beat = await main.hasCheck('job --every 1h')
    const { key } = await main.result<{ key: { secret: string } }>('keys create default')
    const berlin = await startSatellite(main)
    await berlin.logs(key.secret, { message: 'waits' })
    await berlin.request(`/ping/${beat.check.uuid}`)
    await main.passes('20s')
    expect(await main.check('job')).toMatchObject({ beats: 1 })
    expect(berlin.status()).toMatchObject({
      waiting: { requests: 1 },
      parts: { main: { message: 'The disk is full.' } },
    })
    isBusy = false
    await arrives(main, berlin)
    expect(await main.check('job')).toMatchObject({ beats: 1 })
    expect(taken()).toBe(1)
    await main.stop()
  })

  it('that is silent raises one card, and no check behind it is blamed', async () => {
    const main = await startApp()
    const behind = await main.hasCheck('behind --every 1m --grace 1m')
    const direct = await main.hasCheck('direct --every 1m --grace 1m')
    const berlin = await startSatellite(main)
    await berlin.request(`/ping/${behind.check.uuid}`)
    await direct()
    await main.passes('10s')
    berlin.line.up = false
    for (let minute = 0; minute < 3; minute++) {
      await berlin.request(`/ping/${behind.check.uuid}`)
      await direct()
      await main.passes('1m')
    }
    expect(main.titles()).toEqual(['Warning: The satellite berlin is silent'])
    expect(main.cardText()).toContain('1 check with beats through it is not evaluated meanwhile')
    berlin.line.up = true
    await main.passes('30s')
    expect(main.titles()).toEqual(['Resolved: The satellite berlin is silent'])
    expect(await main.check('behind')).toMatchObject({ beats: 4, misses: 0 })
    await main.stop()
  })

  it('that comes back without a beat of its check lets the check go down, for its own deadline', async () => {
    const main = await startApp()
    const behind = await main.hasCheck('behind --every 1m --grace 1m')
    const berlin = await startSatellite(main)
    await berlin.request(`/ping/${behind.check.uuid}`)
    await main.passes('10s')
    const deadline = (await main.check('behind')).down_at
    berlin.line.up = false
    await main.passes('4m')
    expect(await main.check('behind')).toMatchObject({ status: 'late' })
    berlin.line.up = true
    await main.passes('30s')
    expect(main.titles().at(-1)).toBe('Critical: behind sent no beat')
    expect(await main.check('behind')).toMatchObject({ status: 'down' })
    const { alerts } = await main.result<{ alerts: { title: string; since: string }[] }>('alerts list')
    expect(alerts.find(({ title }) => /behind/.test(title))).toMatchObject({ since: deadline })
    await main.stop()
  })

  it('that did not run gives its checks that time', async () => {
    const main = await startApp()
    const behind = await main.hasCheck('behind --every 2m --grace 30s')
    let berlin = await startSatellite(main)
    await berlin.request(`/ping/${behind.check.uuid}`)
    await main.passes('10s')
    berlin = await berlin.resumes(10 * 60_000)
    await main.passes('1m')
    expect(await main.check('behind')).toMatchObject({ status: 'up' })
    await main.passes('3m')
    expect(await main.check('behind')).toMatchObject({ status: 'down' })
    expect(main.titles()).toEqual(['Resolved: The satellite berlin is silent', 'Critical: behind sent no beat'])
    await main.stop()
  })

  it('knows a new check and key at once, and never answers 404 for what it cannot know', async () => {
    const main = await startApp()
    const berlin = await startSatellite(main)
    const beat = await main.hasCheck('new --every 1h')
    await main.passes('2s')
    expect((await berlin.request(`/ping/${beat.check.uuid}`)).status).toBe(200)
    const unknown = '/ping/00000000-0000-4000-8000-000000000000'
    await main.passes('2s')
    expect((await berlin.request(unknown)).status).toBe(404)
    berlin.line.up = false
    await main.passes('10s')
    const { key } = await main.result<{ key: { secret: string } }>('keys create default')
    for (const response of [await berlin.request(unknown), await berlin.logs(key.secret, { message: 'x' })]) {
      expect(response.status).toBe(503)
      expect(response.headers.get('retry-after')).toBe('5')
    }
    const wrong = await berlin.request('/api/alerts', { method: 'POST', body: '{}' })
    expect([wrong.status, ((await wrong.json()) as { error: { message: string } }).error.message]).toEqual([
      404,
      'A satellite takes beats and log lines only. Send everything else to http://vakt.test.',
    ])
    await main.stop()
  })

  it('creates checks by slug, and beats that come late change the history only', async () => {
    const main = await startApp()
    const berlin = await startSatellite(main)
    const { project } = await main.result<{ project: { ping_key: string } }>('projects show')
    const slug = `/ping/${project.ping_key}/fresh?create=1&period=1h`
    berlin.line.up = false
    const answers = [await berlin.request(slug), await berlin.request(slug)]
    expect(answers.map(({ status }) => status)).toEqual([201, 200])
    await main.passes('1m')
    await main.request(slug)
    const direct = (await main.check('fresh')).last_beat_at
    berlin.line.up = true
    await main.passes('20s')
    expect(await main.check('fresh')).toMatchObject({ beats: 3, last_beat_at: direct, status: 'up' })
    await main.stop()
  })

  it('whose disk limit is reached answers 503, and says how often', async () => {
    const main = await startApp()
    const { key } = await main.result<{ key: { secret: string } }>('keys create default')
    const beat = await main.hasCheck('job --every 1m --grace 1m')
    const berlin = await startSatellite(main, 'berlin', { environment: { SATELLITE_DISK_BUDGET: '11MB' } })
    await berlin.request(`/ping/${beat.check.uuid}`)
    await main.passes('6s')
    berlin.line.up = false
    await main.passes('6s')
    const large = Array.from({ length: 90 }, (_, i) => ({ message: `${i} ${'x'.repeat(60_000)}` }))
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await berlin.logs(key.secret, large)).status)
    expect(statuses).toEqual([200, 200, 503])
    expect((await berlin.request(`/ping/${beat.check.uuid}`)).status).toBe(200)
    expect(await (await berlin.request('/metrics')).text()).toContain('vakt_satellite_refused_total 1')
    expect(berlin.status()).toMatchObject({ ready: true, parts: { main: { ok: false } } })
    await main.stop()
  })

  it('that had no room for beats gives their checks that time, also without a beat after it', async () => {
    const main = await startApp()
    const { key } = await main.result<{ key: { secret: string } }>('keys create default')
    const beat = await main.hasCheck('job --every 5m --grace 1m')
    const berlin = await startSatellite(main, 'berlin', { environment: { SATELLITE_DISK_BUDGET: '11MB' } })
    const ping = (body = '') => berlin.request(`/ping/${beat.check.uuid}`, { method: 'POST', body })
    await ping()
    await main.passes('6s')
    berlin.line.up = false
    const large = Array.from({ length: 90 }, (_, i) => ({ message: `${i} ${'x'.repeat(60_000)}` }))
    while ((await berlin.logs(key.secret, large)).status === 200);
    while ((await ping('x'.repeat(90_000))).status === 200);
    for (let i = 0; i < 3; i++) {
      await main.passes('5m')
      expect((await ping('x'.repeat(90_000))).status).toBe(503)
    }
    berlin.line.up = true
    await arrives(main, berlin)
    await main.passes('30s')
    expect(await main.check('job')).toMatchObject({ status: 'up' })
    await main.stop()
  })

  it('whose disk is full gives its checks that time', async () => {
    const main = await startApp()
    const beat = await main.hasCheck('job --every 1m --grace 1m')
    const state = memoryState()
    const berlin = await startSatellite(main, 'berlin', { state })
    const ping = async () => (await berlin.request(`/ping/${beat.check.uuid}`)).status
    expect(await ping()).toBe(200)
    await main.passes('6s')
    state.setFence(() => {
      throw new Problem('busy', 'The disk is full.', { isStorage: true })
    })
    for (let i = 0; i < 3; i++) {
      await main.passes('1m')
      expect(await ping()).toBe(503)
    }
    // It is not ready, and does not blame its main.
    const answer = await berlin.request('/readyz')
    const { parts } = (await answer.json()) as { parts: { spool: { message: string }; main: { message: string } } }
    expect([answer.status, parts.spool.message]).toEqual([503, 'The disk is full.'])
    expect(parts.main.message).toBe('This satellite cannot report: The disk is full.')
    state.setFence(() => {})
    await arrives(main, berlin)
    await main.passes('30s')
    expect((await berlin.request('/readyz')).status).toBe(200)
    expect((await main.check('job')).status).not.toBe('down')
    expect(berlin.notices).toEqual([])
    await main.stop()
  })

  it('restored from an old copy of its disk sends what it takes after that', async () => {
    const main = await startApp()
    const beat = await main.hasCheck('job --every 1h')
    const state = memoryState()
    const berlin = await startSatellite(main, 'berlin', { state })
    await berlin.request(`/ping/${beat.check.uuid}`)
    await arrives(main, berlin)
    const old = copyOf(state)
    for (let i = 0; i < 5; i++) await berlin.request(`/ping/${beat.check.uuid}`)
    await arrives(main, berlin)
    await berlin.stop()
    const restored = await startSatellite(main, 'berlin', { state: old, key: berlin.key })
    for (let i = 0; i < 3; i++) await restored.request(`/ping/${beat.check.uuid}`)
    await arrives(main, restored)
    expect(await main.check('job')).toMatchObject({ beats: 9 })
    await main.stop()
  })

  it('of which a copy ran while it was cut off loses nothing of either', async () => {
    const main = await startApp()
    const beat = await main.hasCheck('job --every 1h')
    const state = memoryState()
    const berlin = await startSatellite(main, 'berlin', { state })
    await berlin.request(`/ping/${beat.check.uuid}`)
    await arrives(main, berlin)
    berlin.line.up = false
    // What waits is copied, too, and arrives from both.
    await berlin.request(`/ping/${beat.check.uuid}`)
    const copy = await startSatellite(main, 'berlin', {
      state: copyOf(state),
      key: berlin.key,
      place: 'another machine',
    })
    for (let i = 0; i < 3; i++) await copy.request(`/ping/${beat.check.uuid}`)
    for (let i = 0; i < 4; i++) await berlin.request(`/ping/${beat.check.uuid}`)
    await main.passes('20s')
    await arrives(main, copy)
    expect(await main.check('job')).toMatchObject({ beats: 5 })
    berlin.line.up = true
    await main.passes('20s')
    expect(berlin.status().parts.main.message).toMatch(/^409: Another satellite reports with the key of berlin/)
    expect(main.titles()).toContain('Warning: Two satellites run as berlin')
    await copy.stop()
    await arrives(main, berlin)
    expect(await main.check('job')).toMatchObject({ beats: 9 })
    await main.stop()
  })

  it('that was killed while the main still stored its report is not taken for two', async () => {
    const { store: taking } = takingStore()
    const waiting: (() => void)[] = []
    let isSlow = true
    const append = async (batch: Batch) => {
      if (isSlow) await new Promise<void>(done => void waiting.push(done))
      return taking.append(batch)
    }
    const main = await startApp({ store: { ...taking, append } as LogStore })
    const { key } = await main.result<{ key: { secret: string } }>('keys create default')
    const state = memoryState()
    const berlin = await startSatellite(main, 'berlin', { state })
    await berlin.logs(key.secret, { message: 'slow' })
    await main.passes('2s')
    expect(waiting).toHaveLength(1)
    berlin.line.up = false
    const next = await startSatellite(main, 'berlin', { state: copyOf(state), key: berlin.key })
    await main.passes('10s')
    // The report of the one that died is stored now, while the next one reports.
    isSlow = false
    expect(waiting).toHaveLength(2)
    waiting[1]!()
    await main.passes('1s')
    waiting[0]!()
    for (let i = 0; i < 6; i++) {
      await next.logs(key.secret, { message: `next ${i}` })
      await main.passes('6s')
      expect([next.status().parts.main, main.titles()]).toEqual([{ ok: true, message: null }, []])
    }
    await main.stop()
  })

  it('that was killed is not taken for two, whatever was still on its way and however both streams begin', async () => {
    const main = await startApp()
    const berlin = await startSatellite(main)
    await main.passes('6s')
    berlin.line.up = false
    const old = decodeReport(Buffer.from(berlin.sent.at(-1)!.body as Uint8Array)).report
    const headers = { ...(berlin.sent.at(-1)!.headers as Record<string, string>) }
    const posts = (changes: Partial<SatelliteReport>, end: Promise<unknown> = Promise.resolve()) => {
      const bytes = encodeReport({ ...old, now: main.clock.now(), ...changes }, [])
      const body = new ReadableStream({
        async start(stream) {
          stream.enqueue(bytes)
          await end
          stream.close()
        },
      })
      return main.request('/api/satellite/report', { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
    }
    const link = (id: string, after: string | null, ...unanswered: string[]) => ({ id, after, unanswered })
    const next = { instance: 'next', run: 'next', chain: link('a', null, 'a') }
    let token: string | null = null
    const beats = async (id: string, ...unanswered: string[]) => {
      const answer = await posts({ ...next, kind: 'beats', chain: link(id, token, ...unanswered, id) })
      if (answer.status === 200) token = ((await answer.json()) as { token: string }).token
      return answer.status
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    const lines = posts({ ...next, kind: 'lines' }, promise)
    await settled()
    expect(await beats('b', 'a')).toBe(200)
    resolve()
    expect((await lines).status).toBe(200)
    expect(await beats('c')).toBe(200)
    // Of the run that was killed; and of this one, which gave it up and sent another one.
    expect((await posts({ now: old.now })).status).toBe(409)
    expect((await posts({ ...next, kind: 'beats' })).status).toBe(409)
    await main.passes('6s')
    expect(await beats('d')).toBe(200)
    await main.passes('6s')
    expect(main.titles()).toEqual([])
    // Sent after the next run had begun: two machines.
    expect((await posts({})).status).toBe(409)
    expect(await beats('e')).toBe(200)
    await main.passes('6s')
    expect(main.titles()).toEqual(['Warning: Two satellites run as berlin'])
    await main.stop()
  })

  it('that is a clone of a running machine is refused, and nothing of the first is lost', async () => {
    const main = await startApp()
    const beat = await main.hasCheck('job --every 1h')
    const berlin = await startSatellite(main)
    await berlin.request(`/ping/${beat.check.uuid}`)
    await arrives(main, berlin)
    // The clone goes on as the same process: its next report follows an answer that the first has used.
    const sent = berlin.sent.at(-1)!
    await main.passes('6s')
    const headers = { ...(sent.headers as Record<string, string>) }
    const answer = await main.request('/api/satellite/report', { method: 'POST', headers, body: sent.body as Buffer })
    expect([answer.status, ((await answer.json()) as { error: { message: string } }).error.message]).toEqual([
      409,
      expect.stringContaining('Another satellite reports with the key of berlin'),
    ])
    await main.passes('10s')
    expect(main.titles()).toEqual(['Warning: Two satellites run as berlin'])
    expect(berlin.status().parts.main.ok).toBe(true)
    await main.stop()
  })

  it('has a key of its own, which opens nothing else, and no other key opens its routes', async () => {
    const main = await startApp()
    const berlin = await startSatellite(main)
    const { key } = await main.result<{ key: { secret: string } }>('keys create default --role admin')
    const bearer = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } })
    for (const secret of [key.secret, 'admin-key-for-tests', 'vakt_satellite_wrong'])
      expect((await main.request('/api/satellite/directory', bearer(secret))).status).toBe(401)
    const commands = await main.request('/api/commands', {
      method: 'POST',
      ...bearer(berlin.key),
      body: '{"line":"status"}',
    })
    expect(commands.status).toBe(401)
    expect((await main.request('/api/satellite/directory', bearer(berlin.key))).status).toBe(200)
    const broken = { method: 'POST', ...bearer(berlin.key), body: 'not a report' }
    expect((await main.request('/api/satellite/report', broken)).status).toBe(400)
    expect(redact(`key ${berlin.key}`)).not.toContain(berlin.key)
    await main.stop()
  })

  it('whose log lines the main cannot store sends its beats all the same, and no check is blamed', async () => {
    const { store: taking } = takingStore()
    const append = () => Promise.reject(new Problem('busy', 'The disk is full.'))
    const main = await startApp({ store: { ...taking, append } as LogStore })
    const beat = await main.hasCheck('job --every 1m --grace 30s')
    const { key } = await main.result<{ key: { secret: string } }>('keys create default')
    const berlin = await startSatellite(main)
    for (let i = 0; i < 5; i++) {
      await berlin.logs(key.secret, { message: `waits ${i}` })
      await berlin.request(`/ping/${beat.check.uuid}`)
      await main.passes('50s')
      expect(await main.check('job')).toMatchObject({ beats: i + 1, status: 'up' })
    }
    expect(berlin.status().waiting.requests).toBe(5)
    // A beat that is missing is noticed, too.
    await main.passes('2m')
    expect(main.titles()).toEqual(['Critical: job sent no beat'])
    await main.stop()
  })

  it('and another one that a check is pinged through: no alarm while the next beat waits at either', async () => {
    const main = await startApp()
    const beat = await main.hasCheck('job --every 1m --grace 30s')
    const [berlin, oslo] = [await startSatellite(main), await startSatellite(main, 'oslo')]
    const ping = (through: typeof berlin) => through.request(`/ping/${beat.check.uuid}`)
    await ping(oslo)
    await main.passes('50s')
    await ping(berlin)
    await main.passes('10s')
    oslo.line.up = false
    for (let i = 0; i < 3; i++) {
      await main.passes('50s')
      await ping(oslo)
    }
    await main.passes('35s')
    expect(main.titles()).toEqual(['Warning: The satellite oslo is silent'])
    expect(main.cardText()).toContain('1 check with beats through it is not evaluated meanwhile')
    oslo.line.up = true
    await arrives(main, oslo)
    await main.passes('5s')
    expect(await main.check('job')).toMatchObject({ beats: 5, status: 'up' })
    expect(main.titles()).toEqual(['Resolved: The satellite oslo is silent'])
    await main.passes('2m')
    expect(main.titles().filter(title => /job/.test(title))).toEqual(['Critical: job sent no beat'])
    await main.stop()
  })

  it('takes a signed request once for all of Vakt, whichever door it comes to', async () => {
    const { store, start } = await newStore()
    const main = await startApp({ store, start })
    const { key } = await main.result<{ key: { id: string; secret: string } }>('keys create default --signed')
    const [berlin, oslo] = [await startSatellite(main), await startSatellite(main, 'oslo')]
    const request = (message: string) => {
      const body = JSON.stringify([{ message, source: 'doors' }])
      const at = main.clock.now()
      const signed = signV2(key, { method: 'POST', path: '/api/logs', body, at })
      return { method: 'POST', headers: { 'content-type': 'application/json', ...signed }, body }
    }
    const [first, second, third] = [request('first'), request('second'), request('third')]
    for (const satellite of [berlin, oslo]) satellite.line.up = false
    // Cut off, no door knows of the others: what arrives first counts.
    for (const door of [berlin, oslo]) expect((await door.request('/api/logs', first)).status).toBe(200)
    expect((await main.request('/api/logs', second)).status).toBe(200)
    expect((await oslo.request('/api/logs', second)).status).toBe(200)
    expect((await berlin.request('/api/logs', third)).status).toBe(200)
    for (const satellite of [berlin, oslo]) {
      satellite.line.up = true
      await arrives(main, satellite)
    }
    expect((await main.request('/api/logs', third)).status).toBe(401)
    expect((await searches(main, 'source:doors')).map(({ message }) => message).sort()).toEqual([
      'first',
      'second',
      'third',
    ])
    const { satellite } = await main.result<{ satellite: object }>('satellites show oslo')
    expect(satellite).toMatchObject({
      refused: 2,
      last_refusal: 'log lines of a signed request that was accepted before, by another way',
    })
    await main.stop()
  })

  it('counts the limits of a project together with the main and the other satellites', async () => {
    const { store: taking } = takingStore()
    const main = await startApp({ store: taking })
    await main.result('projects edit default --rate-limit 10')
    const { key } = await main.result<{ key: { secret: string } }>('keys create default')
    const [berlin, oslo] = [await startSatellite(main), await startSatellite(main, 'oslo')]
    const lines = (n: number) => Array.from({ length: n }, (_, i) => ({ message: `line ${i}` }))
    expect((await berlin.logs(key.secret, lines(6))).status).toBe(200)
    await main.passes('12s')
    const direct = (n: number) =>
      main.request('/api/logs', {
        ...{ method: 'POST', body: JSON.stringify(lines(n)) },
        headers: { 'x-api-key': key.secret, 'content-type': 'application/json' },
      })
    expect([(await direct(5)).status, (await direct(2)).status]).toEqual([429, 200])
    await main.passes('12s')
    expect([(await oslo.logs(key.secret, lines(3))).status, (await oslo.logs(key.secret, lines(2))).status]).toEqual([
      429, 200,
    ])
    await main.passes('3m')
    expect((await oslo.logs(key.secret, lines(10))).status).toBe(200)
    await main.stop()
  })

  it('of another version says so on both sides', async () => {
    const main = await startApp()
    const berlin = await startSatellite(main)
    expect(await main.answerText('satellites list')).toContain('it runs Vakt test-satellite, and this is')
    expect(berlin.status()).toMatchObject({ version: 'test-satellite', main_version: expect.any(String) })
    await main.stop()
  })

  it('sends what an earlier version left in its spool, beats and lines alike', async () => {
    const { store, start } = await newStore()
    const main = await startApp({ store, start })
    const beat = await main.hasCheck('job --every 1h')
    const { key } = await main.result<{ key: { secret: string } }>('keys create default')
    const state = memoryState()
    const berlin = await startSatellite(main, 'berlin', { state })
    berlin.line.up = false
    await berlin.request(`/ping/${beat.check.uuid}`)
    await berlin.logs(key.secret, [{ message: 'old', source: 'old' }])
    await berlin.stop()
    const left = copyOf(state)
    left.prepare('update spool set kind = null, run = null').run()
    const upgraded = await startSatellite(main, 'berlin', { state: left, key: berlin.key })
    await arrives(main, upgraded)
    expect(await main.check('job')).toMatchObject({ beats: 1 })
    expect((await searches(main, 'source:old')).map(({ message }) => message)).toEqual(['old'])
    await main.stop()
  })

  it('takes signed requests, once', async () => {
    const { store, start } = await newStore()
    const main = await startApp({ store, start })
    const { key } = await main.result<{ key: { id: string; secret: string } }>('keys create default --signed')
    const berlin = await startSatellite(main)
    const body = JSON.stringify([{ message: 'signed', source: 'signed' }])
    const headers = {
      'content-type': 'application/json',
      ...signV2(key, { method: 'POST', path: '/api/logs', body, at: main.clock.now() }),
    }
    const answers = [
      await berlin.request('/api/logs', { method: 'POST', headers, body }),
      await berlin.request('/api/logs', { method: 'POST', headers, body }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 401])
    await arrives(main, berlin)
    expect((await searches(main, 'source:signed')).map(({ message }) => message)).toEqual(['signed'])
    await main.stop()
  })

  it('that was removed takes nothing more', async () => {
    const main = await startApp()
    const beat = await main.hasCheck('job --every 1h')
    const environment = { SATELLITE_NOTIFY: 'https://hook.test/secret' }
    const berlin = await startSatellite(main, 'berlin', { environment })
    await main.result('satellites remove berlin --yes')
    await main.passes('2m')
    // The main that refuses it is not silent.
    expect(berlin.notices).toEqual([])
    expect((await berlin.request(`/ping/${beat.check.uuid}`)).status).toBe(503)
    expect((await berlin.request('/readyz')).status).toBe(503)
    await main.stop()
  })

  it('that is removed while its report is on its way is refused', async () => {
    const main = await startApp()
    const berlin = await startSatellite(main)
    await main.passes('6s')
    const { body: bytes, headers } = berlin.sent.at(-1)!
    berlin.line.up = false
    const { promise: removed, resolve } = Promise.withResolvers<void>()
    const body = new ReadableStream({
      async start(stream) {
        stream.enqueue(bytes)
        await removed
        stream.close()
      },
    })
    const answer = main.request('/api/satellite/report', {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
    } as RequestInit)
    await settled()
    await main.result('satellites remove berlin --yes')
    resolve()
    expect((await answer).status).toBe(401)
    await main.stop()
  })

  it('with the key of another one is refused while that one reports', async () => {
    const main = await startApp()
    const berlin = await startSatellite(main)
    const copy = await startSatellite(main, 'berlin', { key: berlin.key, place: 'another machine' })
    await main.passes('30s')
    const { parts } = copy.status()
    expect(parts.main.message).toBe(
      '409: Another satellite reports with the key of berlin, from 192.0.2.7. If this one is a copy of its folder or machine, make a key for it ("satellites add") and start it with an empty folder.',
    )
    expect(berlin.status().parts.main.ok).toBe(true)
    expect(main.titles()).toEqual(['Warning: Two satellites run as berlin'])
    expect(await main.answerText('satellites show berlin')).toContain('Another one runs with its key, at 192.0.2.7')
    await copy.stop()
    await main.passes('90s')
    expect(main.titles()).toEqual(['Resolved: Two satellites run as berlin'])
    await main.stop()
  })

  it('tells people that the main is silent, once, and again when it is back', async () => {
    const main = await startApp()
    const environment = { SATELLITE_NOTIFY: 'https://discord.test/api/webhooks/1/secret' }
    const berlin = await startSatellite(main, 'berlin', { environment })
    await main.passes('10s')
    berlin.line.up = false
    await main.passes('2m')
    expect(berlin.notices).toHaveLength(1)
    expect(JSON.parse(berlin.notices[0]!.body).content).toMatch(
      /^🔴 Vakt at http:\/\/vakt.test is silent\nIt has not answered the satellite .* for 1m.*: connect ECONNREFUSED\./s,
    )
    const resumed = await berlin.resumes()
    await main.passes('20s')
    expect(resumed.notices.map(({ body }) => JSON.parse(body).content.split('\n')[0])).toEqual([
      '🟢 Vakt at http://vakt.test is back',
    ])
    await main.stop()
  })
})

describe('a probe from several places', () => {
  const TARGET = 'https://shop.example.org/'
  const viaAll = `checks add shop --probe ${TARGET} --every 1m --via berlin,oslo,main`

  it('is down when most of those that are up find it down, and the card says from where', async () => {
    const main = await startApp()
    const [berlin, oslo] = [await startSatellite(main), await startSatellite(main, 'oslo')]
    const added = await main.answerText(viaAll)
    expect(added).toContain('Probed from berlin, oslo, main; it is down when most of those that are up find it down.')
    await main.passes('90s')
    expect(await main.check('shop')).toMatchObject({ status: 'up' })
    berlin.answers.set(TARGET, 'no answer within 10 s')
    await main.passes('3m')
    expect(main.titles()).toEqual([])
    expect(await main.answerText('checks show shop')).toContain('🔴 berlin: no answer within 10 s')
    oslo.answers.set(TARGET, 'status 503')
    await main.passes('2m')
    expect(main.titles()).toEqual(['Critical: shop is down: no answer within 10 s from berlin; status 503 from oslo'])
    expect(main.cardText()).toContain('Down from berlin (no answer within 10 s), oslo (status 503). Up from main.')
    berlin.answers.clear()
    await main.passes('90s')
    expect(main.titles()[0]).toMatch(/^Resolved: shop is down/)
    expect(main.cardText()).toContain('Down from oslo (status 503). Up from berlin, main.')
    await main.stop()
  })

  it('does not count a satellite that is silent', async () => {
    const main = await startApp()
    const [berlin, oslo] = [await startSatellite(main), await startSatellite(main, 'oslo')]
    await main.result(viaAll)
    await main.passes('2m')
    oslo.line.up = false
    main.answers.set(TARGET, { ok: false, message: 'status 500', durationMs: null })
    await main.passes('3m')
    // One of two that are up is not most of them.
    expect(main.titles()).toEqual(['Warning: The satellite oslo is silent'])
    berlin.answers.set(TARGET, 'status 500')
    await main.passes('2m')
    expect(main.titles()[1]).toBe('Critical: shop is down: status 500 from berlin, main')
    await main.stop()
  })

  it('takes a quorum, only places that exist, and no command', async () => {
    const main = await startApp()
    const berlin = await startSatellite(main)
    const probe = `--probe ${TARGET} --every 1m`
    expect(await main.answerText(`checks add a ${probe} --via paris`)).toMatch(
      /^There is no satellite "paris"\. Satellites: berlin/,
    )
    expect(await main.answerText(`checks add a ${probe} --via berlin --quorum 2`)).toMatch(/^2 of 1 can never agree/)
    expect(await main.answerText(`checks add a ${probe} --quorum 2`)).toMatch(/^2 of 1 can never agree/)
    expect(await main.answerText('checks add a --via berlin')).toMatch(/^--via belongs to a probe/)
    const { check } = await main.result<{ check: { probe: object } }>(
      `checks add a ${probe} --via berlin --via main --quorum 1`,
    )
    expect(check.probe).toMatchObject({ via: ['berlin', 'main'], quorum: 1 })
    await main.passes('1m')
    berlin.answers.set(TARGET, 'status 500')
    await main.passes('2m')
    expect(main.titles()).toEqual(['Critical: a is down: status 500 from berlin'])
    expect(await main.answerText('satellites remove berlin')).toMatch(
      /^1 check is probed from berlin\. Change it first/,
    )
    await main.result('checks edit a --via main')
    await main.result('satellites remove berlin --yes')
    expect((await main.result<{ check: { probe: object } }>('checks show a')).check.probe).toMatchObject({
      via: [],
      quorum: null,
    })
    await main.stop()
  })
})
