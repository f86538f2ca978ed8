// Alerts that other programs report: what becomes of them, repeats, ends, and everything that can be wrong.
import { createHmac } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { GITHUB, GRAFANA, KUMA, SENTRY_EVENT } from '../protocols/alerts/payloads.testing.ts'

let app: TestApp
let key: string
beforeEach(async () => {
  app = await startApp()
  await app.result('projects add shop')
  key = (await app.result<{ key: { secret: string } }>('keys create shop')).key.secret
})

const send = async (path: string, body: unknown, shown = key) => {
  const headers = { authorization: `Bearer ${shown}`, 'content-type': 'application/json' }
  const response = await app.request(path, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
const alerts = async () => (await app.result<{ alerts: Record<string, unknown>[] }>('alerts history')).alerts

/** A notification as Alertmanager 0.28 sends it. */
const notification = (status: 'firing' | 'resolved', more: object = {}) => ({
  version: '4',
  groupKey: '{}:{alertname="DiskFull"}',
  truncatedAlerts: 0,
  status,
  receiver: 'vakt',
  groupLabels: { alertname: 'DiskFull' },
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://alertmanager:9093',
  alerts: [
    {
      status,
      labels: { alertname: 'DiskFull', instance: 'db-1:9100', job: 'node', severity: 'page' },
      annotations: {
        summary: 'The disk of db-1 is full',
        description: '97 % of /data',
        runbook_url: 'https://runbooks.example.org/disk',
      },
      startsAt: '2026-03-02T08:50:00.000Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus:9090/graph?g0.expr=x',
      fingerprint: 'c3b2a1',
      ...more,
    },
  ],
})

it('a body is understood with a byte order mark, in UTF-16 and in the charset that it names', async () => {
  const text = JSON.stringify({ key: 'k', title: 'Überlauf' })
  const bodies: [Buffer, string][] = [
    [Buffer.from(`\uFEFF${text}`), 'application/json'],
    [Buffer.from(`\uFEFF${text}`, 'utf16le'), 'application/json'],
    [Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(), 'text/plain'],
    [Buffer.from(text, 'latin1'), 'application/json; charset=iso-8859-1'],
  ]
  for (const [body, type] of bodies) {
    const headers = { authorization: `Bearer ${key}`, 'content-type': type }
    const { status } = await app.request('/api/alerts', { method: 'POST', headers, body: new Uint8Array(body) })
    expect(status).toBe(200)
  }
  expect(await alerts()).toMatchObject([{ title: 'Überlauf', count: 1 }])
})

it('two alerts of Prometheus that differ only in a long value, or in a name beyond ASCII, are two', async () => {
  const alert = (labels: object) => ({ labels: { alertname: 'Slow', ...labels } })
  const path = '/a'.repeat(150)
  const all = [{ path: `${path}1` }, { path: `${path}2` }, { größe: '1' }, { größe: '2' }].map(alert)
  expect(await send('/api/v2/alerts', all)).toMatchObject({ body: { fired: 4, repeated: 0 } })
  expect(await send('/api/v2/alerts', all)).toMatchObject({ body: { fired: 0, repeated: 4 } })
})

describe('POST /api/alerts/alertmanager', () => {
  it('makes an alert of what fires, keeps its labels, and ends it with what is resolved', async () => {
    expect(await send('/api/alerts/alertmanager', notification('firing'))).toMatchObject({
      status: 200,
      body: { fired: 1, rejected: 0 },
    })
    expect(app.titles()).toEqual(['Critical: The disk of db-1 is full'])
    expect(await alerts()).toMatchObject([
      {
        project: 'shop',
        severity: 'critical',
        since: '2026-03-02T08:50:00.000Z',
        labels: {
          alertname: 'DiskFull',
          instance: 'db-1:9100',
          host: 'db-1',
          source: 'node',
          job: 'node',
          severity: 'page',
        },
      },
    ])
    await send('/api/alerts/alertmanager', notification('resolved'))
    expect(app.titles()).toEqual(['Resolved: The disk of db-1 is full'])
  })

  it('is told once, however often it is repeated', async () => {
    for (let i = 0; i < 5; i++) {
      expect((await send('/api/alerts/alertmanager', notification('firing'))).body).toMatchObject({
        repeated: i === 0 ? 0 : 1,
      })
      await app.passes('4h')
    }
    expect(app.titles()).toHaveLength(1)
    expect(await alerts()).toMatchObject([{ count: 1 }])
  })

  it('an alert that somebody resolved stays resolved while it repeats, and fires again when it starts again', async () => {
    await send('/api/alerts/alertmanager', notification('firing'))
    await app.result('resolve 1')
    expect((await send('/api/alerts/alertmanager', notification('firing'))).body).toMatchObject({ ignored: 1 })
    await app.passes('1h')
    await send('/api/alerts/alertmanager', notification('firing', { startsAt: '2026-03-02T09:55:00Z' }))
    expect((await alerts())[0]).toMatchObject({ state: 'firing' })
  })

  it('stays resolved as well when the clock of its sender is ahead', async () => {
    const firing = notification('firing', { startsAt: '2026-03-02T09:00:02Z' })
    await send('/api/alerts/alertmanager', firing)
    await app.passes('5s')
    await app.result('resolve 1')
    expect((await send('/api/alerts/alertmanager', firing)).body).toMatchObject({ fired: 0, ignored: 1 })
  })

  it('a resolution without an alert changes nothing', async () => {
    expect((await send('/api/alerts/alertmanager', notification('resolved'))).body).toMatchObject({ ignored: 1 })
    expect(app.titles()).toEqual([])
  })

  it('is routed and silenced by its labels like any other', async () => {
    await app.result('channels add discord:100000000000000001 --name disks')
    await app.result('routes add disks --matcher alertname:DiskFull --to disks')
    await send('/api/alerts/alertmanager', notification('firing'))
    expect(app.titles()).toEqual([])
    expect(app.added('discord:100000000000000001').messages).toHaveLength(2)
  })
})

describe('POST /api/alerts', () => {
  it('takes one alert or several, and answers what is wrong with each', async () => {
    const sent = await send('/api/alerts', [
      {
        key: 'a',
        title: 'A is wrong',
        severity: 'critical',
        labels: { host: 'a-1' },
        lines: ['one', 'two'],
        link: 'https://example.org',
      },
      { key: 'b', severity: 'info' },
      { key: 'c', title: 'C', state: 'perhaps' },
      { title: 'no key' },
      'nonsense',
    ])
    expect(sent).toMatchObject({
      status: 200,
      body: {
        fired: 1,
        rejected: 4,
        errors: [{ index: 1, field: 'title' }, { index: 2, field: 'state' }, { index: 3, field: 'key' }, { index: 4 }],
      },
    })
    expect((await send('/api/alerts', { key: 'a', state: 'resolved' })).body).toMatchObject({ resolved: 1 })
    expect(app.titles()).toEqual(['Resolved: A is wrong'])
  })

  it('an alert that becomes more severe shows that on its card and notifies people again', async () => {
    await send('/api/alerts', { key: 'a', title: 'A' })
    await send('/api/alerts', { key: 'a', title: 'A' })
    await send('/api/alerts', { key: 'a', title: 'A', severity: 'critical' })
    const [card] = app.channel.messages
    expect([app.titles(), card!.replies.map(reply => reply.card.title)]).toEqual([['Critical: A'], ['Now critical: A']])
    for (const severity of ['warning', 'critical', 'warning', 'critical'])
      await send('/api/alerts', { key: 'a', title: 'A', severity })
    expect(card!.replies).toHaveLength(1)
  })

  it('reaches neither what Vakt found itself nor another project', async () => {
    const beat = await app.hasCheck('job')
    await beat('/fail')
    await send('/api/alerts', [
      { key: `check:${beat.check.id}`, state: 'resolved' },
      { key: '../check:1', state: 'resolved' },
    ])
    expect(app.titles()).toEqual(['Critical: job reported a failure'])
    await app.result('projects add blog')
    const other = (await app.result<{ key: { secret: string } }>('keys create blog')).key.secret
    await send('/api/alerts', { key: 'x', title: 'X' })
    await send('/api/alerts', { key: 'x', state: 'resolved' }, other)
    expect(app.titles()).toEqual(['Critical: job reported a failure', 'Warning: X'])
  })

  it.each([
    ['no JSON', '{', 400],
    ['no alert', '7', 400],
    ['only wrong ones', '[{"title":"no key"}]', 422],
  ])('%s is refused', async (_, body, status) => {
    expect((await send('/api/alerts', body)).status).toBe(status)
  })

  it('wants a key, and no more than the project may send', async () => {
    expect((await send('/api/alerts', { key: 'a', title: 'A' }, 'wrong')).status).toBe(401)
    await app.result('projects edit shop --max-body 1KiB')
    expect((await send('/api/alerts', { key: 'a', title: 'A'.repeat(2000) })).status).toBe(413)
  })

  it('cuts what is long and makes nothing of what is no address', async () => {
    const labels = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`l${i}`, 'x'.repeat(500)]))
    await send('/api/alerts', {
      key: 'a',
      title: 'A'.repeat(5000),
      labels,
      link: 'javascript:alert(1)',
      lines: Array(50).fill('x'.repeat(5000)),
    })
    const [{ title, labels: kept }] = (await alerts()) as [{ title: string; labels: object }]
    expect([title.length, Object.keys(kept).length]).toEqual([200, 40])
    expect(JSON.stringify(app.channel.messages[0]!.card)).not.toContain('javascript')
  })
})

describe('an alert that its sender forgot', () => {
  const report = { key: 'a', title: 'A', resolve_after: '2h' }
  const lineOf = async () => (await app.result<{ alerts: { observation?: unknown }[] }>('alerts show 1')).alerts[0]

  it('ends by itself after its own silence, says so, and fires again with the next report', async () => {
    await send('/api/alerts', report)
    await app.passes('90m')
    await send('/api/alerts', report)
    await app.passes('119m')
    expect(app.titles()).toEqual(['Warning: A'])
    await app.passes('1m')
    expect(app.titles()).toEqual(['Resolved: A'])
    expect(JSON.stringify(app.channel.messages[0]!.card)).toContain('Its sender has not reported it for 2h')
    expect(await lineOf()).toMatchObject({ state: 'resolved', resolved_by: null })
    await send('/api/alerts', report)
    expect(await alerts()).toMatchObject([{ state: 'firing' }, { state: 'resolved' }])
  })

  it('gets the time in which Vakt could not be reached', async () => {
    await send('/api/alerts', report)
    await app.passes('1h')
    app = await app.restarts('3h')
    await app.passes('59m')
    expect(app.titles()[0]).toBe('Warning: A')
    await app.passes('2m')
    expect(app.titles()[0]).toBe('Resolved: A')
  })

  it('ends when its sender said, when that is now or before at once, and never where the URL says so', async () => {
    const at = (minutes: number) => new Date(app.clock.now() + minutes * 60_000).toISOString()
    await send('/api/alerts', { key: 'b', title: 'B', ends_at: at(30) })
    await app.passes('31m')
    expect(app.titles()).toEqual(['Resolved: B'])
    await send('/api/alerts/alertmanager', notification('firing', { endsAt: at(10), startsAt: at(-10) }))
    const ended = await send('/api/alerts/alertmanager', notification('firing', { endsAt: at(0), startsAt: at(-10) }))
    expect(ended.body).toMatchObject({ resolved: 1 })
    await send('/api/alerts?resolve_after=never', { key: 'c', title: 'C', ends_at: at(1) })
    await app.passes('30m')
    expect((await alerts()).map(({ title, state }) => `${title} ${state}`)).toContain('C firing')
    expect((await send('/api/alerts?resolve_after=soon', report)).status).toBe(400)
  })

  it('of Prometheus itself ends four minutes after it is sent no more, and when it says so', async () => {
    const at = (minutes: number) => new Date(app.clock.now() + minutes * 60_000).toISOString()
    const startsAt = at(0)
    const sent = (endsAt?: string) => [
      {
        ...{ labels: { alertname: 'DiskFull', instance: 'db-1:9100', severity: 'critical' }, startsAt, endsAt },
        ...{ annotations: { summary: 'The disk of db-1 is full' }, generatorURL: 'http://prometheus:9090/graph' },
      },
    ]
    for (let minute = 0; minute < 5; minute++) {
      await send('/api/v2/alerts', sent(at(4)))
      await app.passes('1m')
    }
    expect(app.titles()).toEqual(['Critical: The disk of db-1 is full'])
    await app.passes('3m')
    expect(app.titles()).toEqual(['Resolved: The disk of db-1 is full'])
    await send('/api/v2/alerts', sent())
    expect((await alerts())[0]).toMatchObject({ state: 'firing', labels: { host: 'db-1' } })
    expect((await send('/api/v2/alerts', sent(at(-1)))).body).toMatchObject({ resolved: 1 })
    expect((await send('/api/v2/alerts', { alerts: [] })).status).toBe(400)
  })

  it('of Alertmanager and Grafana ends after six days, for both repeat within five, and one of Uptime Kuma never', async () => {
    await send('/api/alerts/alertmanager', notification('firing'))
    await send('/api/alerts/grafana', GRAFANA)
    await send('/api/alerts/uptime-kuma', KUMA(0))
    const rows = app.state.prepare<[], { days: number | null }>(
      'select silence_ms / 86400000.0 as days from reported_alerts order by alert_id',
    )
    expect(rows.all()).toEqual([{ days: 6 }, { days: 6 }, { days: null }])
  })
})

describe('a signed webhook', () => {
  const SECRET = 'a client secret of Sentry'
  const signed = async (path: string, body: object, secret: string, header: string, prefix = '') => {
    const text = JSON.stringify(body)
    const signature = prefix + createHmac('sha256', secret).update(text).digest('hex')
    const headers = { 'content-type': 'application/json', [header]: signature }
    const response = await app.request(path, { method: 'POST', headers, body: text })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  it('is accepted by the secret of the key that its URL names, and by no other', async () => {
    const made = await app.result<{ key: { id: string } }>(`keys create shop --signed --secret "${SECRET}"`)
    const path = `/api/alerts/sentry?signed_by=${made.key.id}`
    const header = 'sentry-hook-signature'
    expect(await signed(path, SENTRY_EVENT, SECRET, header)).toMatchObject({ status: 200, body: { fired: 1 } })
    expect((await alerts())[0]).toMatchObject({ project: 'shop', detector: 'sentry' })
    expect(await signed(path, SENTRY_EVENT, 'wrong', header)).toMatchObject({ status: 401 })
    expect(await send(path, SENTRY_EVENT, '')).toMatchObject({
      status: 401,
      body: { error: { message: expect.stringContaining('has no sentry-hook-signature') } },
    })
    expect(await signed('/api/alerts/sentry?signed_by=k_none', SENTRY_EVENT, SECRET, header)).toMatchObject({
      status: 401,
    })
    const audited = JSON.stringify(await app.result('audit'))
    expect(audited).not.toContain(SECRET)
  })

  it('that is delivered again changes nothing, so that an ended alert stays ended', async () => {
    const { key: made } = await app.result<{ key: { id: string; secret: string } }>('keys create shop --signed')
    const github = (conclusion: string, more: object = {}) =>
      signed(
        ...([
          `/api/alerts/github-actions?signed_by=${made.id}`,
          GITHUB(conclusion, 'main', more),
          made.secret,
        ] as const),
        ...(['x-hub-signature-256', 'sha256='] as const),
      )
    expect(await github('failure')).toMatchObject({ body: { fired: 1 } })
    expect(await github('success', { updated_at: '2026-03-02T08:59:00Z' })).toMatchObject({ body: { resolved: 1 } })
    expect(await github('failure')).toMatchObject({ status: 200, body: { fired: 0, ignored: 1 } })
    // An older run whose delivery was late.
    expect(await github('timed_out', { updated_at: '2026-03-02T08:58:00Z' })).toMatchObject({ body: { ignored: 1 } })
    expect(app.titles()).toEqual(['Resolved: octo-org/octo-repo: Build failed on main'])
  })
})

describe('what is sent to do harm', () => {
  it('is plain text: names that every object has, and objects with methods of their own', async () => {
    const words = ['__proto__', 'constructor', 'toString', 'valueOf']
    const hostile = words.map(word => ({ key: word, title: word, severity: word, labels: { [word]: { toString: 1 } } }))
    expect(await send('/api/alerts', JSON.stringify(hostile))).toMatchObject({ status: 200, body: { fired: 4 } })
    expect((await alerts()).map(({ severity }) => severity)).toEqual(Array(4).fill('warning'))
    for (const state of words)
      expect(await send('/api/alerts', { key: 'a', title: 'a', state })).toMatchObject({ status: 422 })
    const labels = { severity: 'constructor', alertname: { toString: 1 } }
    expect(await send('/api/alerts/alertmanager', notification('firing', { labels }))).toMatchObject({ status: 200 })
  })

  it('holds nothing back: an alert from elsewhere has no role among those of Vakt', async () => {
    for (const role of ['offline', 'source-silent', 'host-down'])
      await send('/api/alerts', { key: role, title: role, severity: 'critical', labels: { role, host: 'db-1' } })
    await send('/api/alerts', { key: 'real', title: 'db-1 burns', severity: 'critical', labels: { host: 'db-1' } })
    expect(app.titles().at(-1)).toBe('Critical: db-1 burns')
    expect((await alerts()).at(-1)).toMatchObject({ labels: { exported_role: 'offline', host: 'db-1' } })
  })

  it('is taken a part at a time, so that others are answered meanwhile', async () => {
    const many = Array.from({ length: 500 }, (_, i) => ({ key: `k${i}`, title: `trouble ${i}` }))
    let answered = false
    const sent = send('/api/alerts', many).then(answer => {
      answered = true
      return answer
    })
    const heard = await app.request('/healthz')
    expect([heard.status, answered]).toEqual([200, false])
    expect(await sent).toMatchObject({ status: 200, body: { fired: 500 } })
  })
})
