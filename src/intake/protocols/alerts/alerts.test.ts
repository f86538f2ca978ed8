// Alerts of other programs: what their payloads become, and what is refused.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Problem } from '../../../problem.ts'
import { runs } from '../../../testing/property-runs.ts'
import type { AlertProtocol } from '../protocol.ts'
import { alertKey } from '../reported-alert.ts'
import { githubActions } from './github-actions.ts'
import { grafana } from './grafana.ts'
import {
  GITHUB,
  GRAFANA,
  GRAFANA_LEGACY,
  GRAFANA_NO_DATA,
  KUMA,
  SENTRY_EVENT,
  SENTRY_ISSUE,
  SENTRY_METRIC,
  SENTRY_PLUGIN,
} from './payloads.testing.ts'
import { sentry } from './sentry.ts'
import { uptimeKuma } from './uptime-kuma.ts'
import { webhook } from './webhook.ts'

type Options = { headers?: Record<string, string>; query?: string; method?: string }

function parse(protocol: AlertProtocol, body: unknown, { headers = {}, query = '', method = 'POST' }: Options = {}) {
  return protocol.parse({
    ...{ method, path: '', headers: new Headers(headers), parameters: new URLSearchParams(query), now: 0 },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  })
}

const reports = (...given: Parameters<typeof parse>) => parse(...given).reports

describe('Grafana', () => {
  it('reports each alert with its labels, values, links and the key of its group', () => {
    expect(reports(grafana, GRAFANA)).toMatchObject([
      {
        ...{ key: 'grafana:c6eadffa33fcdf37', groupKey: 'grafana:{}:{}', state: 'firing', severity: 'warning' },
        title: 'This alert was triggered for zone us-1',
        labels: { alertname: 'High memory usage', team: 'blue', zone: 'us-1' },
        lines: ['The system has high memory usage', 'B = 44.2394, C = 1'],
        links: [{ label: 'Runbook' }, { label: 'Rule' }],
        since: Date.parse('2026-03-02T06:51:03.157Z'),
        endsAt: undefined,
      },
      { state: 'resolved', title: 'High CPU usage', endsAt: Date.parse('2026-03-02T08:40:00Z') },
    ])
  })

  it('reports the test of a contact point for a quarter of an hour', () => {
    const alert = { status: 'firing', labels: { alertname: 'TestAlert', instance: 'Grafana' }, fingerprint: 'a' }
    const test = { alerts: [{ ...alert, annotations: { summary: 'Notification test' } }] }
    expect(reports(grafana, test)).toMatchObject([{ title: 'Notification test', silenceMs: 15 * 60_000 }])
    const other = { ...alert, labels: { alertname: 'TestAlert', instance: 'web-1' } }
    expect(reports(grafana, { alerts: [other] })[0]).not.toHaveProperty('silenceMs')
  })

  it('names the rule that has no data', () => {
    expect(reports(grafana, GRAFANA_NO_DATA)).toMatchObject([
      { title: 'Orders per minute has no data', severity: 'critical' },
    ])
  })

  it.each([
    ['alerting', [{ key: 'grafana:rule 7', state: 'firing', title: 'Memory', severity: 'critical' }]],
    ['no_data', [{ state: 'firing', title: 'Memory has no data' }]],
    ['ok', [{ state: 'resolved' }]],
    ['paused', []],
  ])('before version 8 reports a rule that is %s', (state, expected) => {
    expect(reports(grafana, { ...GRAFANA_LEGACY, state })).toMatchObject(expected)
  })

  it('rejects an alert that cannot be read alone', () => {
    const { reports: read, errors } = parse(grafana, { alerts: [GRAFANA.alerts[0], { status: 'odd' }, 7] })
    expect([read.length, errors]).toMatchObject([1, [{ index: 1, field: 'status' }, { index: 2 }]])
  })
})

describe('Uptime Kuma', () => {
  const down = {
    ...{ key: 'uptime-kuma::29', state: 'firing', severity: 'critical', title: 'Shop is down' },
    labels: { monitor: 'Shop', host: 'shop.example.org', team: 'web', type: 'http', group: 'Sites' },
    lines: ['connect ECONNREFUSED 10.0.0.7:443'],
    links: [{ url: 'https://shop.example.org/health' }],
  }
  const form = (fields: string) => ({
    headers: { 'content-type': 'multipart/form-data; boundary=---x' },
    body: `-----x\r\nContent-Disposition: form-data; name="other"\r\n\r\n1\r\n${fields}-----x--\r\n`,
  })
  const data = `-----x\r\nContent-Disposition: form-data; name="data"\r\n\r\n${JSON.stringify(KUMA(0))}\r\n`

  it('reports a monitor that is down, and its end, as JSON, form data and GET', () => {
    expect(reports(uptimeKuma, KUMA(0))).toMatchObject([down])
    expect(reports(uptimeKuma, form(data).body, form(data))).toMatchObject([down])
    const query = new URLSearchParams({
      ...{ msg: 'x', heartbeat: JSON.stringify(KUMA(0).heartbeat), monitor: JSON.stringify(KUMA(0).monitor) },
    }).toString()
    expect(reports(uptimeKuma, '', { method: 'GET', query })).toMatchObject([down])
    expect(reports(uptimeKuma, KUMA(1, '200 - OK'))).toMatchObject([{ key: 'uptime-kuma::29', state: 'resolved' }])
    expect(reports(uptimeKuma, KUMA(0), { query: 'instance=b' })).toMatchObject([{ key: 'uptime-kuma:b:29' }])
  })

  it('reports a certificate that expires soon, once for all its reminders', () => {
    const message = (days: number) => ({
      ...{ heartbeat: null, monitor: null },
      msg: `[Shop][https://shop.example.org] server certificate shop.example.org will be expired in ${days} days`,
    })
    const [early] = reports(uptimeKuma, message(14))
    const [late] = reports(uptimeKuma, message(3))
    expect([early, late]).toMatchObject([
      { title: 'The certificate of Shop expires in 14 days', severity: 'warning' },
      { key: early!.key, severity: 'critical' },
    ])
  })

  it('reports one certificate, whatever digits its name and address have', () => {
    const certificate = (days: number) => ({
      msg: `[shop 14][https://shop.example.org:8443] https certificate $& will expire in ${days} days`,
    })
    const keys = [21, 14, 8, 4].map(days => reports(uptimeKuma, certificate(days))[0]!.key)
    expect(new Set(keys)).toEqual(
      new Set(['uptime-kuma::[shop 14][https://shop.example.org:8443] https certificate $& will expire in  days']),
    )
  })

  it.each([
    ['a test', { heartbeat: null, monitor: null, msg: 'Vakt Testing' }],
    ['a pending monitor', KUMA(2)],
    ['maintenance', KUMA(3)],
  ])('reports nothing for %s', (_what, body) => {
    expect(parse(uptimeKuma, body)).toEqual({ reports: [], errors: [] })
  })

  it.each([
    ['no monitor', { ...KUMA(0), monitor: null }],
    ['another program', { hello: 1 }],
    ['no object', '7'],
    ['no JSON', '{"heartbeat":'],
  ])('refuses a body with %s', (_what, body) => {
    expect(() => parse(uptimeKuma, body)).toThrow(Problem)
  })

  it('refuses forms that are cut or have no data', () => {
    const [cut, without] = [form(data).body.slice(0, 200), form('').body]
    for (const body of [cut, without])
      expect(() => parse(uptimeKuma, body, form(data))).toThrow(/no whole field "data"/)
    expect(() => parse(uptimeKuma, 'x', { headers: { 'content-type': 'multipart/form-data' } })).toThrow(/no boundary/)
  })
})

describe('Sentry', () => {
  it('reports an issue with its project, rule, environment and link', () => {
    expect(reports(sentry, SENTRY_EVENT, { headers: { 'sentry-hook-resource': 'event_alert' } })).toMatchObject([
      {
        ...{ key: 'sentry:issue 1117540176', state: 'firing', severity: 'warning' },
        title: 'front-end: ReferenceError: blooopy is not defined',
        labels: { project: 'front-end', rule: 'Very Important Alert Rule!', environment: 'prod', host: 'web-1' },
        links: [{ label: 'Sentry' }],
      },
    ])
  })

  it.each([
    ['created', 'firing'],
    ['unresolved', 'firing'],
    ['resolved', 'resolved'],
    ['archived', 'resolved'],
  ])('an issue that is %s is %s', (action, state) => {
    expect(reports(sentry, SENTRY_ISSUE(action))).toMatchObject([
      { key: 'sentry:issue 1117540176', state, severity: 'critical', labels: { issue: 'FRONT-END-7' } },
    ])
  })

  it.each([
    ['critical', { state: 'firing', severity: 'critical' }],
    ['warning', { state: 'firing', severity: 'warning' }],
    ['resolved', { state: 'resolved' }],
  ])('a metric alert with the action %s has its severity and lines', (action, expected) => {
    const headers = { 'sentry-hook-resource': 'metric_alert' }
    expect(reports(sentry, SENTRY_METRIC(action), { headers })).toMatchObject([
      {
        ...{ key: 'sentry:metric 9', title: 'Too many errors', ...expected },
        lines: ['1000 events in the last 10 minutes', 'Filter: level:error'],
      },
    ])
  })

  it('takes what the WebHooks plugin sends', () => {
    expect(reports(sentry, SENTRY_PLUGIN)).toMatchObject([
      {
        ...{ key: 'sentry:issue 27379932', title: 'project-slug: This is an example Python exception' },
        labels: { rule: 'new errors', environment: 'staging' },
      },
    ])
  })

  it('reports nothing for what is no alert, and refuses what is not of Sentry', () => {
    expect(reports(sentry, SENTRY_ISSUE('assigned'))).toEqual([])
    const headers = { 'sentry-hook-resource': 'installation' }
    expect(reports(sentry, { action: 'created', data: { installation: {} } }, { headers })).toEqual([])
    for (const body of [
      '[]',
      '7',
      '{}',
      { action: 'x', data: { event: {} } },
      { data: { issue: [] }, action: 'created' },
    ])
      expect(() => parse(sentry, body)).toThrow(/not a webhook of Sentry/)
  })
})

describe('GitHub Actions', () => {
  it('reports a workflow that fails, and its end, for each branch', () => {
    expect(reports(githubActions, GITHUB('failure'))).toMatchObject([
      {
        ...{ key: 'github:octo-org/octo-repo/159038/main', state: 'firing', severity: 'warning' },
        title: 'octo-org/octo-repo: Build failed on main',
        labels: { repository: 'octo-org/octo-repo', workflow: 'Build', branch: 'main', actor: 'octocat' },
        lines: ['acb5820 Create linter.yaml'],
        links: [{ url: 'https://github.com/octo-org/octo-repo/actions/runs/30433642' }],
      },
    ])
    expect(reports(githubActions, GITHUB('success'))).toMatchObject([{ state: 'resolved' }])
    expect(reports(githubActions, GITHUB('timed_out', 'fix/a b'))).toMatchObject([
      { severity: 'info', title: 'octo-org/octo-repo: Build took too long on fix/a b' },
    ])
  })

  it('takes the form of a webhook, too', () => {
    const body = new URLSearchParams({ payload: JSON.stringify(GITHUB('failure')) }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(reports(githubActions, body, { headers })).toMatchObject([{ state: 'firing' }])
  })

  it.each([
    ['a run that goes on', GITHUB(null), {}],
    ['a cancelled run', GITHUB('cancelled'), {}],
    ['a branch that is not asked for', GITHUB('failure', 'topic'), { query: 'branches=default' }],
    ['a ping', { zen: 'Speak like a human.', hook_id: 1 }, { headers: { 'x-github-event': 'ping' } }],
    ['another event', { action: 'opened', issue: {} }, { headers: { 'x-github-event': 'issues' } }],
  ])('reports nothing for %s', (_what, body, options) => {
    expect(reports(githubActions, body, options)).toEqual([])
  })

  it('refuses what is not of GitHub', () => {
    for (const body of ['{', '[]', '{}', { workflow_run: {} }, { workflow_run: 7, action: 'completed' }])
      expect(() => parse(githubActions, body)).toThrow(Problem)
  })
})

describe('a webhook', () => {
  it.each([
    ['usual names', { id: 7, title: 'Disk full', status: 'firing', severity: 'critical', description: 'a\nb' }, ''],
    [
      'templates',
      { data: { n: 7, what: 'Disk', lvl: 'high' }, description: 'a\nb' },
      'alert_key={data.n}&title={data.what} full&severity={data.lvl}',
    ],
    [
      'alternatives and texts',
      { n: 7, 'a.b': 'Disk' },
      'alert_key={none|n}&title={a.b} {x|"full"}&severity={none|"critical"}&text=a%0Ab',
    ],
  ])('is read by %s', (_how, body, query) => {
    expect(reports(webhook, body, { query })).toMatchObject([
      { key: 'webhook:7', state: 'firing', title: 'Disk full', severity: 'critical', lines: ['a', 'b'] },
    ])
  })

  it.each([
    [
      'Better Stack',
      { data: { id: '25', type: 'incident', attributes: { name: 'home', cause: 'Status 500', status: 'Started' } } },
      { key: 'webhook:25', title: 'home', lines: ['Status 500'] },
    ],
    [
      "PagerDuty's events",
      { event_action: 'trigger', dedup_key: 'd1', payload: { summary: 'CPU high', severity: 'critical' } },
      { key: 'webhook:d1', title: 'CPU high', severity: 'critical' },
    ],
    [
      'CloudWatch',
      { AlarmName: 'cpu', AlarmArn: 'arn:1', NewStateValue: 'ALARM', NewStateReason: 'Threshold crossed' },
      { key: 'webhook:arn:1', title: 'cpu', lines: ['Threshold crossed'] },
    ],
  ])('of %s is understood without templates', (_what, body, expected) => {
    expect(reports(webhook, body)).toMatchObject([{ state: 'firing', ...expected }])
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } }
    expect(reports(webhook, JSON.stringify(body), form)).toMatchObject([expected])
  })

  it.each([
    ['down', 'firing'],
    ['Alert Resolved', 'resolved'],
    ['incident.resolved', 'resolved'],
    ['monitor_down', 'firing'],
    ['OK', 'resolved'],
    ['incident.acknowledged', null],
  ])('a state of %j is %s', (status, state) => {
    expect(reports(webhook, { id: 1, name: 'x', status })).toMatchObject(state === null ? [] : [{ state }])
  })

  it('learns other words, labels and lists from the URL', () => {
    const query = new URLSearchParams({
      ...{ each: 'result.items', state: '{st}', resolved: 'gut, Alles Klar', ignored: 'egal' },
      labels: 'host:{server.name},who:{a|"b, c"}',
    }).toString()
    const items = [
      { id: 1, name: 'x', st: 'alles klar' },
      { id: 2, name: 'y', st: 'down', server: { name: 'db-1' }, labels: { a: 1 } },
      { id: 3, name: 'z', st: 'egal' },
      { id: 4, name: 'w', st: 'wibble' },
      { name: '', st: 'down' },
    ]
    const read = parse(webhook, { result: { items } }, { query })
    expect(read.reports).toMatchObject([
      { state: 'resolved' },
      { state: 'firing', labels: { host: 'db-1', who: 'b, c', a: '1' } },
    ])
    expect(read.errors).toMatchObject([
      { index: 3, field: 'state', message: expect.stringContaining('"wibble" is not known') },
      { index: 4, field: 'alert_key', message: expect.stringContaining('?alert_key={data.name}') },
    ])
  })

  it('refuses templates that are none, and bodies without objects', () => {
    for (const query of [
      'title={',
      'title=}x{',
      'title={a} and {',
      'title=} of {a}',
      'title={a b"}',
      'labels=x',
      `title=${'x'.repeat(1_001)}`,
    ])
      expect(() => parse(webhook, { id: 1 }, { query }), query).toThrow(/template/)
    for (const body of ['7', 'null', '[1]', '"x"']) expect(() => parse(webhook, body)).toThrow(/as a JSON object/)
    expect(() => parse(webhook, { a: 1 }, { query: 'each=a' })).toThrow(/no list/)
  })

  it('does not read what an object has beside its own fields', () => {
    const query = 'title={constructor.name|__proto__.x|"none"}&alert_key={toString|"k"}'
    expect(reports(webhook, { a: 1 }, { query })).toMatchObject([{ key: 'webhook:k', title: 'none' }])
  })
})

describe.each([grafana, uptimeKuma, sentry, githubActions, webhook])('$name', protocol => {
  const seeds = [
    GRAFANA,
    GRAFANA_LEGACY,
    KUMA(0),
    SENTRY_EVENT,
    SENTRY_ISSUE('created'),
    SENTRY_METRIC('critical'),
    GITHUB('failure'),
  ]

  it('refuses a body that is not JSON with a sentence', () => {
    for (const body of ['', '{', 'hello', '\u0000'])
      expect(() => parse(protocol, body), JSON.stringify(body)).toThrow(/is not JSON/)
  })

  it('reads mutated bodies, or refuses them with a problem', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('__proto__', '\ud800', 1e308, -1, 'x'.repeat(5_000)))
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.infiniteStream(value),
        fc.integer({ min: 0, max: 40 }),
        (seed, values, at) => {
          let count = 0
          const mutate = (part: unknown): unknown => {
            if (count++ === at) return values.next().value
            if (Array.isArray(part)) return part.map(mutate)
            if (typeof part !== 'object' || part === null) return part
            return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, mutate(inner)]))
          }
          try {
            for (const { key, title, labels, lines } of reports(protocol, mutate(seed))) {
              expect(alertKey(1, key).length).toBeLessThanOrEqual(400)
              expect([typeof title, ...lines.map(line => typeof line)]).toEqual(Array(lines.length + 1).fill('string'))
              for (const label of Object.values(labels)) expect(typeof label).toBe('string')
            }
          } catch (error) {
            expect(error).toBeInstanceOf(Problem)
          }
        },
      ),
      { numRuns: runs(400) },
    )
  })
})
