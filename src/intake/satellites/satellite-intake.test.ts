// What a satellite answers itself, what only its main can answer, and what it refuses until the main has told it more.
import { BlockList } from 'node:net'
import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { EmitterLimits } from '../../projects/emitter-limit.ts'
import { createKey } from '../../projects/keys.ts'
import { addProject } from '../../projects/projects.ts'
import { createRates } from '../../projects/rates.ts'
import { RefusedWork } from '../../projects/refused-work.ts'
import { createVault } from '../../projects/vault.ts'
import { memoryState } from '../../state/database.ts'
import { createTelemetry } from '../../telemetry.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { DAY } from '../../time.ts'
import { PROTOCOLS } from '../protocols/index.ts'
import { createSatelliteIntake, type SatelliteIntakeOptions } from './satellite-intake.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const UNKNOWN = '07c2f548-9850-4b27-af5d-6c9dc157ec02'
let app: ReturnType<typeof createSatelliteIntake>
let secret: string
let pingKey: string
/** Whether the main answers, how often it was asked, and why nothing can be taken. */
let isUpToDate: boolean
let asked: number
let refusal: string | null
let ready: boolean
let kept: string[]
let batches: number

beforeEach(() => {
  const state = memoryState()
  const clock = createFakeClock(NOW)
  const vault = createVault(Buffer.alloc(32, 7))
  const project = addProject(state, 'default', NOW)
  pingKey = project.pingKey
  secret = createKey(state, vault, project, { role: 'intake', signed: false }, NOW).secret
  isUpToDate = true
  asked = 0
  refusal = null
  ready = true
  kept = []
  batches = 0
  const options = {
    ...{ state, vault, clock, logger: silentLogger, publicUrl: () => 'http://satellite', adminKey: 'admin-secret' },
    ...{ rates: createRates(state, clock), trustedProxies: new BlockList(), telemetry: createTelemetry() },
    ...{ timeZone: 'UTC', retentionMs: DAY, refusedWork: new RefusedWork(), emitterLimits: new EmitterLimits() },
    logWriter: {
      async append() {
        batches++
        return { accepted: 1, rejected: 0, errors: [], repeated: false, counts: [] }
      },
    },
    commit: async (work: () => unknown) => work(),
    ...{
      pingBodyLimit: 100,
      storage: { recordStored() {}, recordRefusal() {} },
      protocols: PROTOCOLS,
      corsOrigins: [],
    },
    keepPing: (ping: { uuid?: string; slug?: string }) => {
      kept.push(ping.uuid ?? ping.slug ?? '')
      return { answer: { status: 200, text: 'OK' }, kind: 'success' }
    },
    names: { publicUrl: () => 'http://satellite', host: '127.0.0.1', allowedHosts: [] },
    main: 'https://main.example.org',
    async isUpToDate() {
      asked++
      return isUpToDate
    },
    ...{ refusal: () => refusal, status: () => ({ ready, waiting: 3 }), metrics: () => 'vakt_up 1' },
  }
  app = createSatelliteIntake(options as unknown as SatelliteIntakeOptions)
})

const ask = async (path: string, init: RequestInit = {}) => {
  const answer = await app.fetch(new Request(`http://satellite${path}`, init))
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}
const sends = (key: string) =>
  ask('/api/logs', { method: 'POST', body: '{"message":"x"}', headers: { 'x-api-key': key, 'content-length': '15' } })

describe('a ping', () => {
  it('of a check that is not known is taken once the list is new, and refused while the main does not answer', async () => {
    expect((await ask(`/ping/${UNKNOWN}`)).text).toBe('OK')
    expect(asked).toBe(1)
    isUpToDate = false
    const busy = await ask(`/ping/${UNKNOWN}`)
    expect(busy).toMatchObject({ status: 503, text: 'busy: the check is not known here, and the main does not answer' })
    expect(busy.headers.get('retry-after')).toBe('5')
    expect(kept).toEqual([UNKNOWN])
  })

  it('that creates its check in a known project needs no list', async () => {
    isUpToDate = false
    expect((await ask(`/ping/${pingKey}/nightly?create=1`)).text).toBe('OK')
    expect(asked).toBe(0)
    for (const path of [
      `/ping/${pingKey}/nightly?create=0`,
      `/ping/${pingKey}/nightly`,
      '/ping/no-such-key/nightly?create=1',
    ])
      expect((await ask(path)).status, path).toBe(503)
    expect(kept).toEqual(['nightly'])
  })

  it('of no form at all is answered at once, and none is taken while nothing can be', async () => {
    isUpToDate = false
    expect((await ask('/ping/x')).status).toBe(404)
    expect(asked).toBe(0)
    refusal = 'The disk is full.'
    expect(await ask(`/ping/${UNKNOWN}`)).toMatchObject({ status: 503, text: 'The disk is full.' })
    expect(kept).toEqual([])
  })
})

describe('log lines', () => {
  it('are taken with a key that is known; with another one when the list is new, or later', async () => {
    expect((await sends(secret)).status).toBeLessThan(300)
    expect([asked, batches]).toEqual([0, 1])
    expect((await sends('vakt_unknown')).status).toBe(401)
    isUpToDate = false
    const busy = await sends('vakt_unknown')
    expect([busy.status, busy.text]).toEqual([
      503,
      expect.stringContaining('The key is not known here, and the main does not answer.'),
    ])
    expect([asked, batches]).toEqual([2, 1])
  })

  it('without a key, or by an unknown signer or push token, are answered as what they are', async () => {
    isUpToDate = false
    expect((await ask('/api/logs', { method: 'POST', body: '{}' })).status).toBe(401)
    expect(asked).toBe(0)
    expect((await ask('/api/logs', { method: 'POST', body: '{}', headers: { 'x-vakt-key': 'k_none' } })).status).toBe(
      503,
    )
    expect((await ask('/api/push/no-such-token')).status).toBe(503)
    isUpToDate = true
    expect((await ask('/api/push/no-such-token')).status).toBe(404)
  })

  it('are refused with the reason while nothing can be taken', async () => {
    refusal = 'The disk is full.'
    expect(await sends(secret)).toMatchObject({ status: 503, text: expect.stringContaining('The disk is full.') })
    expect(batches).toBe(0)
  })
})

it('its health, its status and its metrics are its own, whatever it can take', async () => {
  refusal = 'The disk is full.'
  expect(await ask('/healthz')).toMatchObject({ status: 200, text: 'ok' })
  expect(await ask('/readyz')).toMatchObject({ status: 200, text: '{"ready":true,"waiting":3}' })
  ready = false
  expect((await ask('/readyz')).status).toBe(503)
  expect(await ask('/metrics')).toMatchObject({ status: 200, text: 'vakt_up 1' })
  expect((await ask('/', { headers: { accept: 'text/html' } })).text).toContain(
    'a satellite of the Vakt at https://main.example.org',
  )
  expect((await ask('/metrics', { method: 'POST' })).text).toContain('The disk is full.')
  expect((await ask('/api/checks')).text).toContain('The disk is full.')
})

it('everything else is asked at the main', async () => {
  const answer = await ask('/api/commands', { method: 'POST', body: '{}' })
  expect([answer.status, answer.text]).toEqual([
    404,
    expect.stringContaining('Send everything else to https://main.example.org.'),
  ])
})
