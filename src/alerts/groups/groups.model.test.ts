// Random reports, people, silences and restarts against what must hold of groups at any time.
import { expect, test } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { runs } from '../../testing/property-runs.ts'

type Row = {
  id: number
  state: string
  group_id: number | null
  detector: string
  suppression: string | null
  title: string
  snoozed_until: number | null
}

const rows = (app: TestApp) =>
  app.state
    .prepare<[], Row>(`select id, state, group_id, detector, suppression, title, snoozed_until from alerts`)
    .all()

/** What must hold after everything settled. */
function expectConsistent(app: TestApp, story: string): void {
  const all = rows(app)
  const open = all.filter(({ state }) => state !== 'resolved')
  for (const group of all.filter(({ detector }) => detector === 'group')) {
    const members = all.filter(row => row.group_id === group.id)
    const firing = members.filter(row => row.state !== 'resolved')
    expect(members.length, story).toBeGreaterThan(1)
    // It ends with its last member, and not before.
    expect(group.state !== 'resolved', `${story}: group ${group.id} is ${group.state}`).toBe(firing.length > 0)
    if (firing.length === 0) continue
    // What is silenced needs nobody.
    const isTaken = firing.every(({ state, suppression }) => state === 'acknowledged' || suppression !== 'group')
    const isAcknowledged = firing.every(({ state }) => state === 'acknowledged')
    if (group.state === 'acknowledged') expect(isTaken, `${story}: group ${group.id} is acknowledged`).toBe(true)
    if (isAcknowledged) expect(group.state, `${story}: group ${group.id}`).toBe('acknowledged')
    const isActive = firing.some(({ suppression }) => suppression === 'group')
    if (group.suppression !== 'storm')
      expect(group.suppression === null, `${story}: ${group.suppression}`).toBe(isActive)
  }
  // No member has a card of its own.
  const cards = app.state
    .prepare<[], { id: number }>('select alert_id as id from notifications where ref is not null')
    .all()
  const members = new Set(all.filter(({ group_id: group }) => group !== null).map(({ id }) => id))
  expect(
    cards.filter(({ id }) => members.has(id)),
    story,
  ).toEqual([])
  // One open card for each group key and chat.
  const shown = open.filter(({ group_id: group, suppression }) => group === null && suppression === null)
  const titles = app.channel.messages
    .filter(({ card }) => !card.title.startsWith('Resolved'))
    .map(({ card }) => card.title)
  const wanted = shown.length
  expect(titles.length, `${story}: ${titles.join(' | ')}`).toBeGreaterThanOrEqual(wanted)
}

test.each(Array.from({ length: runs(4) }, (_, i) => i + 1))('of seed %i', async seed => {
  let noise = seed * 7_919
  const random = (below: number) => {
    noise = (noise * 48_271) % 2_147_483_647
    return noise % below
  }
  let app = await startApp()
  await app.result('projects add shop')
  await app.result('suppression set --storm-rate 1000')
  const { key } = await app.result<{ key: { secret: string } }>('keys create shop')
  const story: string[] = []
  const report = (alerts: object[]) =>
    app.request('/api/alerts', {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    })
  for (let step = 0; step < 40; step++) {
    const n = random(8)
    const groupKey = `g${n % 2}`
    const alert = {
      key: `a${n}`,
      title: `disk ${n}`,
      group_key: groupKey,
      severity: ['warning', 'critical'][random(2)]!,
      labels: { n: `${n}` },
    }
    const ids = rows(app).filter(({ state }) => state !== 'resolved')
    const target = ids.length > 0 ? ids[random(ids.length)]!.id : 0
    const choices: [string, () => Promise<unknown>][] = [
      [`fire ${n}`, () => report([alert])],
      [
        `fire ${n} and the next`,
        () => report([alert, { ...alert, key: `a${(n + 2) % 8}`, title: `disk ${(n + 2) % 8}` }]),
      ],
      [`resolve ${n}`, () => report([{ ...alert, state: 'resolved' }])],
      [`resolve ${n}`, () => report([{ ...alert, state: 'resolved' }])],
      [`ack ${target}`, () => app.says(`ack ${target}`)],
      [`unack ${target}`, () => app.says(`unack ${target}`)],
      [`snooze ${target}`, () => app.says(`snooze ${target} --for 5m`)],
      [`ack ${target} for 3m`, () => app.says(`ack ${target} --for 3m`)],
      [`resolve alert ${target}`, () => app.says(`resolve ${target}`)],
      [`silence ${n}`, () => app.says(`silence add n:${n} --for ${1 + random(6)}m`)],
      [`silence alert ${target}`, () => app.says(`silence add --alert ${target} --for 2m`)],
      [`ack all`, () => app.says('ack all --yes')],
      ['time', () => app.passes(`${1 + random(4)}m`)],
      [
        'killed',
        async () => {
          app = await app.restarts('5s', 'killed')
        },
      ],
    ]
    const [name, act] = choices[random(choices.length)]!
    story.push(name)
    await act()
    await app.passes('12s')
    expectConsistent(app, story.join(', '))
  }
})
