// Stories of alerts with a common cause: a host that is down, a dependency, an alert storm, a flapping alert.
import { describe, expect, it } from 'vitest'
import { checks } from '../../state/schema/index.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { MINUTE } from '../../time.ts'
import { endAlert, fireAlert } from '../lifecycle.ts'

/** Adds checks of one host that have just sent a beat, by SQL. */
function addChecks({ state, clock }: TestApp, count: number, host = 'web-1', apart = 0): void {
  const row = (i: number): typeof checks.$inferInsert => {
    const lastBeatAt = clock.now() + i * apart
    const due = { lastBeatAt, lateAt: lastBeatAt + MINUTE, downAt: lastBeatAt + MINUTE + 10_000 }
    const uuid = `00000000-0000-4000-8000-${host.slice(-1)}${String(i).padStart(11, '0')}`
    const settings = { every: MINUTE, grace: 10_000, timeZone: 'UTC', severity: 'critical', status: 'up' } as const
    const name = `${host}-job-${i}`
    return { projectId: 1, name, slug: name, uuid, host, createdAt: 0, beats: 1, ...settings, ...due }
  }
  state.transaction(() => {
    for (let i = 0; i < count; i++) state.db.insert(checks).values(row(i)).run()
    state.emit('deadlines')
  })
}

describe('a host that is down', () => {
  it('with a thousand checks is one card, which resolves when the host sends a beat again', async () => {
    const app = await startApp()
    addChecks(app, 1000)
    await app.passes('1m41s')
    expect(app.titles()).toEqual(['Critical: host web-1: 1,000 checks sent no beat'])
    await app.passes('15s')
    expect(app.cardText()).toContain('Suppresses 1,000 related alerts, still open: 1,000 critical.')
    expect(app.channel.calls.length).toBeLessThan(5)
    await app.request('/ping/00000000-0000-4000-8000-100000000007')
    await app.passes('6s')
    expect(app.titles()).toEqual(['Resolved: host web-1: 1,000 checks sent no beat'])
    for (let i = 0; i < 1000; i++) await app.request(`/ping/00000000-0000-4000-8000-1${String(i).padStart(11, '0')}`)
    await app.passes('50s')
    expect(app.titles()).toHaveLength(1)
  })

  it('whose checks miss their beats one after another is still one card', async () => {
    const app = await startApp()
    addChecks(app, 50, 'web-1', 1_000)
    // The last beat was sent 49 s after the first.
    await app.passes('5m')
    expect(app.titles()).toEqual([expect.stringMatching(/^Critical: host web-1: \d+ checks sent no beat$/)])
    expect(app.cardText()).toContain('Suppresses 50 related alerts')
  })

  it('that a detector finds inhibits its checks, in any order', async () => {
    const app = await startApp()
    addChecks(app, 5)
    await app.passes('1m20s')
    expect(app.titles()).toEqual([])
    const down = { ...finding('host:1', 'host web-1 cannot be reached'), labels: { role: 'host-down', host: 'web-1' } }
    app.state.transaction(() => fireAlert(app.state, down, app.clock.now()))
    await app.passes('1m')
    expect(app.titles()).toEqual(['Critical: host web-1 cannot be reached'])
    expect(app.cardText()).toContain('Suppresses 5 related alerts, still open: 5 critical.')
    app.state.transaction(() => endAlert(app.state, 'host:1', null, app.clock.now()))
    // A check has until its next beat is due; these send none.
    await app.passes('1m')
    expect(app.titles()).toHaveLength(1)
    await app.passes('1m')
    expect(app.titles().slice(1)).toEqual(['Critical: host web-1: 5 checks sent no beat'])
  })

  it('is still one card when Vakt is killed and restarted during the inhibition delay', async () => {
    const first = await startApp()
    addChecks(first, 40)
    await first.passes('1m15s')
    expect(first.titles()).toEqual([])
    const app = await first.restarts('1s', 'killed')
    await app.passes('1m')
    expect(app.titles()).toEqual(['Critical: host web-1: 40 checks sent no beat'])
  })
})

describe('a check that others depend on', () => {
  it('inhibits them, and those that depend on them in turn', async () => {
    const app = await startApp()
    const db = await app.hasCheck('db')
    const api = await app.hasCheck('api --depends-on db')
    const shop = await app.hasCheck('shop --depends-on api')
    await shop('/fail')
    await app.passes('10s')
    await db('/fail')
    await api('/fail')
    await app.passes('1m')
    expect(app.titles()).toEqual(['Critical: db reported a failure'])
    expect(app.cardText()).toContain('Suppresses 2 related alerts')
    for (const beat of [db, api, shop]) await beat()
    await app.passes('2m')
    expect(app.titles()).toEqual(['Resolved: db reported a failure'])
  })

  it('is posted after the inhibition delay when its dependency is up', async () => {
    const app = await startApp()
    await app.hasCheck('db')
    await (await app.hasCheck('api --depends-on db'))('/fail')
    await app.passes('29s')
    expect(app.titles()).toEqual([])
    await app.passes('1s')
    expect(app.titles()).toEqual(['Critical: api reported a failure'])
  })

  it('in a circle: only the oldest is posted', async () => {
    const app = await startApp()
    const one = await app.hasCheck('one --depends-on two')
    const two = await app.hasCheck('two --depends-on one')
    await one('/fail')
    await two('/fail')
    await app.passes('2m')
    expect(app.titles()).toEqual(['Critical: one reported a failure'])
  })
})

describe('a flapping alert', () => {
  it('is one card from the sixth change on, and resolves when it stays clear', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job')
    for (let i = 0; i < 5; i++) {
      await beat('/fail')
      await app.passes('30s')
      await beat()
      await app.passes('30s')
    }
    expect(app.titles()).toHaveLength(3)
    expect(app.titles()[2]).toMatch(/^Critical: job reported a failure, 10 changes in 4m 30s$/)
    await app.passes('9m25s')
    expect(app.titles()[2]).toContain('Critical')
    await app.passes('10s')
    expect(app.titles()[2]).toBe('Resolved: job reported a failure')
  })

  it('follows the threshold that is set', async () => {
    const app = await startApp()
    await app.result('suppression set --flap-changes 0')
    const beat = await app.hasCheck('job')
    for (let i = 0; i < 5; i++) {
      await beat('/fail')
      await beat()
    }
    expect(app.titles()).toHaveLength(5)
  })
})

describe('an alert storm', () => {
  it('is one card until few of its alerts are left, which then get their own cards', async () => {
    const app = await startApp()
    const fire = (i: number) => fireAlert(app.state, finding(`problem:${i}`, `problem ${i}`), app.clock.now())
    app.state.transaction(() => {
      for (let i = 0; i < 300; i++) fire(i)
    })
    await app.passes('15s')
    expect(app.titles()).toEqual(['Critical: alert storm in default'])
    expect(app.cardText()).toContain('Stands for 300 alerts, still open: 300 critical.')
    await app.passes('2m')
    expect(app.titles()).toHaveLength(1)
    app.state.transaction(() => fire(1000))
    await app.passes('1s')
    expect(app.titles()[1]).toBe('Critical: problem 1000')
    app.state.transaction(() => {
      for (let i = 8; i < 300; i++) endAlert(app.state, `problem:${i}`, null, app.clock.now())
    })
    await app.passes('10s')
    expect(app.titles()[0]).toBe('Resolved: alert storm in default')
    expect(app.titles().slice(2).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map(i => `Critical: problem ${i}`))
  })

  it('is acknowledged as a whole; its alerts then get no cards', async () => {
    const app = await startApp()
    app.state.transaction(() => {
      for (let i = 0; i < 50; i++) fireAlert(app.state, finding(`t:${i}`, `t ${i}`), app.clock.now())
    })
    await app.passes('1s')
    const confirmation = await app.says('ack all --storm 21', { interactive: true })
    expect(confirmation.card.buttons![0]!.line).toBe('ack all --storm 21 --yes')
    await app.result('ack all --storm 21')
    await app.passes('5m')
    expect(app.titles()).toEqual(['Resolved: alert storm in default'])
  })
})

it('the key of a project cannot change alerts and silences of another project', async () => {
  const app = await startApp()
  await app.result('projects add shop')
  for (const project of ['default', 'shop']) await (await app.hasCheck(`job --project ${project}`))('/fail')
  const key = { project: 'shop', role: 'responder' as const }
  const shop = (line: string) => app.says(line, { key } as never)
  expect((await shop('ack all --project default')).ok).toBe(false)
  expect((await shop('silence add --alert 1')).ok).toBe(false)
  expect((await shop('ack all')).ok).toBe(true)
  const { alerts } = await app.result<{ alerts: { state: string }[] }>('alerts history')
  expect(alerts.map(alert => alert.state)).toEqual(['acknowledged', 'firing'])
  await app.result('silence add job --for 1h')
  expect((await shop('silence end 1')).ok).toBe(false)
  expect((await shop('silence add job')).ok).toBe(true)
  expect((await app.result<{ silence: object }>('silence show 2')).silence).toMatchObject({ project: 'shop' })
})

function finding(key: string, title: string) {
  const about = { key, title, detector: 'test-rule', projectId: 1, severity: 'critical' as const, owner: null }
  return {
    ...about,
    since: Date.parse('2026-03-02T09:00:00Z'),
    remindEvery: 0,
    observation: { lines: [] },
    occurrences: 1,
    labels: {},
  }
}
