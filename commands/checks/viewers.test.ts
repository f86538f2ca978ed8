// What viewers see of checks: everything but what would let them send beats.
import { beforeEach, describe, expect, it } from 'vitest'
import { uniqueKey } from '../../src/checks/unique-key.ts'
import { startApp, type TestApp } from '../../src/testing/app.ts'

let app: TestApp
let secrets: RegExp
let viewer: string
type Shown = { check: Record<string, unknown> & { uuid: string; ping_url: string; unique_key: string } }

beforeEach(async () => {
  app = await startApp()
  await app.result('projects add shop')
  const beat = await app.hasCheck('backup --every 1h --project shop')
  const { check: other } = await app.result<Shown>(
    `checks add "two words" --every 1h --project shop --depends-on ${beat.check.uuid}`,
  )
  const { project } = await app.result<{ project: { ping_key: string } }>('projects show shop')
  await beat('/fail')
  await app.passes('3h')
  secrets = new RegExp([beat.check.uuid, other.uuid, project.ping_key, '/ping/'].join('|'))
  viewer = (await app.result<{ key: { secret: string } }>('keys create shop --role viewer')).key.secret
})

const LINES = [
  ...['checks show backup', 'checks show "two words"', 'checks list', 'checks list --limit 1', 'checks beats backup'],
  ...['checks next backup', 'alerts list', 'alerts history', 'alerts show 1', 'status', 'reports list', 'rules list'],
  ...['projects list', 'checks show no-such-check', 'help checks show', 'deliveries', 'silence list', 'logs saved'],
]

it('no answer shows a viewer a ping URL, uuid or ping key, by a key and in a chat', async () => {
  const headers = { 'x-api-key': viewer }
  await app.result('roles set 222222222222222222 viewer --platform discord')
  for (const line of LINES) {
    const init = { method: 'POST', headers, body: JSON.stringify({ line }) }
    expect(await (await app.request('/api/commands', init)).text()).not.toMatch(secrets)
    const inChat = await app.says(line, { id: '222222222222222222', admin: false, interactive: true })
    expect(JSON.stringify(inChat)).not.toMatch(secrets)
  }
})

it('no output of a job shows a viewer its ping URL, uuid or ping key, nor a card its secrets', async () => {
  const { check } = await app.result<Shown>('checks show backup')
  const { project } = await app.result<{ project: { ping_key: string } }>('projects show shop')
  const outputs = [
    `+ curl -fsS ${check.ping_url}/fail`,
    `ID=${check.uuid}`,
    `PING_KEY=${project.ping_key} curl https://v.x/ping/${project.ping_key}/backup/fail`,
    `+ curl /ping/${project.ping_key}/backup`,
    'password=hunter2xyz',
  ]
  const visible = new RegExp([check.uuid, project.ping_key, 'hunter2xyz'].join('|'))
  for (const body of outputs) {
    await app.request(`/ping/${check.uuid}/fail`, { method: 'POST', body })
    for (const line of [
      'checks beats backup',
      'alerts list',
      'alerts history',
      'alerts show 1',
      'checks show backup',
    ]) {
      const init = { method: 'POST', headers: { 'x-api-key': viewer }, body: JSON.stringify({ line }) }
      expect(await (await app.request('/api/commands', init)).text()).not.toMatch(visible)
    }
  }
  const asAdmin = await app.result<{ beats: { body: string }[] }>('checks beats backup')
  expect(asAdmin.beats.map(({ body }) => body).slice(0, 5)).toEqual([...outputs].reverse())
})

it('a viewer has the unique_key of Healthchecks, and buttons that work', async () => {
  const { check } = await app.result<Shown>('checks show "two words"')
  expect(check.unique_key).toBe(uniqueKey(check))
  const reply = await app.says('checks show "two words"', { key: { role: 'viewer', project: 'shop' }, id: 'k_1' })
  if (!reply.ok) throw reply.problem
  expect((reply.result as Shown).check).toMatchObject({
    ...{ name: 'two words', uuid: null, ping_url: null, unique_key: check.unique_key },
  })
  expect(reply.card.buttons!.map(({ label }) => label)).toEqual(['Beats'])
  expect((await app.says(reply.card.buttons![0]!.line!, { key: { role: 'viewer', project: 'shop' } })).ok).toBe(true)
})

it('a key that lacks a role is told to use another key, a person to ask for the role', async () => {
  const byKey = await app.says('checks pause backup', { key: { role: 'viewer', project: 'shop' }, id: 'k_1' })
  expect(byKey.ok ? '' : byKey.problem.message).toBe(
    '"checks pause" needs the role responder; the role of this key is viewer. Use another key; "keys create" makes one.',
  )
  await app.result('roles set 222222222222222222 viewer --platform discord')
  const byPerson = await app.says('checks pause backup', { id: '222222222222222222', admin: false })
  expect(byPerson.ok ? '' : byPerson.problem.message).toBe(
    '"checks pause" needs the role responder; your role is viewer. An admin can change it with "roles set".',
  )
})

it('responders and admins see the ping URL as before', async () => {
  for (const role of ['responder', 'admin'] as const) {
    const reply = await app.says('checks show backup', { key: { role, project: 'shop' } })
    if (!reply.ok) throw reply.problem
    const { check } = reply.result as Shown
    expect(check.ping_url).toBe(`http://vakt.test/ping/${check.uuid}`)
    expect(app.text(reply.card)).toContain(check.ping_url)
  }
})

it('the unique_key is computed as Healthchecks does', () => {
  expect(uniqueKey({ uuid: '2f9a6f6b-1f0f-4d2c-9c5c-3a1b2c3d4e5f' })).toBe(SHA1_OF_FIRST_HALF)
})

/** `printf 2f9a6f6b1f0f4d2c | sha1sum` */
const SHA1_OF_FIRST_HALF = '6b7e96043aa20dea545653c749a1bc2d835697cd'

describe('where everybody reads the answers, as in a group on Telegram', () => {
  const inGroup = { platform: 'telegram', id: '7', name: 'Person 7', admin: true, interactive: true, isPublic: true }

  const CHANGES = [
    ...['checks pause backup', 'checks resume backup', 'checks remove backup', 'checks add new --every 1d'],
    ...['projects show shop', 'projects edit shop --rate-limit 5', 'projects add new'],
  ]

  it('no card shows a ping URL, uuid or ping key, even to an admin', async () => {
    const known = 'select uuid as text from checks union select ping_key from projects'
    for (const line of [...LINES, ...CHANGES]) {
      const { card } = await app.says(line, inGroup)
      for (const { text } of app.state.prepare<[], { text: string }>(known).all())
        expect(JSON.stringify(card)).not.toContain(text)
    }
  })

  it('a key or the secret of a webhook is not made at all', async () => {
    for (const line of ['keys create shop --role admin', 'channels add https://hooks.example.org/x --name x']) {
      const reply = await app.says(line, inGroup)
      expect(reply.ok ? 'ok' : reply.problem.message).toContain('everybody in this chat would read it')
    }
    const { keys } = await app.result<{ keys: object[] }>('keys list shop')
    expect(keys).toHaveLength(1)
  })

  it('buttons still work, for they name the check', async () => {
    const { card } = await app.says('checks show "two words"', inGroup)
    const pause = card.buttons!.find(({ label }) => label === 'Pause')!
    expect((await app.says(pause.line!, inGroup)).ok).toBe(true)
  })
})
