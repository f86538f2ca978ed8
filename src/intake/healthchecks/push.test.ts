// Uptime Kuma's push URLs, and the channels that Healthchecks' API gives a check.
import { expect, it } from 'vitest'
import { readCheckByUuid } from '../../checks/checks.ts'
import { readDetails, saveDetails } from '../../checks/healthchecks/check-details.ts'
import { startPings } from '../../testing/pings.ts'

it.each([
  ['', 'success', null],
  ['?status=up&msg=OK&ping=', 'success', null],
  ['?status=up&msg=OK&ping=12.5', 'success', 'response time 12.5 ms'],
  ['?msg=backup%20done&ping=3', 'success', 'backup done\nresponse time 3 ms'],
  ['?status=down&msg=no%20disk', 'fail', 'no disk'],
  ['?status=down', 'fail', 'OK'],
  ['?status=DOWN', 'fail', 'OK'],
  ['?status=', 'success', null],
])('a push URL with %s is a beat of %s', async (query, kind, body) => {
  const { app, uuid, beats } = await startPings()
  const response = await app.request(`/api/push/${uuid}${query}`)
  expect([response.status, await response.json()]).toEqual([200, { ok: true }])
  expect(await beats()).toMatchObject([{ kind, body }])
})

it('a push URL answers every mistake with 404, as Uptime Kuma does, and stores nothing', async () => {
  const { app, uuid, beats } = await startPings()
  for (const path of ['none', uuid.toUpperCase(), `${uuid}?ping=-1`, `${uuid}?ping=1e12`]) {
    const response = await app.request(`/api/push/${path}`, { method: 'POST' })
    expect([path, response.status, (await response.json()) as object]).toMatchObject([path, 404, { ok: false }])
  }
  expect(await beats()).toEqual([])
})

it('a token that an import kept means its check', async () => {
  const { app, uuid, check } = await startPings()
  const row = readCheckByUuid(app.state, uuid)!
  saveDetails(app.state, { ...readDetails(app.state, row), pushToken: 'iH8kQzXw3v' })
  expect((await app.request('/api/push/iH8kQzXw3v?status=up&msg=OK&ping=')).status).toBe(200)
  expect(await check()).toMatchObject({ status: 'up', beats: 1 })
})

it('the channels that the API gave a check get its alerts, and the routes decide where it gave none that is in use', async () => {
  const { app, uuid, ping } = await startPings()
  const row = readCheckByUuid(app.state, uuid)!
  const whys = () => app.state.prepare<[], { why: string }>('select why from recipients order by rowid').all()
  saveDetails(app.state, { ...readDetails(app.state, row), channels: ['gone'] })
  await ping('/fail')
  expect(whys()).toEqual([{ why: 'every channel' }])
  await ping()
  saveDetails(app.state, { ...readDetails(app.state, row), channels: ['discord'] })
  await app.passes('1h')
  await ping('/fail')
  expect(whys().at(-1)).toEqual({ why: 'chosen for this check' })
})

it("the API pauses with the body null, as Ansible's module sends it", async () => {
  const { app, uuid } = await startPings()
  const headers = { 'x-api-key': 'admin-key-for-tests', 'content-type': 'application/json' }
  const response = await app.request(`/api/v1/checks/${uuid}/pause`, { method: 'POST', headers, body: 'null' })
  expect(await response.json()).toMatchObject({ uuid, status: 'paused' })
})
