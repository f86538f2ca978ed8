// Stories of probes: Vakt looks for itself, alerts after two failures, and blames nothing while it is offline.
import { describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'

const SHOP = 'https://shop.example.org/health'
const DOWN = { ok: false, message: 'status 503', durationMs: 45 }
const environment = { CONNECTIVITY_TARGETS: 'tcp://1.1.1.1:443 dns://example.org https://example.org' }

type Shown = {
  check: {
    status: string
    beats: number
    ping_url: string | null
    probe: {
      last: { ok: boolean; message: string } | null
      response_ms: { p50: number | null; p95: number | null }
      availability: Record<string, number | null>
      known_ms: Record<string, number>
      certificate: { days: number } | null
    }
  }
}
const show = async (app: TestApp, name = 'shop') => (await app.result<Shown>(`checks show ${name}`)).check

describe('a probe', () => {
  it('looks every minute, alerts after two failures and ends with the first answer', async () => {
    const app = await startApp()
    await app.result(`checks add shop --probe ${SHOP} --every 1m`)
    await app.passes('2s')
    const first = await show(app)
    expect(first).toMatchObject({ status: 'up', ping_url: null })
    // Its place in the minute may be in these two seconds.
    expect([1, 2]).toContain(first.beats)
    await app.passes('10m')
    expect((await show(app)).beats).toBe(first.beats + 10)
    expect((await show(app)).probe).toMatchObject({
      last: { ok: true, message: 'status 200' },
      response_ms: { p50: 20, p95: 20 },
      availability: { '24h': 1, '90d': 1 },
    })
    // One failure is none, whether or not the next probe comes early.
    app.answers.set(SHOP, DOWN)
    await app.passes('61s')
    app.answers.delete(SHOP)
    await app.passes('2m')
    const failures = (await app.result<{ beats: { kind: string }[] }>('checks beats shop --limit 5')).beats
    expect(failures.filter(({ kind }) => kind === 'fail').length).toBeGreaterThan(0)
  })

  it('shows what it got, since when, and offers another look', async () => {
    const app = await startApp()
    await app.result(`checks add shop --probe ${SHOP} --expect json.status=ok --severity warning --owner Ann`)
    await app.passes('5m')
    app.answers.set(SHOP, { ...DOWN, excerpt: '{"password": "hunter2xyz", "error": "db"}' })
    await app.passes('80s')
    expect(app.titles()).toEqual(['Warning: shop is down: status 503'])
    const text = app.cardText()
    expect(text).toContain(`${SHOP}, expects status 200-299 and "json.status=ok" within 10s.`)
    expect(text).toContain('Got: status 503 after 45 ms from 192.0.2.1.')
    expect(text).toContain('2 failures in a row; it alerts after 2.')
    expect(text).toContain('🟩🟩🟩🟩🟩🟥🟥')
    expect(text).not.toContain('hunter2xyz')
    expect(app.channel.messages[0]!.card.buttons!.map(({ label }) => label)).toContain('Probe now')
    const { alerts } = await app.result<{ alerts: { id: number; version: number; detector: string }[] }>('alerts list')
    expect(alerts[0]!.detector).toBe('probe')
    // The same failure again is nothing new; another one is.
    await app.passes('10m')
    expect((await app.result<typeof listed>('alerts list')).alerts[0]!.version).toBe(alerts[0]!.version)
    app.answers.set(SHOP, { ...DOWN, message: 'shop.example.org refuses the connection', durationMs: null })
    await app.passes('1m')
    expect(app.titles()).toEqual(['Warning: shop is down: shop.example.org refuses the connection'])
    app.answers.delete(SHOP)
    await app.passes('1m')
    expect(app.titles()).toEqual([expect.stringMatching(/^Resolved: shop is down/)])
    expect(app.cardText()).toContain('It answers again since')
    expect((await show(app)).probe.availability['24h']).toBeCloseTo(1 - 12 / 17, 1)
    const listed = { alerts }
  })

  it('is asked again soon after a first failure, so that an outage is known within seconds', async () => {
    const app = await startApp()
    await app.result(`checks add shop --probe ${SHOP} --every 10m`)
    await app.passes('2s')
    app.answers.set(SHOP, DOWN)
    await app.says('checks probe shop')
    expect(app.titles()).toEqual([])
    await app.passes('10m')
    const { alerts } = await app.result<{ alerts: { fired_at: string }[] }>('alerts list')
    expect(Date.parse(alerts[0]!.fired_at)).toBeLessThan(app.clock.now())
    expect(await show(app)).toMatchObject({ status: 'down' })
  })

  it('shows the end of a certificate, and warns of one that ends soon until it is renewed', async () => {
    const app = await startApp()
    const day = 86_400_000
    app.answers.set(SHOP, { certificateEndsAt: app.clock.now() + 9.5 * day })
    await app.result(`checks add shop --probe ${SHOP}`)
    await app.passes('2s')
    expect(app.titles()).toEqual(['Warning: The certificate of shop.example.org ends in 9 days'])
    expect(await show(app)).toMatchObject({ status: 'up', probe: { certificate: { days: 9 } } })
    app.answers.set(SHOP, { certificateEndsAt: app.clock.now() + 90 * day })
    await app.passes('1m')
    expect(app.titles()).toEqual([expect.stringContaining('Resolved: The certificate of shop.example.org')])
  })
})

describe('while Vakt', () => {
  it('is offline, a failure counts for nobody but targets of the local network', async () => {
    const app = await startApp({ environment })
    await app.result(`checks add shop --probe ${SHOP} --every 30s`)
    await app.result('checks add near --probe tcp://10.0.0.5:22 --every 30s --lan')
    await app.passes('5m')
    app.internet.up = false
    app.answers.set(SHOP, DOWN)
    app.answers.set('tcp://10.0.0.5:22', DOWN)
    await app.passes('10m')
    expect(app.titles()).toEqual(['Warning: Vakt is offline', 'Critical: near is down: status 503'])
    expect(await show(app)).toMatchObject({ status: 'up' })
    app.internet.up = true
    app.answers.clear()
    await app.passes('5m')
    const { availability, known_ms } = (await show(app)).probe
    expect(availability['24h']).toBe(1)
    // The time offline is not known.
    expect(known_ms['24h']).toBeLessThan(11.5 * 60_000)
    expect(app.titles().filter(title => title.includes('shop'))).toEqual([])
  })

  it('was stopped, the time is not known, and the first probe comes soon after the start', async () => {
    const first = await startApp()
    await first.result(`checks add shop --probe ${SHOP} --every 1m`)
    await first.passes('5m')
    const app = await first.restarts('2h', 'killed')
    await app.passes('11s')
    expect((await show(app)).beats).toBeGreaterThan(5)
    expect((await show(app)).probe.known_ms['24h']).toBeLessThan(7 * 60_000)
    expect(app.titles().filter(title => title.includes('shop'))).toEqual([])
  })
})

describe('people', () => {
  it('pause, edit, resume and remove a probe', async () => {
    const app = await startApp()
    await app.result(`checks add shop --probe ${SHOP} --every 30s`)
    await app.passes('1m')
    await app.result('checks pause shop')
    const made = app.probes()
    await app.passes('5m')
    expect(app.probes()).toBe(made)
    await app.result('checks resume shop')
    app.answers.set('tcp://shop.example.org:443', DOWN)
    await app.result('checks edit shop --probe tcp://shop.example.org:443')
    await app.passes('1m')
    expect(app.titles()).toEqual(['Critical: shop is down: status 503'])
    await app.result('checks remove shop --yes')
    await app.passes('1m')
    expect(app.titles()).toEqual(['Resolved: shop is down: status 503'])
  })

  it('read response times as a chart and as numbers', async () => {
    const app = await startApp()
    await app.result(`checks add shop --probe ${SHOP} --every 10s`)
    for (const ms of [10, 20, 30, 400]) {
      app.answers.set(SHOP, { durationMs: ms })
      await app.passes('5m')
    }
    const graph = await app.result<{ p50: number; p95: number; series: { points: object[] }[] }>(
      'checks graph shop --last 1h',
    )
    expect([graph.p50, graph.p95, graph.series.length, graph.series[0]!.points.length]).toEqual([20, 400, 2, 120])
    expect(await app.answerText('checks show shop')).toMatch(/p50 20 ms, p95 400 ms/)
    expect(await app.answerText('checks list')).toContain('last probe')
    expect(await app.answerText('checks graph nothing')).toContain('There is no check')
  })
})

describe('addresses', () => {
  const key = { platform: 'http', id: 'k_1', key: { role: 'admin' as const, project: 'default' } }
  const responder = { admin: false, id: '77' }

  it.each([
    ['the metadata of a cloud, for nobody', {}, 'http://169.254.169.254/latest/', 'never connects'],
    ['metadata in IPv6 writing, for nobody', {}, 'http://[::ffff:a9fe:a9fe]/', 'never connects'],
    ['a private address, for a key of a project', key, 'http://10.0.0.1/', 'not a public address'],
    ['this machine by a number, for a key', key, 'http://2130706433/', 'not a public address'],
    ['this machine by its name, for a key', key, 'http://localhost:9200/', 'not a public address'],
    ['a private port, for a person who is no admin', responder, 'tcp://192.168.0.1:22', 'not a public address'],
    ['a private name server, for a key', key, 'dns:example.org?server=10.0.0.53', 'not a public address'],
    ['a URL with a password', {}, 'https://ann:secret@shop.example.org/', '--header'],
    ['a thing that is none', {}, 'gopher://x', 'is nothing that can be probed'],
  ])('refuse %s', async (_, speaker, target, why) => {
    const app = await startApp()
    const reply = await app.says(`checks add x --probe "${target}"`, speaker)
    expect(reply.ok ? 'ok' : reply.problem.message).toContain(why)
  })

  it('that the owner allows are for everybody, and admins reach all others', async () => {
    const app = await startApp({ environment: { PROBE_ALLOW: '10.1.0.0/16' } })
    expect((await app.says('checks add a --probe http://10.1.2.3/', key)).ok).toBe(true)
    expect((await app.says('checks add b --probe http://10.2.2.3/', key)).ok).toBe(false)
    expect((await app.says('checks add b --probe http://10.2.2.3/')).ok).toBe(true)
    const edit = await app.says('checks edit b --expect "secret"', key)
    expect(edit.ok ? 'ok' : edit.problem.message).toContain('An admin set up this probe')
  })

  it('commands on hosts are for admins', async () => {
    const app = await startApp()
    await app.result('hosts add here local')
    const refused = await app.says('checks add n --on here --run true', responder)
    expect(refused.ok ? 'ok' : refused.problem.message).toContain('Only an admin may say what runs on a host')
    expect((await app.says('checks add n --on here --run true')).ok).toBe(true)
  })

  it('the values of headers are in no answer and not in the audit', async () => {
    const app = await startApp()
    await app.result(`checks add shop --probe ${SHOP} --header "Authorization: Bearer s3cr3t" --header "X-A: b"`)
    const answers = ['checks show shop', 'checks list', 'audit'].map(line => app.says(line))
    const text = JSON.stringify(await Promise.all(answers))
    expect(text).toContain('"headers":["Authorization","X-A"]')
    expect(text).not.toContain('s3cr3t')
  })
})

describe('settings that do not fit', () => {
  it.each([
    ['checks add x --every 1m --expect ok', '--expect belongs to a probe'],
    ['checks add x --probe tcp://db:5432 --expect ok', 'A tcp probe has no --expect'],
    ['checks add x --probe tcp://db', 'is no target of a tcp probe'],
    ['checks add x --probe https://a.example --expect-status 700', '"700" is not a status'],
    ['checks add x --probe https://a.example --expect "/(/"', 'never closed'],
    ['checks add x --probe https://a.example --timeout 5m', 'at most 1m'],
    ['checks add x --probe https://a.example --header broken', 'Name: value'],
    ['checks add x --probe https://a.example --max-runtime 5m', '--max-runtime is about beats'],
    ['checks add x --probe https://a.example --on web-1 --run true', 'not both'],
    ['checks add x --run true', '--on web-1'],
    ['checks add x --probe dns:a.example?type=WKS', 'is no type of record'],
    ['checks edit nightly --probe https://a.example', 'waits for beats'],
    ['checks probe nightly', 'waits for beats'],
  ])('%s', async (line, why) => {
    app ??= await startApp()
    await app.says('checks add nightly --every 1d')
    const reply = await app.says(line)
    expect(reply.ok ? 'ok' : reply.problem.message).toContain(why)
  })
  let app: TestApp | undefined
})
