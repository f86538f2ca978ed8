// The prober by itself: when each target is asked, what counts as a result, and what becomes of it.
import { BlockList } from 'node:net'
import { beforeEach, describe, expect, it } from 'vitest'
import { listAlerts } from '../../alerts/alerts.ts'
import type { Check } from '../../checks/check.ts'
import { addCheck, pauseCheck, readCheck, removeCheck, updateCheck } from '../../checks/checks.ts'
import { initialConnectivity } from '../../connectivity/connectivity.ts'
import { addHost } from '../../hosts/hosts.ts'
import { type Logger, silentLogger } from '../../logger.ts'
import type { ProbeRequest } from '../../probes/doors/probe-kind.ts'
import type { ProbeResult } from '../../probes/probe.ts'
import { addProbe, editProbe, type NewProbe, readProbe } from '../../probes/probes.ts'
import { addProject } from '../../projects/projects.ts'
import { createVault } from '../../projects/vault.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock, type FakeClock, settled } from '../../testing/fake-clock.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { type CheckProberOptions, createCheckProber } from './check-prober.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
const UP: ProbeResult = {
  ...{ ok: true, message: 'status 200', durationMs: 40 },
  ...{ address: '192.0.2.1', certificateEndsAt: null },
}
const DOWN: ProbeResult = { ...UP, ok: false, message: 'status 503' }

let state: State
let clock: FakeClock
let project: number
let connectivity: ReturnType<typeof initialConnectivity>
/** Looks at the network that a failure asked for, as the instants of the failures. */
let confirmed: number[]
let asked: { target: string; at: number; request: ProbeRequest }[]
let answer: (target: string) => ProbeResult | Promise<ProbeResult>
let counted: string[]
let durations: number[]
let warnings: unknown[]
let errors: unknown[]

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  project = addProject(state, 'shop', START).id
  connectivity = initialConnectivity(START)
  confirmed = []
  asked = []
  answer = () => UP
  counted = []
  durations = []
  warnings = []
  errors = []
})

const vault = createVault(Buffer.alloc(32, 7))
const logger: Logger = {
  ...silentLogger,
  warn: (_, facts) => warnings.push(facts?.check),
  error: (_, facts) => errors.push(facts?.check),
}

function aProber(changes: Partial<CheckProberOptions> = {}) {
  return createCheckProber({
    ...{ state, vault, clock, logger, allowed: new BlockList() },
    commit: async work => state.transaction(work),
    connectivity: {
      current: () => connectivity,
      confirm: async since => void confirmed.push(since),
    },
    telemetry: {
      probeDurations: { record: (_kind: string, seconds: number) => durations.push(seconds) },
      probeResults: { add: (_n: number, kind: string, what: string) => counted.push(`${kind} ${what}`) },
    } as unknown as CheckProberOptions['telemetry'],
    ask: async ({ target }, request) => {
      asked.push({ target, at: clock.now() - START, request })
      return answer(target)
    },
    ...changes,
  })
}

/** A probe whose place in its interval is `phase`, ms after the minute. */
function aProbe(name: string, draft: Partial<Check> = {}, probe: Partial<NewProbe> = {}, phase = 20_000): Check {
  const every = MINUTE
  return state.transaction(() => {
    const made = { projectId: project, name, timeZone: 'UTC', grace: 0, severity: 'critical' as const, every, after: 1 }
    const check = addCheck(state, { ...made, uuid: uuidAt(phase, name), probed: true, ...draft }, clock.now())
    const asks = { kind: 'http', target: `https://${name}.test/`, timeout: 10 * SECOND, certDays: 0 }
    addProbe(state, { ...asks, reach: 'any', changedAt: clock.now(), ...probe, checkId: check.id })
    return check
  })
}

/** A uuid of which the spread below a minute is `phase`. */
function uuidAt(phase: number, name: string): string {
  const head = phase.toString(16).padStart(12, '0')
  const tail = Buffer.from(name).toString('hex').padEnd(12, '0').slice(0, 12)
  return `${head.slice(0, 8)}-${head.slice(8)}-4000-8000-${tail}`
}

const times = (name: string) =>
  asked.filter(({ target }) => target === `https://${name}.test/`).map(({ at }) => at / SECOND)
const titles = () => listAlerts(state, { open: true, limit: 10 }).map(({ title }) => title)

describe('a target is asked', () => {
  it('at its own place in the interval, first soon after the start', async () => {
    aProbe('shop')
    aProber().start()
    await clock.advance(3 * MINUTE)
    // 20,000 ms below a spread of 10 s is 0.
    expect(times('shop')).toEqual([0, 20, 80, 140])
    expect(confirmed).toEqual([])
  })

  it('at its next place where it has a result, and soon where that place has passed', async () => {
    const early = aProbe('early')
    const late = aProbe('late', {}, {}, 25_000)
    updateCheck(state, early.id, { status: 'up', lastBeatAt: START - 10 * SECOND })
    updateCheck(state, late.id, { status: 'up', lastBeatAt: START - 5 * MINUTE })
    aProber().start()
    await clock.advance(30 * SECOND)
    expect([times('early'), times('late')]).toEqual([[20], [5, 25]])
  })

  it('within a second where it is new, and not before the start or after the stop', async () => {
    const prober = aProber()
    aProbe('shop', {}, {}, 20_700)
    await clock.advance(MINUTE)
    expect(asked).toEqual([])
    prober.start()
    await clock.advance(2 * SECOND)
    aProbe('new', {}, {}, 20_700)
    await settled()
    await clock.advance(SECOND)
    expect(times('new')).toEqual([62.7])
    prober.stop()
    aProbe('later')
    await settled()
    await clock.advance(5 * MINUTE)
    expect([times('new').length, times('later')]).toEqual([1, []])
  })

  it('no more after a stop that came while it was being asked', async () => {
    aProbe('shop')
    let answers = (_: ProbeResult) => {}
    answer = () => new Promise(resolve => (answers = resolve))
    const prober = aProber()
    prober.start()
    await clock.advance(SECOND)
    prober.stop()
    answers(UP)
    await clock.advance(5 * MINUTE)
    expect(times('shop')).toEqual([0])
  })

  it('no more where its next time cannot be computed, which stops no other and not the start', async () => {
    const odd = aProbe('odd', { every: null, cron: '* * * * *', timeZone: 'Nowhere/Gone' })
    aProbe('shop')
    aProber().start()
    await clock.advance(2 * MINUTE)
    updateCheck(state, odd.id, { status: 'up', lastBeatAt: START })
    aProber().start()
    await clock.advance(MINUTE)
    expect([times('odd'), times('shop')]).toEqual([[0], [0, 20, 80, 140, 140]])
    expect(new Set(errors)).toEqual(new Set([odd.id]))
    updateCheck(state, odd.id, { timeZone: 'UTC' })
    state.transaction(() => state.emit('probes'))
    await settled()
    await clock.advance(SECOND)
    expect(times('odd').length).toBeGreaterThan(1)
  })

  it('at its time also when another probe is added, and at a new time when its interval changes', async () => {
    const shop = aProbe('shop')
    aProber().start()
    await clock.advance(30 * SECOND)
    aProbe('other', {}, {}, 50_000)
    await settled()
    await clock.advance(25 * SECOND)
    expect(times('shop')).toEqual([0, 20])
    updateCheck(state, shop.id, { every: 30 * SECOND })
    state.transaction(() => state.emit('probes'))
    await settled()
    await clock.advance(60 * SECOND)
    expect(times('shop')).toEqual([0, 20, 55, 80, 110])
  })

  it('together with others that are due within a quarter of a second, and keeps its place', async () => {
    aProbe('first', {}, {}, 20_000)
    aProbe('second', {}, {}, 20_250)
    aProbe('third', {}, {}, 20_251)
    aProber().start()
    await clock.advance(21 * SECOND)
    const later = (name: string) => times(name).filter(at => at > 15)
    expect([later('first'), later('second'), later('third')]).toEqual([[20], [20], [20.251]])
    await clock.advance(MINUTE)
    expect([later('first'), later('second'), later('third')]).toEqual([
      [20, 80],
      [20, 80],
      [20.251, 80.251],
    ])
  })

  it('no more once the check is paused or removed', async () => {
    const paused = aProbe('paused')
    const removed = aProbe('removed')
    aProber().start()
    await clock.advance(30 * SECOND)
    pauseCheck(state, paused, clock.now())
    removeCheck(state, removed)
    state.transaction(() => state.emit('probes'))
    await settled()
    await clock.advance(5 * MINUTE)
    expect([times('paused'), times('removed')]).toEqual([
      [0, 20],
      [0, 20],
    ])
  })

  it('at its place in the interval again when the clock went back', async () => {
    aProbe('shop', { every: 60 * MINUTE })
    const prober = aProber()
    prober.start()
    await clock.advance(25 * SECOND)
    expect(times('shop')).toEqual([0, 20])
    clock.sleep(-30 * MINUTE)
    prober.rewind()
    await clock.advance(31 * MINUTE)
    expect(times('shop').length).toBe(3)
  })

  it('not while Vakt is offline or a round of the network failed, but where it is in the local network', async () => {
    aProbe('shop')
    aProbe('near', { lan: true })
    connectivity = { ...connectivity, state: 'offline' }
    aProber().start()
    await clock.advance(30 * SECOND)
    expect([times('shop'), times('near')]).toEqual([[], [0, 20]])
    connectivity = { ...connectivity, state: 'online', failedRounds: 1 }
    await clock.advance(15 * SECOND)
    expect(times('shop')).toEqual([])
    connectivity = { ...connectivity, failedRounds: 0 }
    await clock.advance(15 * SECOND)
    expect(times('shop')).toEqual([60])
  })

  it('with at most 128 others of its project and 256 in all', async () => {
    const other = addProject(state, 'other', START).id
    const third = addProject(state, 'third', START).id
    for (const projectId of [project, other])
      for (let i = 0; i < 130; i++) aProbe(`p${projectId}x${i}`, { projectId }, {}, 0)
    aProbe('alone', { projectId: third }, {}, 0)
    const waiting: (() => void)[] = []
    answer = () => new Promise(resolve => waiting.push(() => resolve(UP)))
    const prober = aProber()
    prober.start()
    await clock.advance(SECOND)
    const ofProject = asked.filter(({ target }) => target.startsWith(`https://p${project}x`)).length
    expect([prober.running(), ofProject, times('alone')]).toEqual([256, 128, []])
    waiting[0]!()
    await settled()
    await clock.advance(SECOND)
    expect(prober.running()).toBe(256)
    for (const free of waiting.splice(1)) free()
    await settled()
    await clock.advance(SECOND)
    expect([times('alone').length, asked.length]).toEqual([1, 261])
    for (const free of waiting) free()
    await settled()
    expect(prober.running()).toBe(0)
  })
})

describe('a result', () => {
  it('is stored and alerts; what it took is measured', async () => {
    const { id } = aProbe('shop')
    answer = () => DOWN
    aProber().start()
    await clock.advance(SECOND)
    expect(readProbe(state, id)).toMatchObject({ lastOk: false, lastMessage: 'status 503' })
    expect(titles()).toEqual(['shop is down: status 503'])
    expect([counted, durations]).toEqual([['http down'], [0.04]])
    expect(confirmed).toEqual([START])
    answer = () => UP
    await clock.advance(30 * SECOND)
    expect(titles()).toEqual([])
    expect(counted).toEqual(['http down', 'http up'])
  })

  it('of a failure counts only when the network is up after it, which one that is down already does not wait for', async () => {
    const { id } = aProbe('shop')
    answer = () => DOWN
    const prober = aProber({
      connectivity: {
        current: () => connectivity,
        confirm: async () => {
          connectivity = { ...connectivity, failedRounds: 1 }
        },
      },
    })
    await prober.probeNow(id)
    expect([titles(), readProbe(state, id)!.lastAt]).toEqual([[], null])
    connectivity = { ...connectivity, failedRounds: 0 }
    const trusting = aProber()
    await trusting.probeNow(id)
    expect(titles().length).toBe(1)
    confirmed = []
    await trusting.probeNow(id)
    expect(confirmed).toEqual([])
    connectivity = { ...connectivity, failedRounds: 1 }
    await clock.advance(SECOND)
    await trusting.probeNow(id)
    expect(readProbe(state, id)!.lastAt).toBe(START)
  })

  it('of a target in the local network counts whatever the network does', async () => {
    const { id } = aProbe('near', { lan: true })
    connectivity = { ...connectivity, state: 'offline', failedRounds: 5 }
    answer = () => DOWN
    await aProber().probeNow(id)
    expect([titles(), confirmed]).toEqual([['near is down: status 503'], []])
  })

  it('of a failure that took far longer than allowed shows that the machine slept', async () => {
    const { id } = aProbe('shop')
    let tookMs = 15 * SECOND + 1
    answer = () => {
      clock.sleep(tookMs)
      return DOWN
    }
    const prober = aProber()
    await prober.probeNow(id)
    expect(titles()).toEqual([])
    tookMs = 15 * SECOND
    await prober.probeNow(id)
    expect(titles()).toEqual(['shop is down: status 503'])
  })

  it('that says nothing about the target is not stored, and logged once until there is another', async () => {
    const { id } = aProbe('shop')
    answer = () => ({ ...DOWN, durationMs: null, isUnknown: true })
    const prober = aProber()
    await prober.probeNow(id)
    await prober.probeNow(id)
    expect([titles(), readProbe(state, id)!.lastAt, warnings]).toEqual([[], null, ['shop']])
    expect(counted).toEqual(['http unknown', 'http unknown'])
    answer = () => UP
    await prober.probeNow(id)
    answer = () => ({ ...DOWN, isUnknown: true })
    await prober.probeNow(id)
    expect(warnings).toEqual(['shop', 'shop'])
  })

  it('is a failure where asking throws, measured by the time that it took', async () => {
    const { id } = aProbe('shop')
    answer = () => {
      clock.sleep(3 * SECOND)
      throw Object.assign(new Error('no'), { code: 'ECONNREFUSED' })
    }
    expect(await aProber().probeNow(id)).toMatchObject({ ok: false, message: 'shop refuses the connection' })
    expect([counted, durations]).toEqual([['http down'], [3]])
  })

  it('is dropped when the check was paused, removed or edited meanwhile, or Vakt stops', async () => {
    const prober = aProber()
    const during = async (name: string, change: (check: Check) => void) => {
      const check = aProbe(name)
      answer = () => {
        change(check)
        return DOWN
      }
      await prober.probeNow(check.id)
    }
    await during('paused', check => pauseCheck(state, check, clock.now()))
    await during('removed', check => removeCheck(state, check))
    await during('edited', check => editProbe(state, check.id, { target: 'https://new.test/', changedAt: START + 1 }))
    counted = []
    await during('stopped', () => prober.stop())
    expect([titles(), counted]).toEqual([[], []])
    expect(await prober.probeNow(999)).toMatchObject({ ok: false, message: 'the check was removed' })
  })

  it('that cannot be stored is logged, and the target is asked again', async () => {
    const { id } = aProbe('shop')
    let isFull = true
    const prober = aProber({
      commit: async work => {
        if (isFull) throw new Error('the disk is full')
        return state.transaction(work)
      },
    })
    prober.start()
    await clock.advance(SECOND)
    expect([errors, prober.running()]).toEqual([[id], 0])
    isFull = false
    await clock.advance(30 * SECOND)
    expect(readCheck(state, id)!.status).toBe('up')
  })

  it('goes elsewhere on a satellite, which asks every target, whoever else does', async () => {
    const given: string[] = []
    const { id } = aProbe('shop', {}, { via: 'berlin' })
    aProber().start()
    await clock.advance(MINUTE)
    expect(asked).toEqual([])
    const prober = aProber({ onResult: ({ check }, { message }) => given.push(`${check.name} ${message}`) })
    prober.start()
    await clock.advance(11 * SECOND)
    expect([given, readCheck(state, id)!.status]).toEqual([['shop status 200'], 'new'])
  })

  it('of one place among several is a view, which counts with the others', async () => {
    const { id } = aProbe('shop', {}, { via: 'main\nberlin' })
    answer = () => DOWN
    await aProber().probeNow(id)
    const views = state.prepare('select viewpoint, ok from probe_views where check_id = ?').all(id)
    expect(views).toMatchObject([{ viewpoint: 'main', ok: 0 }])
  })
})

describe('what is asked', () => {
  it('follows the settings: statuses, headers, addresses, and the time limit', async () => {
    const plain = aProbe('plain')
    const full = aProbe(
      'full',
      {},
      { expectStatus: '404', expect: 'ok', headersSealed: vault.seal('X-A: b'), insecure: true, reach: 'public' },
    )
    const prober = aProber()
    await prober.probeNow(plain.id)
    await prober.probeNow(full.id)
    const [first, second] = asked.map(({ request }) => request)
    expect(first).toMatchObject({ acceptsStatus: null, headers: [], timeoutMs: 10 * SECOND, insecure: false })
    expect(second).toMatchObject({ headers: [['X-A', 'b']], insecure: true, rules: { reach: 'public' } })
    expect([second!.acceptsStatus!(404), second!.acceptsStatus!(200)]).toEqual([true, false])
    expect([first!.expectations.length, second!.expectations.length]).toEqual([0, 1])
  })

  it('on a host runs there, with patience while it is up, and nowhere on a satellite', async () => {
    const { id } = aProbe('disk', {}, { kind: 'command', target: 'web-1', command: 'df' })
    addHost(state, {
      ...{ name: 'web-1', address: 'web-1', port: 22, user: 'deploy', auth: 'own' },
      ...{ addedAt: START, addedBy: 'Ann' },
    })
    const ran: { argv: readonly string[]; ignoreBackoff: boolean; timeoutMs: number }[] = []
    const hostRuntime = {
      connections: {
        machine: (_host: unknown, { ignoreBackoff }: { ignoreBackoff: boolean }) => ({
          run: async (argv: readonly string[], { timeoutMs }: { timeoutMs: number }) => {
            ran.push({ argv, ignoreBackoff, timeoutMs })
            return {}
          },
        }),
      },
    } as unknown as NonNullable<CheckProberOptions['hostRuntime']>
    const prober = aProber({ hostRuntime })
    await prober.probeNow(id)
    await asked[0]!.request.hosts.run('web-1', 'df', 10 * SECOND)
    expect(ran).toMatchObject([{ ignoreBackoff: true, timeoutMs: 15 * SECOND }])
    expect(ran[0]!.argv.join(' ')).toContain('df')
    updateCheck(state, id, { status: 'down' })
    await prober.probeNow(id)
    await asked[1]!.request.hosts.run('web-1', 'df', 10 * SECOND)
    expect(ran[1]).toMatchObject({ ignoreBackoff: false })
    await aProber().probeNow(id)
    await expect(async () => asked[2]!.request.hosts.run('web-1', 'df', 1)).rejects.toThrow('hosts of the main only')
  })
})
