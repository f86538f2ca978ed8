// What becomes of one request of reported alerts, without a server; and how listeners are opened and closed.
import { BlockList } from 'node:net'
import { beforeEach, describe, expect, it } from 'vitest'
import { readNewestAlert } from '../../alerts/alerts.ts'
import { resolveAlert } from '../../alerts/lifecycle.ts'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { createKey } from '../../projects/keys.ts'
import { addProject, editProject, findProject } from '../../projects/projects.ts'
import { createRates } from '../../projects/rates.ts'
import { createVault } from '../../projects/vault.ts'
import { memoryState } from '../../state/database.ts'
import { createTelemetry } from '../../telemetry.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import type { AlertProtocol, ListenerContext, Protocol } from '../protocols/protocol.ts'
import { alertKey, type ReportedAlert } from '../protocols/reported-alert.ts'
import type { ReceiveOptions } from './authenticate.ts'
import { createListeners } from './listeners.ts'
import { receiveAlerts } from './receive-alerts.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const vault = createVault(Buffer.alloc(32, 7))
let options: ReceiveOptions
let clock: ReturnType<typeof createFakeClock>
let protocol: AlertProtocol
let reports: Partial<ReportedAlert>[]
let secret: string

beforeEach(() => {
  const state = memoryState()
  const project = addProject(state, 'default', NOW)
  clock = createFakeClock(NOW)
  options = {
    ...{ state, vault, clock, logger: silentLogger, publicUrl: () => 'http://vakt', adminKey: 'admin-secret' },
    ...{ rates: createRates(state, clock), trustedProxies: new BlockList(), telemetry: createTelemetry() },
  }
  reports = []
  protocol = {
    ...{ kind: 'alerts', name: 'test', detector: 'test', routes: [] },
    parse: () => ({ reports: reports.map(own => ({ ...REPORT, ...own })), errors: [] }),
    answer: reported => ({ status: 200, body: reported }),
  }
  secret = createKey(state, vault, project, { role: 'intake', signed: false }, NOW).secret
})

const REPORT: ReportedAlert = {
  ...{ key: 'disk', state: 'firing', title: 'disk', severity: 'critical', since: null },
  ...{ labels: {}, lines: [], links: [] },
}
const send = async (own: Partial<ReportedAlert>[], query = '') => {
  reports = own
  const request = new Request(`http://vakt/api/alerts${query}`, {
    method: 'POST',
    body: '{}',
    headers: { 'x-api-key': secret, 'content-length': '2' },
  })
  const { body } = await receiveAlerts(options, protocol, request, undefined)
  const { fired, repeated, resolved, ignored } = body as Record<string, number>
  return { fired, repeated, resolved, ignored }
}
const did = (what: object) => ({ fired: 0, repeated: 0, resolved: 0, ignored: 0, ...what })
const newest = (key = 'disk') => readNewestAlert(options.state, alertKey(findProject(options.state).id, key))!
const endsAt = () =>
  options.state
    .prepare<[], { at: number | null }>('select due_at as at from reported_alerts order by alert_id desc limit 1')
    .get()!.at

describe('a report', () => {
  it('fires, is repeated, and resolves; a resolution of nothing is ignored', async () => {
    expect(await send([{ state: 'resolved' }])).toEqual(did({ ignored: 1 }))
    expect(await send([{}, { key: 'cpu' }])).toEqual(did({ fired: 2 }))
    expect(await send([{}])).toEqual(did({ repeated: 1 }))
    expect(await send([{ state: 'resolved' }, { key: 'cpu', endsAt: NOW }])).toEqual(did({ resolved: 2 }))
    expect(await send([{ state: 'resolved' }])).toEqual(did({ ignored: 1 }))
    expect(await send([{ endsAt: NOW + 1 }])).toEqual(did({ fired: 1 }))
  })

  it('keeps the start of its alert while that is open', async () => {
    await send([{ since: NOW - HOUR }])
    await send([{ since: NOW - MINUTE }])
    expect(newest().since).toBe(NOW - HOUR)
  })

  it('that was sent before the last one is ignored, one of the same instant is not', async () => {
    await send([{ sentAt: NOW }])
    expect(await send([{ sentAt: NOW - 1, state: 'resolved' }])).toEqual(did({ ignored: 1 }))
    expect(await send([{ sentAt: NOW }])).toEqual(did({ repeated: 1 }))
    expect(await send([{ sentAt: NOW + 1, state: 'resolved' }])).toEqual(did({ resolved: 1 }))
    expect(await send([{ sentAt: NOW }])).toEqual(did({ ignored: 1 }))
    expect(await send([{}])).toEqual(did({ fired: 1 }))
  })

  it('of what a person resolved is ignored, unless it began after that', async () => {
    await send([{ since: NOW - HOUR }])
    resolveAlert(options.state, newest().id, 'Ann', NOW)
    expect(await send([{ since: NOW - HOUR }, { since: NOW }])).toEqual(did({ ignored: 2 }))
    expect(await send([{ since: NOW + 1 }])).toEqual(did({ fired: 1 }))
    resolveAlert(options.state, newest().id, 'Ann', NOW)
    expect(await send([{ since: null }])).toEqual(did({ fired: 1 }))
  })

  it.each<[string, Partial<ReportedAlert>, number | undefined, number | null]>([
    ['', {}, undefined, null],
    ['', {}, HOUR, NOW + HOUR],
    ['', { silenceMs: MINUTE }, HOUR, NOW + MINUTE],
    ['', { silenceMs: MINUTE, endsAt: NOW + 5 }, HOUR, NOW + 5],
    ['?resolve_after=', {}, HOUR, NOW + HOUR],
    ['?resolve_after=1m', { endsAt: NOW + 5 }, HOUR, NOW + MINUTE],
    ['?resolve_after=400d', {}, undefined, NOW + 400 * DAY],
    ['?resolve_after=never', { endsAt: NOW + 5 }, HOUR, null],
    ['?resolve_after=0', {}, HOUR, null],
  ])('with %j and %j of a protocol with %s ends at %s', async (query, own, silenceMs, expected) => {
    if (silenceMs !== undefined) protocol.silenceMs = silenceMs
    await send([own], query)
    expect(endsAt()).toBe(expected)
  })

  it.each(['59s', '401d', 'soon', '-1'])('with ?resolve_after=%s is refused and counted', async text => {
    await expect(send([{}], `?resolve_after=${text}`)).rejects.toMatchObject({
      code: 'invalid',
      fields: { resolve_after: expect.any(String) },
    })
    expect([...options.telemetry.refusedBatches.entries()]).toEqual([
      { labels: { project: 'default', reason: 'invalid' }, value: 1 },
    ])
  })

  it('comes with up to 20,000 others a minute, counted for each project', async () => {
    const count = options.rates.waitFor(`alerts of ${findProject(options.state).id}`, 20_000, 20_000, NOW)
    await send([{}, { key: 'b' }])
    expect(count).toBe(0)
    expect(options.rates.waitFor(`alerts of ${findProject(options.state).id}`, 19_998, 20_000, NOW)).toBe(0)
    expect(options.rates.waitFor(`alerts of ${findProject(options.state).id}`, 19_999, 20_000, NOW)).toBeGreaterThan(0)
    options.rates.take(`alerts of ${findProject(options.state).id}`, 19_998, 20_000, NOW)
    await expect(send([{}])).rejects.toMatchObject({
      code: 'limited',
      message: expect.stringContaining('20000 alerts a minute'),
    })
  })

  it('comes in any number at once, in order', async () => {
    const many = Array.from({ length: 81 }, (_, i) => ({ key: `k${i}` }))
    expect(await send([...many, { key: 'k80', state: 'resolved' }])).toEqual(did({ fired: 81, resolved: 1 }))
    expect(newest('k80').state).toBe('resolved')
    expect(await send(many.slice(0, 40))).toEqual(did({ repeated: 40 }))
  })
})

describe('listeners', () => {
  it('are those of log protocols; one that does not open keeps no other from it, and all are closed', async () => {
    const steps: string[] = []
    const listener = (name: string, isBroken = false) => ({
      ...{
        kind: 'logs',
        name,
        parse: () => ({ status: 200, body: null }),
        answer: () => ({ status: 200, body: null }),
      },
      listener: {
        async open() {
          if (isBroken) throw new Error('in use')
          steps.push(`${name} opened`)
          return { close: async () => void steps.push(`${name} closed`) }
        },
      },
    })
    const errors: string[] = []
    const all = [
      listener('a'),
      listener('b', true),
      { kind: 'logs', name: 'c' },
      protocol,
      listener('d'),
    ] as unknown as Protocol[]
    const listeners = createListeners(all, options as never, {
      ...{ logger: { ...silentLogger, error: text => errors.push(text) }, clock, host: '', sockets: {} as never },
      trustedProxies: new BlockList(),
    })
    await listeners.start()
    expect([steps, errors]).toEqual([['a opened', 'd opened'], ['listener did not open']])
    await listeners.stop()
    await listeners.stop()
    expect(steps.slice(2)).toEqual(['a closed', 'd closed'])
  })

  it('know who is trusted, how many lines a batch may have, and count what they give up', async () => {
    const contexts: ListenerContext[] = []
    const open = async (_receive: never, own: ListenerContext) => {
      contexts.push(own)
      return { close: async () => {} }
    }
    const log = { kind: 'logs', name: 'a', listener: { open } }
    const trustedProxies = new BlockList()
    trustedProxies.addAddress('10.0.0.1', 'ipv4')
    trustedProxies.addAddress('fd00::1', 'ipv6')
    const listeners = createListeners([log] as never, options as never, {
      ...{ logger: silentLogger, clock, host: '', sockets: {} as never },
      trustedProxies,
    })
    await listeners.start()
    const { isTrusted, maxLines, drop } = contexts[0]!
    expect(['127.0.0.2', '::1', '10.0.0.1', 'fd00::1', '10.0.0.2', 'fd00::2', '227.0.0.1'].map(isTrusted)).toEqual([
      ...[true, true, true, true, false, false, false],
    ])
    const most = maxLines(undefined)
    const { id } = findProject(options.state)
    for (const [changes, lines] of [
      [{ lineLimit: 50 }, 50],
      [{ rateLimit: 40 }, 40],
      [{ addressLimit: 30 }, 30],
    ] as const) {
      editProject(options.state, id, changes)
      expect(maxLines('default')).toBe(lines)
    }
    expect(most).toBeGreaterThan(50)
    expect(() => maxLines('none')).toThrow(Problem)
    drop(undefined, { address: '10.0.0.9', lines: 3, reason: 'busy', message: 'Full.' })
    expect(options.telemetry.rejections.list()).toMatchObject([
      { project: 'default', host: '10.0.0.9', sender: '10.0.0.9', source: '', reason: 'busy', lines: 3, requests: 0 },
    ])
    expect([...options.telemetry.linesRejected.entries()]).toMatchObject([
      { labels: { project: 'default', reason: 'busy' }, value: 3 },
    ])
  })
})
