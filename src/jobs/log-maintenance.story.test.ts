// Log maintenance through the whole app: the disk budget, damaged partitions, archives and restores.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../logger.ts'
import type { EmbeddedLogStore } from '../logs/embedded/embedded-log-store.ts'
import { openLogStore } from '../logs/embedded/open-log-store.ts'
import { batchOf } from '../logs/store.testing.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { startS3 } from '../testing/s3/s3-server.ts'
import { DAY, HOUR } from '../time.ts'

const NOON = Date.UTC(2026, 10, 21, 12)
const FIRST = '2026-11-21.3d.0'
const SECOND = '2026-11-22.3d.0'

let folder: string
let store: EmbeddedLogStore
let app: TestApp

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-keeping-'))
  mkdirSync(join(folder, 'logs'))
})
afterEach(async () => {
  await app.stop()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const logs = () => join(folder, 'logs')
/** The machine sleeps for long, and an hour later its clock is believed. */
const sleeps = async (ms: number) => {
  app.clock.sleep(ms)
  await app.passes('61m')
}
const place = () => join(folder, 'elsewhere')

async function begin(environment: Record<string, string> = {}, diskBudgetBytes: number | null = null): Promise<void> {
  store = await openLogStore({ folder: logs(), logger: silentLogger, diskBudgetBytes })
  const start = new Date(NOON).toISOString()
  app = await startApp({ store, start, environment: { DATA_DIR: folder, ...environment } })
}

/** Lines of a day, 0 being that of the start. */
const comes = (day: number, text = `day ${day}`) =>
  store.append(
    batchOf(
      Array.from({ length: 300 }, (_, i) => ({ message: `${text} n${i} ${'word '.repeat(20)}` })),
      { receivedAt: NOON + day * DAY },
    ),
  )

const shown = async (line: string) => {
  const reply = await app.says(line)
  if (!reply.ok) throw reply.problem
  return JSON.stringify(reply.card)
}
const told = () => JSON.stringify(app.channel.messages.map(({ card }) => card))
const searched = async (words: string) => (await app.result<{ total: number }>(`logs search ${words}`)).total
/** Minute after minute passes, until the check holds: the workers need real time, however busy the machine is. */
const eventually = (check: () => Promise<void>) =>
  vi.waitFor(async () => {
    await app.passes('1m')
    await check()
  })
const archived = (count: number) =>
  eventually(async () => {
    expect((await app.result<{ total: number }>('logs archives')).total).toBe(count)
  })

describe('without an archive', () => {
  it('commands name the setting to use', async () => {
    await begin()
    expect(await shown('logs status')).toContain('No log lines yet')
    expect(await shown('logs archives')).toContain('Set ARCHIVE_TO to a folder')
    for (const line of ['logs archive', `logs restore ${FIRST}`])
      expect(await app.says(line)).toMatchObject({ ok: false, problem: { code: 'not_found' } })
  })

  it('an alert lists the partitions dropped for the disk budget, and is resolved after a day without another', async () => {
    await begin({}, 150_000)
    for (const day of [0, 1, 2]) await comes(day)
    await eventually(async () => {
      expect(told()).toContain('Logs were dropped early to fit 150 kB')
    })
    const card = told()
    expect(card).toContain(`${FIRST}"},": 300 lines`)
    expect(card).toContain('lost')
    const { partitions } = await store.status()
    expect(partitions.map(({ name }) => name)).not.toContain(FIRST)
    const open = async () =>
      (await app.result<{ alerts: { detector: string }[] }>('alerts list')).alerts.filter(
        alert => alert.detector === 'log-store',
      )
    expect(await open()).toHaveLength(1)
    await sleeps(25 * HOUR)
    await eventually(async () => {
      expect(await open()).toHaveLength(0)
    })
  })

  it('a damaged partition fires an alert until its file is removed or a person resolves it', async () => {
    await begin()
    for (const day of [0, 1, 2]) await comes(day)
    await app.stop()
    await store.close()
    for (const name of [FIRST, SECOND]) writeFileSync(join(logs(), `${name}.db`), 'nonsense '.repeat(2_000))
    await begin()
    const open = async () => (await app.result<{ alerts: { id: number; title: string }[] }>('alerts list')).alerts
    await eventually(async () => {
      expect(await open()).toHaveLength(2)
    })
    expect(told()).toContain(`The log partition ${FIRST} is damaged`)
    expect(told()).toContain('It is not archived')
    expect(await shown('logs status')).toContain(`${FIRST}.db.damaged`)
    rmSync(join(logs(), `${FIRST}.db.damaged`))
    await eventually(async () => {
      expect((await open()).map(({ title }) => title)).toEqual([`The log partition ${SECOND} is damaged`])
    })
    await app.says(`resolve ${(await open())[0]!.id}`)
    for (let minute = 0; minute < 5; minute++) {
      await app.passes('1m')
      await searched('day')
    }
    expect(await open()).toEqual([])
  })
})

describe('an archive in a folder', () => {
  it('gets each closed partition once, past its retention too, and can restore it for a while', async () => {
    await begin({ ARCHIVE_TO: place() })
    await comes(0, 'needle')
    expect(await shown('logs archives')).toContain('Nothing is archived yet')
    expect(await shown('logs archive')).toContain('No partitions to archive')
    await comes(1)
    await archived(1)
    expect(readdirSync(place())).toEqual([expect.stringMatching(/^2026-11-21\.3d\.0\.[0-9a-f]{12}\.ndjson\.zst$/)])
    expect(await shown('logs archives')).toContain(FIRST)
    await app.passes('10m')
    expect((await app.result<{ total: number }>('logs archives')).total).toBe(1)

    await sleeps(5 * DAY)
    await eventually(async () => {
      expect(await searched('needle')).toBe(0)
    })
    const before = await app.result<{ lines: number }>(`logs restore ${FIRST} --for 2h`)
    expect(before).toMatchObject({ archive: FIRST, lines: 300 })
    expect(await searched('needle')).toBe(300)
    expect(await shown('logs archives')).toContain('searchable now')
    expect(await app.says(`logs restore ${FIRST}`)).toMatchObject({ ok: false, problem: { code: 'conflict' } })
    await app.passes('1h')
    expect(await searched('needle')).toBe(300)
    app.clock.sleep(2 * HOUR)
    await eventually(async () => {
      expect(await searched('needle')).toBe(0)
      expect(readdirSync(logs()).filter(file => file === `${FIRST}.db`)).toEqual([])
    })
  })

  it('that was changed is not restored', async () => {
    await begin({ ARCHIVE_TO: place() })
    await comes(0)
    await comes(1)
    await archived(1)
    await sleeps(5 * DAY)
    await eventually(async () => {
      expect(await searched('day')).toBe(0)
    })
    writeFileSync(join(place(), readdirSync(place()).find(file => file.startsWith(FIRST))!), 'something else')
    const reply = await app.says(`logs restore ${FIRST}`)
    expect(reply).toMatchObject({
      ok: false,
      problem: { message: expect.stringContaining('was changed since it was stored') },
    })
  })
})

describe('an archive in a bucket', () => {
  it('keeps partitions past their retention from being dropped while it is out of reach, and gets them afterwards', async () => {
    const s3 = await startS3('logs')
    const { endpoint, accessKey, secretKey } = s3.bucket
    try {
      await begin({
        ARCHIVE_TO: 's3://logs/vakt',
        ARCHIVE_S3_ENDPOINT: endpoint,
        ARCHIVE_S3_ACCESS_KEY: accessKey,
        ARCHIVE_S3_SECRET_KEY: secretKey,
      })
      await comes(0, 'needle')
      await comes(1)
      let away = true
      s3.fails({ status: 403, code: 'AccessDenied' }, () => away)
      for (let i = 0; i < 200; i++) s3.fails({ status: 403, code: 'AccessDenied' }, () => away)
      await eventually(async () => {
        expect(told()).toContain('Logs cannot be archived to s3://logs/vakt')
      })
      expect(told()).toContain('may not PUT in s3://logs')
      expect(told()).not.toContain(secretKey)
      await sleeps(6 * DAY)
      await app.passes('3m')
      expect(await searched('needle')).toBe(300)
      away = false
      await archived(2)
      const keys = [...s3.objects.keys()].sort().map(key => key.replace(/\.[0-9a-f]{12}\./, '.'))
      expect(keys).toEqual([`vakt/${FIRST}.ndjson.zst`, 'vakt/2026-11-22.3d.0.ndjson.zst'])
    } finally {
      await s3.stop()
    }
  })
})

it('logs maintain seals and drops now, and logs status shows what each project takes', async () => {
  await begin()
  await comes(0)
  expect(await app.result('logs status')).toMatchObject({
    unsealed_lines: 300,
    projects: [{ project: 'default', lines: 300, raw_bytes: expect.any(Number), ratio: expect.any(Number) }],
  })
  expect(await app.result('logs maintain')).toMatchObject({ lines: 300, removed: [] })
  expect(await app.result('logs status')).toMatchObject({ lines: 300, unsealed_lines: 0 })
  expect(JSON.stringify(await app.result('audit'))).toContain('logs maintain')
  expect(await app.answerText('logs salvage')).toContain('No log partition is damaged')
})

it('"logs salvage" takes the name of a damaged file, or the only one, and says what it found', async () => {
  writeFileSync(join(logs(), `${FIRST}.db`), 'nonsense '.repeat(2_000))
  await begin()
  for (const line of ['logs salvage', `logs salvage ${FIRST}.db.damaged`])
    expect(await app.answerText(line)).toContain('can be read: ')
  expect(await app.answerText('logs salvage other.db.damaged')).toContain('There is no damaged file other.db.damaged.')
})
