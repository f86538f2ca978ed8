// Lines that are not stored are never silent: they are counted by reason and source, and people hear of them when it goes on.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'
import { shareLogStore } from '../testing/log-store.ts'

const nextStore = shareLogStore()
let app: TestApp

beforeEach(async () => {
  app = await startApp(await nextStore())
})
afterEach(() => app.stop())

const send = (body: string, query = '?source=api', type = 'application/json') =>
  app.request(`/api/logs${query}`, {
    method: 'POST',
    headers: { 'x-api-key': 'admin-key-for-tests', 'content-type': type },
    body,
  })

type Rejected = { source: string | null; host: string | null; reason: string; lines: number; requests: number }
const rejected = async () => (await app.result<{ rejected: Rejected[] }>('logs status')).rejected

it('shows rejected lines by reason and source, in "logs status" and in the metrics', async () => {
  expect(await rejected()).toEqual([])
  expect(app.text((await app.says('logs status')).card)).not.toContain('Not stored')
  await send('[{"message":"good"},null,{}]')
  await send('[null]', '?source=api&host=web-1')
  await send('{"secret":"hunter2', '?source=shop')
  await send('x', '', 'image/png')
  await app.result('projects edit default --rate-limit 2')
  await send('one', '?source=api', 'text/plain')
  await send('a\nb\nc\nd\ne', '?source=api', 'text/plain')
  await app.result('projects edit default --rate-limit 0 --max-body 1kB')
  await send('x'.repeat(5_000), '?source=big', 'text/plain')
  const found = await rejected()
  expect(found).toHaveLength(6)
  for (const kind of [
    { source: 'api', host: null, reason: 'unreadable', lines: 2, requests: 0 },
    { source: 'api', host: 'web-1', reason: 'unreadable', lines: 1, requests: 0 },
    { source: 'shop', host: null, reason: 'invalid', lines: 0, requests: 1 },
    { source: null, host: null, reason: 'unsupported', lines: 0, requests: 1 },
    { source: 'api', host: null, reason: 'limited', lines: 5, requests: 1 },
    { source: 'big', host: null, reason: 'too_large', lines: 0, requests: 1 },
  ])
    expect(found).toContainEqual(expect.objectContaining({ project: 'default', ...kind }))
  const text = app.text((await app.says('logs status')).card)
  expect(text).toContain('Not stored since the start of Vakt: 8 lines and 4 requests.')
  expect(text).toContain('api on web-1: 1 line (unreadable). The line is null; it holds nothing to store.')
  expect(text).not.toContain('hunter2')
  const metrics = await (await app.request('/metrics')).text()
  expect(metrics).toContain(
    'vakt_lines_rejected_total{project="default",reason="unreadable",source="api",host="web-1"} 1\n',
  )
  expect(metrics).toContain(
    'vakt_requests_rejected_total{project="default",reason="too_large",source="big",host=""} 1\n',
  )
})

it('fires one alert when it goes on, which says what to do and resolves afterwards', async () => {
  const minutes = async (count: number, body: string) => {
    for (let i = 0; i < count; i++) {
      await send(body)
      await app.passes('1m')
    }
  }
  await minutes(9, '[{"message":"x"},null]')
  expect(app.titles()).toEqual([])
  await minutes(3, '[{"message":"x"},null]')
  expect(app.titles()).toEqual(['Warning: Log lines of default are not stored'])
  const card = app.cardText()
  expect(card).toMatch(/api, key the admin key: 1\d lines \(unreadable\)\. The line is null/)
  expect(card).toContain('Send each line as a text or a JSON object')
  // A restart forgets the counts, not the alert.
  app = await app.restarts('1m')
  await app.passes('5m')
  expect(app.titles()).toEqual(['Warning: Log lines of default are not stored'])
  await app.passes('10m')
  expect(app.titles()).toEqual(['Resolved: Log lines of default are not stored'])
})

it('fires no alert for a burst, however large', async () => {
  for (let i = 0; i < 20; i++) await send(`[${'null,'.repeat(50)}null]`)
  await app.passes('1h')
  expect(app.titles()).toEqual([])
  expect((await rejected())[0]).toMatchObject({ lines: 1020 })
})
