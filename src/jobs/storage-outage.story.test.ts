// Stories of storage that refuses beats and log lines: nobody is blamed for it, and people know of it while it lasts.
import { describe, expect, it } from 'vitest'
import type { LogStore } from '../logs/store.ts'
import { Problem } from '../problem.ts'
import { startApp, type TestApp, type TestAppOptions } from '../testing/app.ts'
import { type StorageFaults, withFaults } from '../testing/storage-faults.ts'
import { takingStore } from '../testing/taking-store.ts'

type Beats = { [name: string]: Awaited<ReturnType<TestApp['hasCheck']>> }

/** An app with checks of 20 s and 5 s of grace, and the faults of its storage. */
async function begin(names = ['a', 'b', 'c'], options: TestAppOptions = {}) {
  const app = await startApp(options)
  const faults = withFaults(app.state)
  const beats: Beats = {}
  for (const name of names) beats[name] = await app.hasCheck(`${name} --every 20s --grace 5s`)
  return { app, faults, beats }
}

/** Every job beats every five seconds; returns the statuses of the answers. */
async function beatsFor(app: TestApp, beats: Beats, seconds: number, each?: () => Promise<void>): Promise<number[]> {
  const statuses: number[] = []
  for (let second = 0; second < seconds; second += 5) {
    for (const beat of Object.values(beats)) statuses.push((await beat()).status)
    await each?.()
    await app.passes('5s')
  }
  return statuses
}

const aboutChecks = (app: TestApp) => app.titles().filter(title => !title.includes('Vakt'))
const readiness = async (app: TestApp) => {
  const response = await app.request('/readyz')
  const { parts } = (await response.json()) as { parts: { storage: { ok: boolean; message: string | null } } }
  return { status: response.status, storage: parts.storage }
}

const FAULTS: [string, (faults: StorageFaults) => void][] = [
  ['a full disk', faults => faults.fail('SQLITE_FULL')],
  ['a disk with room for the writes of Vakt itself, and for no beat', faults => faults.fail('SQLITE_FULL', 'beats')],
  ['a failing disk', faults => faults.fail('SQLITE_IOERR_WRITE')],
  ['a database that turned read-only', faults => faults.fail('SQLITE_READONLY_DBMOVED')],
  ['a database that cannot be read', faults => faults.fail('SQLITE_CORRUPT', 'beats')],
  ['a database that another program locks', faults => faults.fail('SQLITE_BUSY')],
]

describe.each(FAULTS)('%s', (_, breaks) => {
  it('that heals brings no false alarm, also not when it comes again and again', async () => {
    const { app, faults, beats } = await begin()
    await beatsFor(app, beats, 20)
    for (const [refusedFor, storedFor] of [
      [75, 30],
      [40, 15],
      [40, 90],
      [10, 5],
      [75, 60],
    ] as const) {
      breaks(faults)
      expect(new Set(await beatsFor(app, beats, refusedFor))).toEqual(new Set([503]))
      faults.heal()
      expect(new Set(await beatsFor(app, beats, storedFor))).toEqual(new Set([200]))
    }
    expect(aboutChecks(app)).toEqual([])
    const { alerts } = await app.result<{ alerts: { title: string }[] }>('alerts history --limit 50')
    expect(alerts.filter(alert => alert.title.includes('beat') && !alert.title.includes('Vakt'))).toEqual([])
  })

  it('makes Vakt unready from the first refused beat until one is stored, without flickering', async () => {
    const { app, faults, beats } = await begin()
    await beatsFor(app, beats, 20)
    expect(await readiness(app)).toEqual({ status: 200, storage: { ok: true, message: null } })
    breaks(faults)
    await beatsFor(app, beats, 60, async () => {
      expect(await readiness(app)).toMatchObject({ status: 503, storage: { ok: false } })
    })
    expect((await readiness(app)).storage.message).toContain(
      'Vakt has been unable to store beats since 2026-03-02T09:00:20.000Z. ',
    )
    expect(await app.answerText('status')).toMatch(
      /Vakt needs attention[\s\S]*Vakt has been unable to store beats since/,
    )
    expect(await app.result('status')).toMatchObject({ storage: { ok: false, outages: [{ thing: 'beats' }] } })
    faults.heal()
    await beats.a!()
    await app.passes('1s')
    expect((await readiness(app)).status).toBe(200)
    expect(await app.answerText('status')).not.toContain('unable to store')
  })

  it('is shown in the chat once it has lasted a minute, and once when it is over', async () => {
    const { app, faults, beats } = await begin(['a'], { channels: ['discord', 'slack'] })
    await beatsFor(app, beats, 20)
    breaks(faults)
    await beatsFor(app, beats, 55)
    expect(app.titles()).toEqual([])
    await beatsFor(app, beats, 300)
    for (const channel of app.channels) expect(app.titles(channel)).toEqual(['Critical: Vakt cannot store beats'])
    expect(app.cardText()).toContain('since 2026-03-02 09:00:20 UTC')
    faults.heal()
    await beatsFor(app, beats, 30)
    for (const channel of app.channels) {
      expect(app.titles(channel).filter(title => !title.startsWith('Resolved: Vakt '))).toEqual([])
      expect(app.titles(channel)).toContainEqual('Resolved: Vakt could not store beats for 5m 55s')
    }
    expect(await app.result('status')).toMatchObject({
      downtime: { kind: 'storage', from: '2026-03-02T09:00:20.000Z', to: '2026-03-02T09:06:15.000Z' },
    })
  })
})

it('a chat that cannot be reached while the disk is full gets the notice as soon as it can, once', async () => {
  const { app, faults, beats } = await begin(['a'])
  const arrives = app.channel.hangs('post')
  app.channel.forgetHanging()
  arrives()
  faults.fail()
  app.channel.failing(Object.assign(new Error('no answer'), { code: 'unreachable' }) as never, 2, 'post')
  await beatsFor(app, beats, 120)
  expect(app.titles()).toEqual(['Critical: Vakt cannot store beats'])
})

it('a job that ends during an outage is alerted after it, also when nobody sends another beat', async () => {
  const { app, faults, beats } = await begin(['a'])
  await beatsFor(app, beats, 20)
  faults.fail()
  await beatsFor(app, beats, 60)
  faults.heal()
  await app.passes('2m')
  expect(aboutChecks(app)).toEqual(['Critical: a sent no beat'])
  expect((await readiness(app)).status).toBe(200)
})

it('a beat that was refused is not missed, however short the outage and however early it came', async () => {
  const app = await startApp()
  const faults = withFaults(app.state)
  const hourly = await app.hasCheck('hourly --every 1h --grace 5m')
  const other = await app.hasCheck('other --every 1m --grace 1m')
  const run = await app.hasCheck('run --every 1h --grace 5m')
  await hourly()
  await run()
  await app.passes('58m')
  await run('/start')
  await app.passes('1m')
  faults.fail('SQLITE_FULL', 'beats')
  expect([(await hourly()).status, (await run()).status, (await other()).status]).toEqual([503, 503, 503])
  faults.heal()
  await other()
  for (let minute = 0; minute < 59; minute++) {
    await app.passes('1m')
    await other()
  }
  expect(app.titles()).toEqual([])
  await app.passes('10m')
  expect(aboutChecks(app)).toContain('Critical: hourly sent no beat')
})

it('damage that refuses the beats of one check neither hides the others nor passes unseen', async () => {
  const { app, faults, beats } = await begin(['a', 'dead'])
  await beatsFor(app, beats, 20)
  faults.fail('SQLITE_CORRUPT', 'beats')
  await beats.a!()
  faults.heal()
  await beats.a!()
  await app.passes('2m')
  expect(aboutChecks(app)).toContain('Critical: dead sent no beat')
})

it('a disk on which some beats fit and others do not is red all the time, and an alert', async () => {
  const { app, faults, beats } = await begin(['a', 'b'])
  await beatsFor(app, beats, 20)
  const seen: number[] = []
  for (let second = 0; second < 80; second += 4) {
    faults.fail('SQLITE_FULL', 'beats')
    expect((await beats.a!()).status).toBe(503)
    seen.push((await readiness(app)).status)
    faults.heal()
    expect((await beats.b!()).status).toBe(200)
    if (second > 0) seen.push((await readiness(app)).status)
    await app.passes('4s')
    if (second > 0) seen.push((await readiness(app)).status)
  }
  expect(new Set(seen)).toEqual(new Set([503]))
  expect(app.titles()).toEqual(['Critical: Vakt cannot store beats'])
  await beatsFor(app, beats, 30)
  expect((await readiness(app)).status).toBe(200)
  expect(aboutChecks(app)).toEqual([])
  expect(app.titles()).toEqual([expect.stringContaining('Resolved: Vakt could not store beats for 1m')])
})

describe('log lines that storage refuses', () => {
  let refuse: Problem | null = null
  const lines = async (app: TestApp, secret: string) =>
    app.request('/api/logs', {
      method: 'POST',
      body: 'x',
      headers: { 'x-api-key': secret, 'content-type': 'text/plain' },
    })
  const start = async () => {
    refuse = null
    const { store } = takingStore()
    const failing = {
      ...store,
      append: async (batch: never) => (refuse ? Promise.reject(refuse) : store.append(batch)),
    }
    const app = await startApp({ store: failing as unknown as LogStore })
    const { key } = await app.result<{ key: { secret: string } }>('keys create default')
    return { app, send: () => lines(app, key.secret) }
  }

  it('make Vakt unready until one is stored, and are an alert when that lasts', async () => {
    const { app, send } = await start()
    const beat = await app.hasCheck('job --every 20s --grace 5s')
    refuse = new Problem('busy', 'The disk is full, so nothing was stored.', { isStorage: true })
    for (let i = 0; i < 20; i++) {
      expect((await send()).status).toBe(503)
      expect((await beat()).status).toBe(200)
      expect((await readiness(app)).status).toBe(503)
      await app.passes('5s')
    }
    expect(await app.answerText('status')).toContain('Vakt has been unable to store log lines since')
    expect(app.titles()).toEqual(['Critical: Vakt cannot store log lines'])
    // The jobs are heard, so that one that is silent is alerted.
    await app.passes('30s')
    expect(aboutChecks(app)).toEqual(['Critical: job sent no beat'])
    refuse = null
    expect((await send()).status).toBe(200)
    expect((await readiness(app)).status).toBe(200)
    await app.passes('5s')
    expect(app.titles()[0]).toBe('Resolved: Vakt could not store log lines for 2m 10s')
  })

  it('for a limit or load are no outage', async () => {
    const { app, send } = await start()
    refuse = new Problem('busy', 'The queue of logs to store is full.')
    for (let i = 0; i < 20; i++) {
      expect((await send()).status).toBe(503)
      await app.passes('5s')
    }
    expect((await readiness(app)).status).toBe(200)
    expect(app.titles()).toEqual([])
  })
})
