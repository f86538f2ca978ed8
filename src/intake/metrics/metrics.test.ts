// The metrics: what is counted, in the words that Prometheus reads, and the names that dashboards know.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DeliveryError } from '../../chat/channel.ts'
import { addForward, readForward, recordFailure, recordSent } from '../../forwards/forwards.ts'
import { aStore } from '../../logs/embedded/store.testing.ts'
import { batchOf } from '../../logs/store.testing.ts'
import { writeBackupRecord } from '../../operations/backup/backup-record.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { takingStore } from '../../testing/taking-store.ts'

/** The samples of /metrics by name and labels, in the order of the labels as they are written. */
async function scrape(app: TestApp): Promise<Map<string, number>> {
  const response = await app.request('/metrics')
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const samples = (await response.text()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
  return new Map(
    samples.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

it('keeps the names of the first metrics', async () => {
  const app = await startApp()
  await app.passes('90s')
  const metrics = await scrape(app)
  expect(metrics.get('vakt_uptime_seconds')).toBe(90)
  expect(metrics.get('vakt_checks{status="up"}')).toBe(0)
  expect(metrics.get('vakt_open_alerts')).toBe(0)
  expect(metrics.get('vakt_scheduler_healthy')).toBe(1)
  expect(metrics.get('vakt_chat_online{platform="terminal"}')).toBe(1)
  expect(metrics.get('vakt_memory_bytes')).toBeGreaterThan(1e7)
  expect(metrics.get('process_resident_memory_bytes')).toBeGreaterThan(1e7)
  expect(metrics.has('nodejs_eventloop_lag_seconds')).toBe(true)
  expect(metrics.get('vakt_build_info{version="test"}')).toBe(1)
})

it('counts beats by kind, and shows the state of each check and of alerts', async () => {
  const app = await startApp()
  const beat = await app.hasCheck('nightly')
  for (const word of ['/start', '', '/fail', '/log']) await beat(word)
  await app.request('/ping/none/none')
  const metrics = await scrape(app)
  for (const [kind, count] of Object.entries({ success: 1, start: 1, fail: 1, log: 1, ignored: 0 }))
    expect(metrics.get(`vakt_beats_total{kind="${kind}"}`)).toBe(count)
  expect(metrics.get('vakt_check_up{check="nightly",project="default"}')).toBe(0)
  expect(metrics.get('vakt_check_last_beat_seconds{check="nightly",project="default"}')).toBe(app.clock.now() / 1000)
  expect(metrics.get('vakt_alerts{severity="critical",state="firing"}')).toBe(1)
  expect(metrics.get('vakt_open_alerts')).toBe(1)
  expect(metrics.get('vakt_deliveries_total{channel="discord"}')).toBe(1)
  expect(metrics.get('vakt_http_requests_total{method="any",route="/ping",status="200"}')).toBe(4)
  expect(metrics.get('vakt_http_requests_total{method="any",route="/ping",status="404"}')).toBe(1)
})

it('writes the names of checks so that Prometheus reads them', async () => {
  const app = await startApp()
  await app.posts({ command: 'checks add', args: { name: 'back\\slash "quoted"' } })
  const metrics = await scrape(app)
  expect(metrics.get(String.raw`vakt_check_up{check="back\\slash \"quoted\"",project="default"}`)).toBe(1)
})

it('counts lines by project, and why others were not stored', async () => {
  const app = await startApp({ store: takingStore().store })
  const { key } = await app.result<{ key: { secret: string } }>('keys create default')
  const send = (body: string, headers: Record<string, string> = {}) =>
    app.request('/api/logs', { method: 'POST', body, headers: { 'x-api-key': key.secret, ...headers } })
  await app.result('projects edit default --rate-limit 3')
  await send('one line')
  await send('a\nb\nc\nd\ne')
  await send('x', { 'content-type': 'image/png' })
  const metrics = await scrape(app)
  expect(metrics.get('vakt_log_lines_accepted_total{project="default"}')).toBe(1)
  expect(metrics.get('vakt_log_lines_rejected_total{project="default",reason="limited"}')).toBe(5)
  expect(metrics.get('vakt_refused_batches_total{project="default",reason="limited"}')).toBe(1)
  expect(metrics.get('vakt_refused_batches_total{project="default",reason="unsupported"}')).toBe(1)
})

it('counts requests by route and status, and how long they take', async () => {
  const app = await startApp()
  await app.posts({ line: 'checks list' })
  await app.posts({ line: 'checks show none' })
  await app.request('/docs/none.js')
  await app.request('/nowhere/at/all')
  await app.request('/healthz', { method: 'PUT' })
  const metrics = await scrape(app)
  const requests = (labels: string) => metrics.get(`vakt_http_requests_total{${labels}}`)
  expect(requests('method="POST",route="/api/commands",status="200"')).toBe(1)
  expect(requests('method="POST",route="/api/commands",status="404"')).toBe(1)
  expect(requests('method="GET",route="/docs/{file}",status="404"')).toBe(1)
  expect(requests('method="GET",route="other",status="404"')).toBe(1)
  expect(requests('method="PUT",route="/healthz",status="405"')).toBe(1)
  const name = 'vakt_http_request_duration_seconds'
  expect(metrics.get(`${name}_bucket{method="POST",route="/api/commands",le="+Inf"}`)).toBe(2)
  expect(metrics.get(`${name}_count{method="POST",route="/api/commands"}`)).toBe(2)
  expect(metrics.get(`${name}_sum{method="POST",route="/api/commands"}`)).toBeGreaterThan(0)
  expect(metrics.get('vakt_commands_total{command="checks list",outcome="done"}')).toBe(1)
  expect(metrics.get('vakt_commands_total{command="checks show",outcome="not_found"}')).toBe(1)
})

it('shows what a channel lacks and why, and of an e-mail address only its domain', async () => {
  const app = await startApp()
  await app.result('channels add mailto:ops@example.org')
  app.channel.failing(new DeliveryError('unreachable', 'it is down'))
  await (await app.hasCheck('nightly'))('/fail')
  const metrics = await scrape(app)
  expect(metrics.get('vakt_deliveries_pending{channel="discord"}')).toBe(1)
  expect(metrics.get('vakt_delivery_failures_total{channel="discord",reason="unreachable"}')).toBe(1)
  expect([...metrics.keys()].join('\n')).not.toContain('ops@')
})

it('shows what forwards delivered, and since when one fails, without its address', async () => {
  const app = await startApp({ store: takingStore().store })
  addForward(app.state, {
    ...{ name: 'lake', kind: 'webhook', shownAddress: 'https://lake.example.org/in', targetSealed: Buffer.alloc(0) },
    ...{ query: '', position: 0, createdBy: 'a', createdAt: app.clock.now() },
  })
  const forward = () => readForward(app.state, 1)!
  recordSent(app.state, forward(), { position: 5, sent: 3, refused: 1, now: app.clock.now() })
  const sentAt = app.clock.now() / 1000
  recordFailure(app.state, forward(), 'connection refused', app.clock.now())
  await app.passes('1m')
  const metrics = await scrape(app)
  const labels = '{forward="lake",kind="webhook"}'
  expect(metrics.get(`vakt_forward_sent_total${labels}`)).toBe(3)
  expect(metrics.get(`vakt_forward_refused_total${labels}`)).toBe(1)
  expect(metrics.get(`vakt_forward_last_sent_timestamp_seconds${labels}`)).toBe(sentAt)
  expect(metrics.get(`vakt_forward_failures${labels}`)).toBeGreaterThan(0)
  expect(metrics.get(`vakt_forward_failing_seconds${labels}`)).toBeGreaterThanOrEqual(60)
  expect([...metrics.keys()].join()).not.toMatch(/lake\.example|secret/)
})

it('counts probes by kind and outcome, and measures them', async () => {
  const app = await startApp()
  await app.result('checks add shop --probe https://shop.example.org/ --every 1m')
  await app.passes('2s')
  app.answers.set('https://shop.example.org/', { ok: false, message: 'status 503', durationMs: 45 })
  await app.result('checks probe shop')
  app.answers.set('https://shop.example.org/', { ok: false, message: 'no', durationMs: null, isUnknown: true })
  await app.result('checks probe shop')
  const metrics = await scrape(app)
  for (const outcome of ['up', 'down', 'unknown'])
    expect(metrics.get(`vakt_probe_results_total{kind="http",outcome="${outcome}"}`)).toBe(1)
  expect(metrics.get('vakt_probe_duration_seconds_bucket{kind="http",le="0.025"}')).toBe(2)
  expect(metrics.get('vakt_probe_duration_seconds_sum{kind="http"}')).toBeCloseTo(0.065)
  expect(metrics.get('vakt_probes_running')).toBe(0)
})

it('shows what the log store seals and searches', async () => {
  const store = await aStore()
  await store.append(batchOf(Array.from({ length: 20 }, (_, line) => ({ message: `line ${line}` }))))
  await store.count({ where: null, from: null, until: null }, 1_000)
  await store.seal()
  const metrics = await scrape(await startApp({ store }))
  expect(metrics.get('vakt_log_sealed_blocks_total')).toBe(1)
  expect(metrics.get('vakt_log_sealed_lines_total')).toBe(20)
  expect(metrics.get('vakt_log_seal_seconds_total')).toBeGreaterThan(0)
  expect(metrics.get('vakt_log_readers')).toBe(1)
  expect([metrics.get('vakt_log_searches_running'), metrics.get('vakt_log_searches_waiting')]).toEqual([0, 0])
  expect(metrics.get('vakt_log_search_duration_seconds_count{call="count"}')).toBe(1)
})

it('has no metrics of single checks where they are off', async () => {
  const app = await startApp({ environment: { CHECK_METRICS: 'off' } })
  await app.hasCheck('nightly')
  const names = [...(await scrape(app)).keys()].join('\n')
  expect(names).toContain('vakt_checks{status="up"}')
  expect(names).not.toMatch(/vakt_check_|nightly/)
})

it('measures commits, batches of lines, the disk and backups', async () => {
  const app = await startApp({ store: takingStore().store })
  const beat = await app.hasCheck('nightly')
  await beat()
  const { key } = await app.result<{ key: { secret: string } }>('keys create default')
  await app.request('/api/logs', { method: 'POST', body: 'one line', headers: { 'x-api-key': key.secret } })
  const before = await scrape(app)
  expect(before.get('vakt_commit_duration_seconds_count')).toBeGreaterThan(0)
  expect(before.get('vakt_log_append_duration_seconds_bucket{le="+Inf"}')).toBe(1)
  expect(before.get('vakt_log_append_duration_seconds_count')).toBe(1)
  expect(before.has('vakt_backup_failing')).toBe(false)
  const record = { place: '/b', name: 'x', bytes: 7, nextAt: 0, error: null }
  writeBackupRecord(app.state, { ...record, lastAt: 5_000, failingSince: 6_000 })
  const after = await scrape(app)
  expect(after.get('vakt_backup_failing')).toBe(1)
  expect(after.get('vakt_backup_last_timestamp_seconds')).toBe(5)
  expect(after.get('vakt_backup_bytes')).toBe(7)
})

it('has every metric that the dashboard, the rules and the documents name', async () => {
  const app = await startApp()
  const text = await (await app.request('/metrics')).text()
  const families = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name!, type!]))
  const names = new Set(
    [...families].flatMap(([name, type]) =>
      type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  )
  const root = join(import.meta.dirname, '../../..')
  const files = ['examples/grafana/vakt-dashboard.json', 'examples/grafana/vakt-rules.yml', 'docs/operations.md']
  const named = files.flatMap(file => {
    const found = readFileSync(join(root, file), 'utf8').match(/\b(?:vakt|nodejs|process)_[a-z0-9_]+\b/g) ?? []
    return found.map(name => `${file}: ${name}`)
  })
  expect(named.length).toBeGreaterThan(60)
  expect(named.filter(name => !names.has(name.split(': ')[1]!))).toEqual([])
  // And the documents name every metric of Vakt.
  const documented = readFileSync(join(root, 'docs/operations.md'), 'utf8')
  const own = [...families.keys()].filter(name => name.startsWith('vakt_'))
  expect(own.filter(name => !documented.includes(name))).toEqual([])
})
