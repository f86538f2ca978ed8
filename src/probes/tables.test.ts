// Probes over what is stored and as they are written: which are active, what a result changes, and what targets and expectations mean.
import { beforeEach, describe, expect, it } from 'vitest'
import { listBeats } from '../checks/beats.ts'
import type { Check } from '../checks/check.ts'
import { addCheck, readCheck, updateCheck } from '../checks/checks.ts'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { coveredUntil, percentile, upShare } from './availability.ts'
import { command } from './doors/command.ts'
import { AddressRefused, describeFailure, failed } from './doors/failure.ts'
import { readExpectation, readExpectations } from './expectation.ts'
import {
  pruneMeasurements,
  readDays,
  readResults,
  readUpTime,
  readUpTimeByDay,
  recordMeasurement,
} from './measurements.ts'
import { addResult, unpackResults } from './packed-results.ts'
import { daysUntil, expectedGap, nextProbe, type ProbeResult, readHeaders, readStatuses } from './probe.ts'
import { probeKind, readTarget } from './probe-kinds.ts'
import {
  addProbe,
  countProbes,
  countProbesVia,
  editProbe,
  listActiveProbes,
  readProbe,
  readProbedCheck,
  recordProbe,
} from './probes.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const TODAY = Date.parse('2026-03-02T00:00:00Z')
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
})
const has = (name: string, more: object = {}, via: string | null = null) => {
  const { id } = addCheck(
    state,
    { projectId: 1, name, timeZone: 'UTC', grace: 0, every: MINUTE, severity: 'critical', probed: true, ...more },
    NOW,
  )
  addProbe(state, {
    checkId: id,
    kind: 'http',
    target: 'https://x',
    timeout: 5,
    certDays: 14,
    reach: 'any',
    changedAt: NOW,
    via,
  })
  return id
}

describe('the probes', () => {
  it('that are added are announced', () => {
    let isTold = false
    state.onCommit(topics => {
      if (topics.has('probes')) isTold = true
    })
    has('a')
    expect(isTold).toBe(true)
  })

  it('that are active are those of checks that are not paused, from a viewpoint', () => {
    const [a, b, c, d] = [has('a'), has('b', { projectId: 2 }, 'edge\nmain'), has('c', {}, 'edge-2'), has('d')]
    addCheck(
      state,
      { projectId: 1, name: 'plain', timeZone: 'UTC', grace: 0, every: MINUTE, severity: 'critical' },
      NOW,
    )
    updateCheck(state, d!, { status: 'paused' })
    const ids = (viewpoint?: string | null) => listActiveProbes(state, viewpoint).map(({ id }) => id)
    expect([ids(), ids(null), ids('main'), ids('edge'), ids('edge-2')]).toEqual([
      [a, b, c],
      [a, b, c],
      [a, b],
      [a, b],
      [a, c],
    ])
    expect([
      countProbes(state, 1),
      countProbes(state, 2),
      countProbesVia(state, 'edge'),
      countProbesVia(state, 'main'),
      countProbesVia(state, 'ed'),
    ]).toEqual([3, 1, 1, 1, 0])
    expect([
      readProbe(state, a!)?.target,
      readProbe(state, 5),
      readProbedCheck(state, b!)?.check.name,
      readProbedCheck(state, 99),
    ]).toEqual(['https://x', undefined, 'b', undefined])
  })

  it('that are edited forget their last result', () => {
    const id = has('a')
    recordProbe(
      state,
      readProbedCheck(state, id)!,
      { ok: true, message: 'status 200', durationMs: 1, address: 'x', certificateEndsAt: NOW },
      NOW,
    )
    expect(readProbe(state, id)).toMatchObject({
      lastAt: NOW,
      lastOk: true,
      lastMessage: 'status 200',
      lastAddress: 'x',
      certificateEndsAt: NOW,
    })
    let told = false
    state.onCommit(topics => {
      if (topics.has('probes')) told = true
    })
    expect(editProbe(state, id, { target: 'https://y' })).toMatchObject({
      target: 'https://y',
      lastAt: null,
      lastOk: null,
      lastMessage: null,
      lastAddress: null,
      certificateEndsAt: null,
    })
    expect(told).toBe(true)
  })

  const result = (more: Partial<ProbeResult> = {}): ProbeResult => ({
    ok: true,
    message: 'status 200',
    durationMs: 20.4,
    address: '192.0.2.1',
    certificateEndsAt: null,
    ...more,
  })
  const record = (id: number, at: number, more: Partial<ProbeResult> = {}) =>
    recordProbe(state, readProbedCheck(state, id)!, result(more), at)

  it('change their check like a beat, and keep the end of a certificate that a failure did not show', () => {
    const id = has('a')
    expect(record(id, NOW, { certificateEndsAt: 5 })).toMatchObject({
      effect: 'none',
      check: { status: 'up', lastDuration: 20 },
      probe: { certificateEndsAt: 5 },
    })
    expect(
      record(id, NOW + MINUTE, { ok: false, message: 'status 500', durationMs: null, address: null }),
    ).toMatchObject({
      ...{
        effect: 'went down',
        check: { status: 'down', lastDuration: null },
        probe: { lastOk: false, certificateEndsAt: 5 },
      },
    })
    expect(
      listBeats(state, id, 9).map(({ kind, scheme, remoteAddress, body, duration }) => [
        kind,
        scheme,
        remoteAddress,
        body?.toString(),
        duration,
      ]),
    ).toEqual([
      ['fail', 'http', '', 'status 500', null],
      ['success', 'http', '192.0.2.1', undefined, 20],
    ])
    expect(record(id, NOW + 2 * MINUTE)).toMatchObject({ effect: 'recovered' })
    expect(readCheck(state, id)).toMatchObject({ status: 'up', misses: 0 })
  })

  it('stand for the time until the next result, not for what was not looked at', () => {
    const id = has('a')
    const times = () => readUpTime(state, id, TODAY, NOW + DAY)
    record(id, NOW)
    expect(times()).toEqual({ upMs: 0, downMs: 0 })
    record(id, NOW + MINUTE, { ok: false })
    expect(times()).toEqual({ upMs: MINUTE, downMs: 0 })
    record(id, NOW + 2 * MINUTE)
    expect(times()).toEqual({ upMs: MINUTE, downMs: MINUTE })
    record(id, NOW + HOUR)
    expect(times()).toEqual({ upMs: 2 * MINUTE, downMs: MINUTE })
    record(id, NOW + HOUR)
    expect(times()).toEqual({ upMs: 2 * MINUTE, downMs: MINUTE })
    updateCheck(state, id, { status: 'paused' })
    record(id, NOW + HOUR + MINUTE)
    expect(times()).toEqual({ upMs: 2 * MINUTE, downMs: MINUTE })
    expect(readResults(state, id, NOW, NOW + HOUR).map(({ at, ok }) => [at - NOW, ok])).toEqual([
      [0, true],
      [MINUTE, false],
      [2 * MINUTE, true],
    ])
    expect(readResults(state, id, NOW + 1, NOW + 2 * MINUTE)).toHaveLength(1)
  })
})

describe('measurements', () => {
  const measure = (id: number, at: number, ok = true, covered: Parameters<typeof recordMeasurement>[3] = null) =>
    recordMeasurement(state, id, { at, ok, durationMs: ok ? 10 : null }, covered)

  it('are added to the hours and days that they cover', () => {
    const [id, other] = [has('a'), has('b')]
    measure(id, NOW + 1.5 * HOUR, true, { from: NOW - HOUR / 2, until: NOW + 1.5 * HOUR, isUp: true })
    measure(other, NOW, false, { from: NOW - HOUR, until: NOW, isUp: false })
    measure(id, NOW + 1.75 * HOUR, false, { from: NOW + 1.5 * HOUR, until: NOW + 1.75 * HOUR, isUp: false })
    expect(readUpTime(state, id, NOW, NOW + 2 * HOUR)).toEqual({ upMs: 1.5 * HOUR, downMs: HOUR / 4 })
    expect(readUpTime(state, id, NOW + HOUR / 2, NOW + HOUR)).toEqual({ upMs: HOUR / 2, downMs: 0 })
    expect(readUpTime(state, id, NOW - HOUR, NOW)).toEqual({ upMs: HOUR / 2, downMs: 0 })
    expect(readUpTimeByDay(state, id, TODAY, TODAY + DAY)).toEqual([{ day: TODAY, upMs: 2 * HOUR, downMs: HOUR / 4 }])
    expect(readUpTimeByDay(state, id, TODAY + DAY, TODAY + 2 * DAY)).toEqual([])
    expect(readUpTimeByDay(state, id, TODAY - DAY, TODAY)).toEqual([])
    expect(readDays(state, id, NOW, NOW + 1)).toMatchObject([{ day: TODAY, succeeded: 0, failed: 0 }])
    expect(readDays(state, id, NOW, TODAY + DAY)).toMatchObject([
      { day: TODAY, succeeded: 1, failed: 1, p50: 10, maximum: 10 },
    ])
  })

  it('are kept one by one for eight days, and by day for four hundred', () => {
    const id = has('a')
    const oldest = TODAY - 8 * DAY
    measure(id, oldest - 1, true, { from: oldest - HOUR, until: oldest, isUp: true })
    measure(id, oldest)
    measure(id, TODAY - 400 * DAY - HOUR)
    pruneMeasurements(state, NOW)
    const days = (from: number, until: number) =>
      readDays(state, id, from, until).map(({ day, succeeded }) => [(day - TODAY) / DAY, succeeded])
    expect(days(0, NOW)).toEqual([
      [-9, 1],
      [-8, 1],
    ])
    expect(readResults(state, id, 0, NOW).map(({ at }) => at)).toEqual([oldest])
    expect(readUpTimeByDay(state, id, 0, NOW)).toEqual([
      { day: oldest - DAY, upMs: HOUR, downMs: 0 },
      { day: oldest, upMs: 0, downMs: 0 },
    ])
    expect(readUpTime(state, id, oldest - HOUR / 2, NOW)).toEqual({ upMs: Math.round(HOUR / 48), downMs: 0 })
    expect(days(oldest, NOW)).toEqual([[-8, 1]])
  })

  it('of a day without an answer have no response times, and are kept for 400 days to the millisecond', () => {
    const id = has('a')
    const day = TODAY - 400 * DAY
    measure(id, day + HOUR, false, { from: day, until: day + HOUR, isUp: false })
    measure(id, day - 1)
    pruneMeasurements(state, TODAY)
    expect(readDays(state, id, 0, NOW)).toMatchObject([
      { day, succeeded: 0, failed: 1, p50: null, p95: null, maximum: null, upMs: 0, downMs: HOUR },
    ])
    expect(readUpTime(state, id, day + DAY / 2, NOW)).toEqual({ upMs: 0, downMs: HOUR / 2 })
    expect(readUpTimeByDay(state, id, day + DAY, NOW)).toEqual([])
    expect([readUpTimeByDay(state, id, 0, day), readUpTimeByDay(state, id, 0, day + 1).length]).toEqual([[], 1])
    expect([readDays(state, id, 0, day), readDays(state, id, 0, day + 1).length]).toEqual([[], 1])
  })

  it('are packed with response times up to minutes', () => {
    const packed = [0, 409.5, 409.6, 1_000, 60_000, 3_600_000, -5].map(durationMs =>
      addResult(Buffer.alloc(0), { at: 59.99 * MINUTE, ok: true, durationMs }),
    )
    expect(packed.map(own => unpackResults(0, own)[0]!.durationMs)).toEqual([
      0,
      409.5,
      409.6,
      1_000,
      60_006.4,
      expect.any(Number),
      0,
    ])
    expect(unpackResults(0, packed[5]!)[0]!.durationMs).toBeGreaterThan(1_600_000)
    expect(unpackResults(HOUR, Buffer.concat([packed[0]!, Buffer.alloc(3)]))).toEqual([
      { at: HOUR + 59.99 * MINUTE, ok: true, durationMs: 0 },
    ])
    expect([
      coveredUntil(0, 150 * SECOND, MINUTE, 30 * SECOND),
      coveredUntil(0, 150 * SECOND + 1, MINUTE, 30 * SECOND),
    ]).toEqual([150 * SECOND, MINUTE])
    expect([
      percentile([], 0.5),
      percentile([1, 2, 3, 4], 0.5),
      percentile([1, 2, 3], 0.5),
      percentile([1], 0),
    ]).toEqual([null, 2, 2, 1])
    expect([upShare({ upMs: 0, downMs: 0 }), upShare({ upMs: 1, downMs: 3 })]).toEqual([null, 0.25])
  })
})

describe('what a probe asks', () => {
  it.each([
    ['https://u:p@x', 'has a password'],
    ['https://', 'is not a URL'],
    ['tcp://db', 'no target of a tcp probe'],
    ['tcp://db:0', 'no target of a tcp probe'],
    ['tcp://db:65536', 'no target of a tcp probe'],
    ['tls:x?days=x', 'whole number of days'],
    ['dns:?type=A', 'no target of a dns probe'],
    ['dns:x?colour=red', 'no target of a dns probe'],
    ['dns:x?type=ANY', 'no type of record'],
    ['dns:x?server=ns1', 'must be an address'],
    ['icmp:-c', 'no target of an icmp probe'],
    ['ftp://x', 'nothing that can be probed'],
  ])('is not %s: %s', (text, message) => {
    expect(() => readTarget(text)).toThrow(message)
  })

  it.each([
    ['HTTPS://Shop.example/a#b', 'http', 'https://shop.example/a', 'shop.example'],
    ['http://[::1]:80/', 'http', 'http://[::1]/', '::1'],
    ['tcp:db:65535', 'tcp', 'tcp://db:65535', 'db'],
    ['TCP://[::1]:1', 'tcp', 'tcp://[::1]:1', '::1'],
    ['tls:shop.example', 'tls', 'tls:shop.example', 'shop.example'],
    ['tls:shop.example:443?days=30', 'tls', 'tls:shop.example?days=30', 'shop.example'],
    ['tls:[::1]', 'tls', 'tls:[::1]:443', '::1'],
    ['tls:mail:993', 'tls', 'tls:mail:993', 'mail'],
    ['dns:x.example', 'dns', 'dns:x.example?type=A', null],
    [
      'dns://x.example?type=mx&expect=a&expect=&server=9.9.9.9',
      'dns',
      'dns:x.example?type=MX&expect=a&server=9.9.9.9',
      '9.9.9.9',
    ],
    ['icmp://h/', 'icmp', 'icmp:h', 'h'],
  ])('is %s: a %s probe of %s', (text, name, target, host) => {
    const read = readTarget(text)
    expect([read.kind.name, read.target, probeKind(name).hostOf(read.target)]).toEqual([name, target, host])
  })

  it('is accepted by its status', () => {
    const accepts = (text: string, ...statuses: number[]) => statuses.filter(readStatuses(text))
    expect([
      accepts('200', 199, 200, 201),
      accepts('200-204', 199, 200, 204, 205),
      accepts('2XX, 404', 199, 200, 299, 300, 404),
    ]).toEqual([[200], [200, 204], [200, 299, 404]])
    for (const text of ['', '600', '204-200', '2x', 'ok']) expect(() => readStatuses(text)).toThrow('is not a status')
    expect(accepts('200-200', 200)).toEqual([200])
  })

  it('has headers, whose values no sentence repeats', () => {
    expect(readHeaders('A: b \n\nX-Y:c: d')).toEqual([
      ['A', 'b'],
      ['X-Y', 'c: d'],
    ])
    for (const text of ['A', ': b', 'A: secret\u0001'])
      expect(() => readHeaders(text)).toThrow(/^(?!.*secret)A header is written/)
    for (const name of ['Content-Length', 'connection', 'Upgrade', 'Transfer-Encoding'])
      expect(() => readHeaders(`${name}: 1`)).toThrow('itself')
  })

  it('is due in the hours and days of its check', () => {
    const check = (more: object) =>
      ({ ...readCheck(state, has('x'))!, uuid: '00000000-0000-4000-8000-000000000000', ...more }) as Check
    const phase = (due: number | null) => due! - NOW
    expect(phase(nextProbe(check({ misses: 1, status: 'down', every: MINUTE }), NOW))).toBeGreaterThan(0)
    state.prepare('delete from checks').run()
    expect(nextProbe(check({ misses: 1, status: 'up', every: HOUR }), NOW)).toBe(NOW + 15 * SECOND)
    state.prepare('delete from checks').run()
    const excepted = nextProbe(check({ exceptions: { days: [], times: [[NOW, NOW + HOUR]] } }), NOW)!
    expect([excepted >= NOW + HOUR, excepted < NOW + HOUR + MINUTE]).toEqual([true, true])
    expect([daysUntil(NOW + DAY, NOW), daysUntil(NOW + DAY - 1, NOW), daysUntil(NOW - 1, NOW)]).toEqual([1, 0, -1])
    state.prepare('delete from checks').run()
    const daily = check({ every: null, cron: '0 12 * * *' })
    expect([expectedGap(daily, NOW), expectedGap({ ...daily, every: MINUTE }, NOW)]).toEqual([3 * HOUR, MINUTE])
  })
})

describe('an expectation', () => {
  const json = '{"a":{"b":[1,"x",true,null]},"n":7,"s":"7","json":{"a":"deep"},"n=7":1}'
  it.each<[string, string, string | null]>([
    ['x', 'axb', null],
    ['y', 'axb', 'the answer does not contain "y"'],
    ['!x', 'axb', 'the answer must not have x'],
    ['!y', 'axb', null],
    ['!', 'a!b', null],
    ['/A.B/i', 'axb', null],
    ['/A.B/', 'axb', 'the answer does not match /A.B/'],
    ['n=7', json, null],
    ['json.n=7', json, null],
    ['json.n=8', json, 'json.n is 7 instead of 8'],
    ['json.n="7"', json, 'json.n is 7 instead of "7"'],
    ['json.s="7"', json, null],
    ['json.s=7', json, null],
    ['json.n<7', json, 'json.n is 7, which is not < 7'],
    ['json.n<=7', json, null],
    ['json.n>7', json, 'json.n is 7, which is not > 7'],
    ['json.n>=7', json, null],
    ['$.n!=8', json, null],
    ['json.n!=7', json, 'json.n is 7, which it must not be'],
    ['json.x!=7', json, null],
    ['json.x=7', json, 'the answer has no json.x'],
    ['json.a.b[1]=x', json, null],
    ['json.a.b[2]=true', json, null],
    ['json.a.b={"b":1}', json, 'json.a.b is [1,"x",true,null] instead of {"b":1}'],
    ['json.n=', json, 'json.n is 7 instead of '],
    ['json.n=7', 'no JSON', 'the answer is not JSON, so that it has no json.n'],
    ['n=7', 'no JSON n=7', null],
    ['n=9', json, 'the answer does not contain "n=9"'],
  ])('%s of %s: %s', (text, answer, reason) => {
    expect(readExpectation(text)(answer)).toBe(reason)
  })

  it('that cannot be is refused', () => {
    for (const [text, message] of [
      ['x'.repeat(501), 'at most 500'],
      ['/(/', ''],
      ['json.[]=1', 'has no path'],
      ['json.n<x', 'which is no number'],
      ['json.n< ', 'which is no number'],
    ] as const)
      expect(() => readExpectation(text)).toThrow(message)
    expect(readExpectation('x'.repeat(500))('')).toContain('does not contain')
    expect(readExpectations('a\n\nb')).toHaveLength(2)
  })
})

describe('a failure', () => {
  const said = (error: unknown) => describeFailure(error, 'db:1', 5_000)
  const coded = (code: string, more: object = {}) => Object.assign(new Error(`x ${code}`), { code, ...more })
  it('says what happened to what', () => {
    expect([said(new AddressRefused('no')), said(coded('ECONNREFUSED')), said(coded('ENOTFOUND'))]).toEqual([
      'no',
      'db:1 refuses the connection',
      'the name db:1 does not exist',
    ])
    for (const error of [
      { name: 'TimeoutError' },
      { name: 'AbortError' },
      coded('ABORT_ERR'),
      coded('ETIMEDOUT'),
      coded('ERR_SOCKET_CONNECTION_TIMEOUT'),
    ])
      expect(said(error)).toBe('db:1 did not answer within 5s')
    expect(said(Object.assign(new Error('all'), { errors: [coded('EHOSTUNREACH'), coded('ECONNREFUSED')] }))).toBe(
      'there is no way to db:1',
    )
    expect(said(Object.assign(coded('ECONNREFUSED'), { errors: [] }))).toBe('db:1 refuses the connection')
    expect(said(new Error('outer', { cause: coded('ECONNRESET') }))).toBe(
      'db:1 closed the connection before it answered',
    )
    expect([
      said(new Error('odd')),
      said(coded('EODD')),
      said(Object.assign(new Error('odd'), { code: 'EODD' })),
    ]).toEqual(['db:1: odd', 'db:1: x EODD', 'db:1: odd (EODD)'])
    expect(failed('x'.repeat(400), { address: 'a' })).toMatchObject({
      ok: false,
      durationMs: null,
      address: 'a',
      message: expect.stringMatching(/^x{250,300}/),
    })
  })

  it('of a command is its exit status, or what its output lacks', async () => {
    const run = (code: number, stdout = '', stderr = '', expectation = '') =>
      command.run({
        target: 'web-1',
        command: 'x',
        expectations: readExpectations(expectation),
        timeoutMs: 5_000,
        hosts: { run: async () => ({ code, stdout, stderr }) },
      } as never)
    expect(await run(0, 'fine')).toMatchObject({ ok: true, message: 'exit status 0', address: 'web-1' })
    expect(await run(3, ' ', ' why ')).toMatchObject({ ok: false, message: 'exit status 3', excerpt: 'why' })
    expect(await run(-1, 'out')).toMatchObject({ ok: false, message: 'a signal ended the command', excerpt: 'out' })
    expect(await run(124)).toMatchObject({
      ok: false,
      message: 'the command on web-1 did not answer within 5s',
      address: 'web-1',
    })
    expect(await run(0, 'fine', '', 'good')).toMatchObject({
      ok: false,
      message: 'exit status 0, but the answer does not contain "good"',
    })
    const broken = command.run({
      target: 'web-1',
      command: 'x',
      expectations: [],
      timeoutMs: 5,
      hosts: { run: () => Promise.reject(new Error('no key')) },
    } as never)
    expect(await broken).toMatchObject({ ok: false, message: 'web-1: no key', address: null })
    expect([command.read('x'), command.hostOf('x')]).toEqual([null, null])
  })
})
