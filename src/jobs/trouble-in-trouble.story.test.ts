// Stories of two troubles at once: Vakt stops, dies, sleeps or loses its clock while it is offline or cannot store beats.
import { describe, expect, it } from 'vitest'
import { addSilence } from '../alerts/suppression/silences.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { withFaults } from '../testing/storage-faults.ts'

const environment = { CONNECTIVITY_TARGETS: 'tcp://1.1.1.1:443' }

/** A trouble in which beats are lost; returns what ends it, for the app that runs then. */
const TROUBLES: [string, (app: TestApp) => (later: TestApp) => void][] = [
  [
    'offline',
    app => {
      app.internet.up = false
      return later => {
        later.internet.up = true
      }
    },
  ],
  [
    'unable to store beats',
    app => {
      const faults = withFaults(app.state)
      faults.fail('SQLITE_FULL', 'beats')
      return () => faults.heal()
    },
  ],
]

/** What happens to Vakt in the middle of it, each a few times in a row where that differs. */
const ENDS: [string, (app: TestApp) => Promise<TestApp>][] = [
  ['stops', app => app.restarts('30s')],
  ['is killed', app => app.restarts('30s', 'killed')],
  [
    'sleeps and is killed',
    async app => {
      app.clock.sleep(60_000)
      await app.passes('6s')
      return app.restarts('30s', 'killed')
    },
  ],
  [
    'has its clock put back by a few seconds and is killed',
    async app => {
      app.clock.sleep(-8_000)
      app.scheduler.wake()
      await app.passes('6s')
      return app.restarts('30s', 'killed')
    },
  ],
  [
    'has its clock put back by an hour and stops',
    async app => {
      app.clock.sleep(-3_600_000)
      app.scheduler.wake()
      await app.passes('6s')
      return app.restarts('30s')
    },
  ],
  [
    'stops twice',
    async app => {
      const next = await app.restarts('10s')
      await next.passes('3s')
      return next.restarts('10s')
    },
  ],
]

describe.each(TROUBLES)('Vakt that is %s', (trouble, begins) => {
  it.each(ENDS)('and %s blames no job for it', async (_, ends) => {
    const first = await startApp({ environment })
    const often = await first.hasCheck('often --every 1m --grace 5s')
    // Its only beat for a while is due in the middle of the trouble.
    const seldom = await first.hasCheck('seldom --every 10m --grace 2m')
    await seldom()
    await first.passes('8m')
    await often()
    await first.passes('30s')
    const end = begins(first)
    // Offline, no request arrives at all.
    const isRefused = trouble !== 'offline'
    await first.passes('30s')
    if (isRefused) expect((await often()).status).toBe(503)
    await first.passes('1m')
    if (isRefused) expect((await seldom()).status).toBe(503)
    await first.passes('40s')
    const app = await ends(first)
    end(app)
    await app.passes('1s')
    for (let minute = 0; minute < 6; minute++) {
      await app.request(`/ping/${often.check.uuid}`)
      await app.passes('1m')
    }
    expect(app.titles().filter(title => /often|seldom/.test(title))).toEqual([])
    // Nothing is forgiven for ever.
    await app.passes('12m')
    expect(app.titles().filter(title => /often|seldom/.test(title))).toHaveLength(2)
  })
})

it('signs of life between the last answer of the internet and its loss do not count', async () => {
  const first = await startApp({ environment })
  const beat = await first.hasCheck('job --every 10m --grace 1m')
  await first.passes('5s')
  await beat()
  await first.passes('9m56s')
  first.internet.up = false
  // The beat of 09:10:05 is lost between the probe of 09:10:00 and the next, 15 s later.
  await first.passes('30s')
  const app = await first.restarts('1s', 'killed')
  app.internet.up = true
  await app.passes('5m')
  expect(app.titles().filter(title => title.includes('job'))).toEqual([])
})

describe.each(['stopped', 'killed'] as const)('Vakt %s', how => {
  it('within a silence keeps it', async () => {
    const first = await startApp()
    const beat = await first.hasCheck('job --every 1h --grace 1m')
    await beat('/fail')
    await first.says('silence add check=job --for 2h')
    const app = await first.restarts('5m', how)
    await app.passes('10m')
    await app.request(`/ping/${beat.check.uuid}`)
    await app.request(`/ping/${beat.check.uuid}/fail`)
    await app.passes('1m')
    expect(app.titles().filter(title => title.startsWith('Critical'))).toHaveLength(0)
    const { silences } = await app.result<{ silences: unknown[] }>('silence list')
    expect(silences).toHaveLength(1)
  })

  it('within a storm posts nothing again and blames no other job', async () => {
    const first = await startApp()
    const { project } = await first.result<{ project: { ping_key: string } }>('projects show')
    await first.request(`/ping/${project.ping_key}/quiet?create=1&period=1h&grace=1m`)
    const fails = Array.from({ length: 25 }, (_, i) =>
      first.intake.request(`/ping/${project.ping_key}/job-${i}/fail?create=1&period=1h`),
    )
    await Promise.all(fails)
    await first.passes('1m')
    const before = first.titles().length
    expect(before).toBe(1)
    const app = await first.restarts('2m', how)
    await app.passes('1m')
    expect(app.titles()).toHaveLength(before)
    expect(app.titles().filter(title => title.includes('quiet'))).toEqual([])
  })
})

it('a stop is a sign of life of its own: the downtime counts from it', async () => {
  const first = await startApp()
  await first.passes('9s')
  const stoppedAt = first.clock.now()
  const app = await first.restarts('10m')
  expect(await app.result('status')).toMatchObject({
    downtime: { kind: 'stopped', from: new Date(stoppedAt).toISOString() },
  })
})

it('a tick whose commit fails evaluates the suppressions again that it had evaluated', async () => {
  const app = await startApp()
  const faults = withFaults(app.state)
  const beat = await app.hasCheck('job --every 1h')
  await beat('/fail')
  await app.passes('1m')
  const now = app.clock.now()
  // A command would evaluate the alerts itself.
  addSilence(
    app.state,
    { projectId: null, matcher: 'check=job', reason: null, by: 'Ann', endsAt: now + 7_200_000 },
    now,
  )
  faults.fail('SQLITE_FULL', 'commits')
  await app.passes('1s')
  faults.heal()
  await app.passes('10s')
  const { alerts } = await app.result<{ alerts: { suppressed_by: object | null }[] }>('alerts list')
  expect(alerts).toMatchObject([{ suppressed_by: { kind: 'silence', id: 1 } }])
})
