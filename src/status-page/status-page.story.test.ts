// Stories of status pages: what strangers read, and what they never do.
import { beforeAll, describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'
import { DAY, HOUR } from '../time.ts'
import { badgeSvg } from './badge.ts'
import { escapeHtml } from './html-text.ts'
import { downByDay, pageHeading } from './status-page.ts'

let app: TestApp
const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers })
const html = async (slug = 'shop') => (await get(`/status/${slug}`)).text()
const json = async () => (await (await get('/status/shop.json')).json()) as Page

type Page = {
  status: { state: string; description: string }
  message: { text: string } | null
  groups: {
    name: string
    components: { name: string; state: string; availability: number | null; days: unknown[] }[]
  }[]
  maintenance: { active: boolean; components: string[] }[]
}

/** Whatever is not chosen to be shown. */
const SECRETS = [
  'internal-shop',
  'nightly-secret',
  'hidden-check',
  'db-1',
  'shop.internal',
  '10.0.0.7',
  'Ann',
  'refuses',
  'migration of db-1',
]

beforeAll(async () => {
  app = await startApp({ start: '2026-03-02T09:00:00Z' })
  await app.result('checks add internal-shop --probe https://shop.internal/health --owner Ann --host db-1')
  const beat = await app.hasCheck('nightly-secret --every 6h --host db-1')
  await app.result('checks add hidden-check --probe tcp://10.0.0.7:22')
  await beat()
  await app.passes('5m')
})

describe('a status page', () => {
  it('is not there before it is published', async () => {
    for (const path of [
      '/status/shop',
      '/status/shop.json',
      '/badge/shop.svg',
      '/status/',
      '/status/x/y.svg',
      '/badge/x/y.svg',
    ])
      expect((await get(path)).status).toBe(404)
  })

  it('shows the chosen checks under chosen names', async () => {
    const { page } = await app.result<{ page: { url: string; badge_url: string } }>(
      'status publish shop --title "Shop <status>" --about "How the shop is doing" --check "Shop / Website = internal-shop" --check "Jobs / Backup = nightly-secret"',
    )
    expect(page).toMatchObject({ url: 'http://vakt.test/status/shop', badge_url: 'http://vakt.test/badge/shop.svg' })
    const text = await html()
    expect(text).toContain('Shop &lt;status&gt;')
    expect(text).toContain('All systems are operational')
    expect((await json()).groups.map(({ name, components }) => [name, components.map(({ name }) => name)])).toEqual([
      ['Shop', ['Website']],
      ['Jobs', ['Backup']],
    ])
    expect((await json()).groups[0]!.components[0]).toMatchObject({ state: 'operational', availability: 1 })
    expect((await json()).groups[0]!.components[0]!.days).toHaveLength(90)
    expect(text).toContain('aria-label="Website: 100 % available in the last 90 days"')
  })

  it('says what is down, in the words of the team, and leaks nothing', async () => {
    app.answers.set('https://shop.internal/health', { ok: false, message: '10.0.0.7:443 refuses the connection' })
    await app.passes('3m')
    expect(app.titles()[0]).toContain('internal-shop is down')
    expect(await json()).toMatchObject({
      status: { state: 'down', description: 'Some systems are down' },
      message: { text: 'We know about it and are working on it.' },
    })
    await app.result('status message shop "Payments are <slow>.\nWe look into it."')
    expect(await html()).toContain('Payments are &lt;slow&gt;.<br>We look into it.')
    await app.passes('6s')
    const bodies = [await html(), JSON.stringify(await json()), await (await get('/badge/shop.svg')).text()]
    for (const secret of SECRETS) expect(bodies.join()).not.toContain(secret)
    app.answers.clear()
    await app.passes('2m')
    await app.result('status message shop')
    expect(await json()).toMatchObject({ status: { state: 'operational' }, message: null })
    expect((await json()).groups[0]!.components[0]!.availability).toBeLessThan(1)
    expect(await html()).toContain('Days with an outage: 1')
  })

  it('announces maintenance, and shows it while it is on', async () => {
    await app.result('maintenance add move-secret --matcher check:nightly-secret --from "2026-03-03 02:00" --for 2h')
    await app.passes('6s')
    expect((await json()).maintenance).toMatchObject([{ active: false, components: ['Backup'] }])
    expect(await html()).toContain('2026-03-03 02:00:00 UTC')
    expect(await html()).not.toContain('move-secret')
    await app.result('maintenance add now --matcher check:nightly-secret --for 1h')
    await app.passes('6s')
    expect((await json()).groups[1]!.components[0]!.state).toBe('maintenance')
    expect(await json()).toMatchObject({ status: { state: 'maintenance', description: 'Maintenance is under way' } })
  })

  it('has badges for the whole and for each component', async () => {
    const badge = await get('/status/shop/website.svg')
    expect([badge.headers.get('content-type'), await badge.text()]).toEqual([
      'image/svg+xml',
      expect.stringContaining('Website: operational'),
    ])
    expect(await (await get('/badge/shop.json')).json()).toMatchObject({
      schemaVersion: 1,
      message: 'under maintenance',
      color: 'blue',
    })
    expect((await get('/status/shop/nothing.svg')).status).toBe(404)
  })

  it('is cached by its content, may be compressed, and allows nothing from elsewhere', async () => {
    const page = await get('/status/shop', { 'accept-encoding': 'gzip' })
    expect(page.headers.get('content-encoding')).toBe('gzip')
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
    const etag = page.headers.get('etag')!
    expect((await get('/status/shop', { 'if-none-match': etag })).status).toBe(304)
    expect((await get('/status/shop', { accept: 'application/json' })).headers.get('content-type')).toBe(
      'application/json',
    )
    expect((await app.request('/status/shop', { method: 'HEAD' })).status).toBe(200)
    expect((await app.request('/status/shop', { method: 'POST' })).status).toBe(404)
    expect(await html()).not.toMatch(/<script|src=|url\(|https?:/)
  })

  it('belongs to the project that published it, and is gone at once', async () => {
    await app.result('projects add other')
    const key = { platform: 'http', id: 'k_1', key: { role: 'admin' as const, project: 'other' } }
    for (const line of [
      'status unpublish shop',
      'status message shop hello',
      'status publish shop --title Mine',
      'status publish mine --check internal-shop',
    ])
      expect((await app.says(line, key)).ok).toBe(false)
    await app.result('status unpublish shop')
    expect((await get('/status/shop')).status).toBe(404)
    expect((await get('/badge/shop.svg')).status).toBe(404)
  })
})

it('the page and the report count the time in which a check was down, not that in which its alert was open', async () => {
  const own = await startApp({ start: '2026-03-02T09:00:00Z' })
  const beat = await own.hasCheck('job --every 12h')
  await own.result('reports add day --daily')
  await own.result('status publish jobs --check job')
  const availability = async () => {
    const page = (await (await own.request('/status/jobs.json')).json()) as Page
    return page.groups[0]!.components[0]!.availability
  }
  await beat()
  await own.passes('3m')
  await beat('/fail')
  await own.passes('3m')
  // Somebody resolves the alert, but the job stays down.
  await own.result('resolve 1')
  await own.passes('6m')
  expect(await availability()).toBe(0.25)
  await beat()
  await own.passes('12m')
  expect(await availability()).toBe(0.625)
  // An alert that flaps stays open while the job is up.
  for (let i = 0; i < 6; i++) {
    await beat('/fail')
    await own.passes('10s')
    await beat()
    await own.passes('20s')
  }
  expect(await availability()).toBeCloseTo(1 - (9 * 60 + 60) / (27 * 60), 10)
  const { metrics } = await own.result<{ metrics: { checks: unknown[] } }>('reports run day')
  expect(metrics.checks).toMatchObject([{ downtime_ms: 10 * 60_000 }])
})

describe('the days of a check', () => {
  it('are down where alerts were, and unknown before the check was there', () => {
    const now = Date.parse('2026-03-02T12:00:00Z')
    const today = Date.parse('2026-03-02T00:00:00Z')
    const failures = [
      { from: today - DAY + HOUR, until: today - DAY + 7 * HOUR },
      { from: today - DAY + 6 * HOUR, until: today - DAY + 13 * HOUR },
      { from: today + 9 * HOUR, until: now },
    ]
    const days = downByDay({ createdAt: today - 2 * DAY }, failures, now).slice(-4)
    expect(days).toEqual([
      { upMs: 0, downMs: 0 },
      { upMs: DAY, downMs: 0 },
      { upMs: 12 * HOUR, downMs: 12 * HOUR },
      { upMs: 9 * HOUR, downMs: 3 * HOUR },
    ])
  })

  it.each([
    [[], 'Nothing is shown here yet'],
    [['operational', 'unknown'], 'All systems are operational'],
    [['unknown'], 'There is no data yet'],
    [['operational', 'degraded'], 'Some systems have problems'],
    [['down', 'maintenance'], 'Some systems are down'],
    [['down', 'down'], 'Everything is down'],
    [['maintenance', 'operational'], 'Maintenance is under way'],
  ] as const)('%j: %s', (states, heading) => {
    expect(pageHeading(states)).toBe(heading)
  })
})

it('text never becomes markup', () => {
  expect(escapeHtml(`<img onerror="x">'&\u0000\u202e`)).toBe('&lt;img onerror=&quot;x&quot;&gt;&#39;&amp;')
  expect(badgeSvg('<b>"&', 'down')).not.toMatch(/<b>/)
})
