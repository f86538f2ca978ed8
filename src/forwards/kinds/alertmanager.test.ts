// What an Alertmanager gets of an alert: its labels, from when to when it is, and where people find it.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Alert } from '../../alerts/alert.ts'
import { memoryState } from '../../state/database.ts'
import { storeAlert } from '../../testing/alerts.ts'
import { MINUTE } from '../../time.ts'
import { sendAlerts } from './alertmanager.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let server: Server
let got: { path: string; body: string }
beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += piece
    got = { path: request.url!, body }
    response.end()
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
})
afterAll(() => server.close())

const send = async (more: Partial<Alert>, project: string | null = null, publicUrl = '') => {
  const alert = storeAlert(memoryState(), { key: 'k', title: 'api is slow', firedAt: NOW - MINUTE, ...more })
  const target = { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, headers: {} }
  await sendAlerts([{ alert, project }], target, NOW, publicUrl)
  return JSON.parse(got.body)[0]
}

it('an open alert ends four minutes from now, with what it is as labels', async () => {
  expect(await send({})).toEqual({
    labels: { alertname: 'test-rule', severity: 'critical', vakt_alert: '1', vakt_key: 'k' },
    annotations: { summary: 'api is slow', state: 'firing' },
    startsAt: new Date(NOW - MINUTE).toISOString(),
    endsAt: new Date(NOW + 4 * MINUTE).toISOString(),
  })
  expect(got.path).toBe('/api/v2/alerts')
})

it('an alert that is over ends when it did; its project, owner and address are there where they are known', async () => {
  expect(
    await send({ state: 'resolved', resolvedAt: NOW - 5, owner: 'Ann' }, 'shop', 'https://vakt.example.org'),
  ).toMatchObject({
    labels: { project: 'shop' },
    annotations: { state: 'resolved', owner: 'Ann' },
    endsAt: new Date(NOW - 5).toISOString(),
    generatorURL: 'https://vakt.example.org',
  })
})

it('labels have names that are valid there, and none is empty or in place of its own', async () => {
  const labels = { host: 'web-1', 'a.b c': 'x', '9lives': 'y', empty: '', severity: 'mine' }
  expect((await send({ labels })).labels).toEqual({
    ...{ alertname: 'test-rule', severity: 'critical', vakt_alert: '1', vakt_key: 'k' },
    ...{ host: 'web-1', a_b_c: 'x', _9lives: 'y' },
  })
})
