// Telephones that ring: ntfy, Pushover and Gotify on the wire, acknowledged there, or by a link that acts once and never by GET.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'
import { GOTIFY_TOKEN, startPushServices } from '../testing/push-services.ts'
import { DAY } from '../time.ts'
import { gotify } from './gotify/definition.ts'
import { ntfy } from './ntfy/definition.ts'
import { pushover } from './pushover/definition.ts'

let phones: Awaited<ReturnType<typeof startPushServices>>
let app: TestApp
const until = (condition: () => boolean) => vi.waitFor(() => expect(condition()).toBe(true), 5_000)

beforeEach(async () => {
  phones = await startPushServices()
  // People in chats may only look; a telephone is trusted for what its link says.
  const environment = { ...phones.environment, DEFAULT_ROLE: 'viewer' }
  app = await startApp({ environment, definitions: [ntfy, pushover, gotify] })
})
afterEach(async () => {
  await app.stop()
  await phones.stop()
})

const stateOf = async (id = 1) => {
  const { alerts } = await app.result<{ alerts: { state: string; acknowledged_by: string | null }[] }>(
    `alerts show ${id}`,
  )
  return alerts[0]!
}
const fails = async (flags = '') => {
  const beat = await app.hasCheck(`backup --every 1d ${flags}`)
  await beat('/fail', { method: 'POST', body: 'disk full' })
  await until(() => ['ntfy', 'pushover', 'gotify'].every(service => phones.of(service as 'ntfy').length > 0))
  return beat
}
const linkIn = (service: 'ntfy' | 'gotify') =>
  new URL(
    service === 'ntfy'
      ? (phones.of('ntfy').at(-1)!.actions as { url: string }[])[0]!.url
      : (phones.of('gotify').at(-1)!.extras as { 'client::notification': { click: { url: string } } })[
          'client::notification'
        ].click.url,
  ).pathname

test('a critical alert rings on each of them with what happened, and its end comes quietly', async () => {
  const beat = await fails()
  expect(phones.of('ntfy')[0]).toMatchObject({
    ...{ topic: 'vakt-x7Kq2mP9', title: 'Critical: backup reported a failure', priority: 5, tags: ['rotating_light'] },
    message: expect.stringContaining('disk full'),
    actions: [{ action: 'http', label: 'Acknowledge', method: 'POST', clear: true }],
  })
  expect(phones.of('pushover')[0]).toMatchObject({ priority: '2', retry: '60', expire: '3600' })
  expect(phones.of('gotify')[0]).toMatchObject({ priority: 10, title: 'Critical: backup reported a failure' })
  await beat()
  await until(() => ['ntfy', 'pushover', 'gotify'].every(service => phones.of(service as 'ntfy').length === 2))
  expect(phones.of('ntfy')[1]).toMatchObject({ title: expect.stringMatching(/^Resolved/), priority: 2 })
  expect(phones.of('ntfy')[1]!.sequence_id).toBe(phones.of('ntfy')[0]!.sequence_id)
  expect(phones.of('pushover')[1]).toMatchObject({ priority: '-1' })
  expect(phones.of('gotify')[1]).toMatchObject({ priority: 1 })
})

test('a warning does not ring until somebody reacts', async () => {
  await fails('--severity warning')
  expect(phones.of('ntfy')[0]).toMatchObject({ priority: 4 })
  expect(phones.of('pushover')[0]).toMatchObject({ priority: '1' })
})

describe('acknowledging', () => {
  test('by the button of ntfy works once, in the name of the telephone; the ringing elsewhere stops', async () => {
    await fails()
    const path = linkIn('ntfy')
    expect((await app.request(path, { method: 'POST' })).status).toBe(200)
    expect(await stateOf()).toMatchObject({ state: 'acknowledged', acknowledged_by: 'ntfy vakt-x7Kq2mP9' })
    await until(() => phones.cancelled.length === 1)
    await app.result('unack 1')
    const again = await app.request(path, { method: 'POST' })
    expect([again.status, await again.text()]).toEqual([409, expect.stringContaining('used before')])
    expect(await (await app.request(path)).text()).toContain('used before')
    expect((await stateOf()).state).toBe('firing')
  })

  test('opening the link of Gotify, by whoever or whatever, shows a page and changes nothing', async () => {
    await fails()
    const path = linkIn('gotify')
    for (const method of ['GET', 'HEAD', 'GET']) {
      const response = await app.request(path, { method })
      expect(response.status).toBe(200)
      expect(response.headers.get('referrer-policy')).toBe('no-referrer')
      if (method === 'GET') expect(await response.text()).toContain('<form method="post"><button>Acknowledge</button>')
    }
    expect((await stateOf()).state).toBe('firing')
    expect((await app.request(path, { method: 'POST' })).status).toBe(200)
    expect(await stateOf()).toMatchObject({ state: 'acknowledged', acknowledged_by: 'Gotify' })
    expect(await (await app.request(path)).text()).toContain('nothing left to acknowledge')
  })

  test('in the app of Pushover counts here, also after a restart', async () => {
    await fails()
    await app.passes('11s')
    expect((await stateOf()).state).toBe('firing')
    app = await app.restarts('5s', 'killed')
    phones.acknowledge()
    await app.passes('11s')
    await until(() => app.titles()[0]!.startsWith('Acknowledged'))
    expect(await stateOf()).toMatchObject({ state: 'acknowledged', acknowledged_by: 'Pushover pixel' })
  })

  test('with an unknown or an expired link is refused with a page', async () => {
    await fails()
    const path = linkIn('ntfy')
    expect((await app.request('/ack/guessed', { method: 'POST' })).status).toBe(404)
    // Asleep: nothing of those days is played.
    app.clock.sleep(8 * DAY)
    expect((await app.request(path, { method: 'POST' })).status).toBe(404)
    expect((await stateOf()).state).toBe('firing')
  })
})

test('a title with markup is text on the page', async () => {
  await app.result('checks add x --every 1d --title "<script>alert(1)</script> {check}"')
  const { check } = await app.result<{ check: { uuid: string } }>('checks show x')
  await app.request(`/ping/${check.uuid}/fail`)
  await until(() => phones.of('ntfy').length > 0)
  expect(await (await app.request(linkIn('ntfy'))).text()).not.toContain('<script>')
})

test('without a public URL a phone still gets the alert, without links', async () => {
  await app.stop()
  app = await startApp({
    environment: { ...phones.environment, PUBLIC_URL: 'http://127.0.0.1:8080' },
    definitions: [ntfy, pushover, gotify],
  })
  await fails()
  expect(phones.of('ntfy')[0]).not.toHaveProperty('actions')
  expect(phones.of('pushover')[0]).not.toHaveProperty('url')
})

test('a command adds more phones with a test message; a refusal has the words of the service', async () => {
  await app.result('channels add ntfy:second --name tablet')
  expect(phones.of('ntfy')[0]).toMatchObject({ topic: 'second', title: 'A test from Vakt', priority: 3 })
  expect(await app.answerText('channels add ntfy:second --name other')).toContain('already exists')
  const text = await app.answerText(`channels add gotify:${GOTIFY_TOKEN} --name watch`)
  expect(text).toContain('gets alerts from now on')
  expect(text).not.toContain(GOTIFY_TOKEN)
  expect(await app.answerText('channels add gotify:wrong --name other')).toContain('you need to provide a valid token')
  expect(await app.answerText(`channels add pushover:${'u'.repeat(30)}`)).toContain('user identifier is invalid')
  expect(await app.answerText('channels add pushover:short')).toContain('not a channel')
})

test('a service that limits or fails gets the alert later, once it takes it', async () => {
  phones.answers(...Array.from({ length: 3 }, () => ({ status: 429, body: {} })))
  const beat = await app.hasCheck('job --every 1d')
  await beat('/fail')
  await app.passes('10s')
  await until(() => phones.of('ntfy').length === 1 && phones.of('pushover').length === 1)
})
