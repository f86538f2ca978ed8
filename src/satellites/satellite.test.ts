// Tables of cases: verdicts of several viewpoints, silence, lists of names, and reports that are whole or not.
import { describe, expect, it } from 'vitest'
import { createMainClient, RefusedByMain } from '../jobs/satellites/main-client.ts'
import { Problem } from '../problem.ts'
import { memoryState } from '../state/database.ts'
import { decodeReport, encodeReport, type SatelliteReport, type SentRecord } from './record.ts'
import { combinedResult, isSilent, type ProbeView, readViewpoints, verdictOf } from './satellite.ts'
import { openSpool, SPOOL_QUERIES } from './spools.ts'

const view = (viewpoint: string, message: string | null): ProbeView => ({
  ...{ checkId: 1, viewpoint, at: 0, ok: message === null, message: message ?? 'status 200' },
  ...{ durationMs: message === null ? 20 : null, address: null, certificateEndsAt: null },
})
const views = (text: string) => text.split('').map((sign, i) => view(`s${i}`, sign === '-' ? 'no answer' : null))

describe('the verdict', () => {
  it.each([
    ['', null, null],
    ['+', null, false],
    ['-', null, true],
    ['+-', null, false],
    ['--', null, true],
    ['+--', null, true],
    ['++-', null, false],
    ['++--', null, false],
    ['+---', null, true],
    ['++-', 1, true],
    ['+--', 3, false],
    ['---', 3, true],
    ['--', 3, true],
    ['+-', 3, false],
    ['+++', 1, false],
  ] as const)('of %s with a quorum of %s is %s', (signs, quorum, isDown) => {
    expect(verdictOf(views(signs), quorum)?.isDown ?? null).toBe(isDown)
  })

  it.each([
    ['one reason', [view('b', 'no answer'), view('o', 'no answer'), view('main', null)], 'no answer from b, o'],
    ['two reasons', [view('b', 'no answer'), view('o', 'status 500')], 'no answer from b; status 500 from o'],
    ['up', [view('b', 'no answer'), view('main', null), view('o', null)], 'status 200'],
  ])('says the reasons and the places: %s', (_, all, message) => {
    expect(combinedResult(verdictOf(all, null)!).message).toBe(message)
  })
})

it.each([
  [null, 100_000, 0, false],
  [100_000, 130_000, 0, false],
  [100_000, 130_001, 0, true],
  [100_000, 200_000, 180_000, false],
  [100_000, 200_000, 150_000, true],
])('a satellite seen at %s is silent at %s, listening since %s: %s', (lastSeenAt, now, since, silent) => {
  expect(isSilent({ lastSeenAt }, now, since)).toBe(silent)
})

it.each([
  ['berlin', ['berlin']],
  ['berlin,oslo, main', ['berlin', 'oslo', 'main']],
  ['berlin\noslo,berlin', ['berlin', 'oslo']],
  ['paris', null],
  [' , ', null],
])('the list %j is read as %j', (text, names) => {
  const read = () => readViewpoints(text, ['berlin', 'oslo'])
  if (names === null) expect(read).toThrow(Problem)
  else expect(read()).toEqual(names)
})

describe('a report', () => {
  const waiting = { records: 0, bytes: 0, since: null }
  const report: SatelliteReport = {
    ...{ protocol: 2, version: '1', kind: 'beats', run: 'r', instance: 'i', place: null, isLast: false, now: 5 },
    ...{ completeTo: 5, linesCompleteTo: null, waiting, refused: 0, used: [{ key: 'k', minute: 1, used: 2 }] },
    chain: { id: 'c', after: null, unanswered: [] },
  }
  const record = (seq: number, body: string): SentRecord => ({
    ...{ seq, body: Buffer.from(body) },
    record: { kind: 'downtime', at: seq, from: 0, to: seq },
  })

  it('is read as it was written', () => {
    const records = [record(3, ''), record(7, 'body \0 ü')]
    expect(decodeReport(encodeReport(report, records))).toEqual({ report, records })
  })

  it('of version 1 is read as one that may bring anything, in the run of its data folder', () => {
    const old = { version: '0', stream: 's', now: 5, completeTo: 4, waiting, refused: 0 } as unknown as SatelliteReport
    expect(decodeReport(encodeReport(old, [record(3, '')])).report).toMatchObject({
      ...{ protocol: 1, kind: null, run: 's', instance: 's', place: null, chain: null },
      ...{ completeTo: 4, linesCompleteTo: 4 },
    })
  })

  it.each([
    ['a later version of reports', { ...report, version: '9.0', protocol: 3 }, record(1, '')],
    ['a record that is not known', { ...report, version: '9.0' }, { ...record(1, ''), record: { kind: 'x', at: 1 } }],
  ])('with %s is refused as a whole, and says what to do', (_, sent, unknown) => {
    expect(() => decodeReport(encodeReport(sent, [unknown as SentRecord]))).toThrow(
      'The satellite runs Vakt 9.0, whose reports this one cannot read. Update the main Vakt first',
    )
  })

  it('that broke off anywhere, or has records out of order, is refused', () => {
    const whole = encodeReport(report, [record(1, 'abc')])
    const first = encodeReport(report, []).length
    for (let end = 0; end < whole.length; end++)
      if (end !== first) expect(() => decodeReport(whole.subarray(0, end))).toThrow(Problem)
    expect(() => decodeReport(encodeReport(report, [record(2, ''), record(2, '')]))).toThrow(Problem)
    expect(() => decodeReport(Buffer.from('{"stream":"x"}'))).toThrow(Problem)
  })
})

it('finding what to send and what was sent reads none of what waits, however much that is', () => {
  const state = memoryState()
  const spool = openSpool(state, 'key', 1_000_000)
  const plans = SPOOL_QUERIES.map(query =>
    state.prepare<[], { detail: string }>(`explain query plan ${query.replaceAll('?', '1')}`).all(),
  )
  expect(plans.flat().map(({ detail }) => detail)).toEqual(
    SPOOL_QUERIES.map(() => expect.stringMatching(/^SEARCH spool USING COVERING INDEX spool_kind/)),
  )
  expect(spool.count('lines')).toBe(0)
})

it('what waits and was damaged on the disk is removed, and what waits behind it is sent', () => {
  const state = memoryState()
  const damaged: number[] = []
  const spool = openSpool(state, 'key', 1_000_000, records => damaged.push(records))
  const downtime = (at: number) => ({ kind: 'downtime' as const, from: at, to: at, at })
  state.transaction(() => {
    for (const at of [1, 2, 3, 4]) spool.add(downtime(at), Buffer.alloc(0))
  })
  const damage = (seq: number) => state.prepare('update spool set sealed = zeroblob(100) where seq = ?').run(seq)
  const read = () => spool.read('beats', 1_000_000, 2).records.map(({ seq }) => seq)
  damage(1)
  expect([read(), damaged, spool.count('beats')]).toEqual([[2], [1], 3])
  for (const seq of [2, 3]) damage(seq)
  expect([read(), damaged, spool.count('beats')]).toEqual([[4], [1, 2], 1])
  damage(4)
  expect([read(), damaged, spool.waiting()]).toEqual([[], [1, 2, 1], { records: 0, bytes: 0, since: null }])
})

describe('an answer of the main', () => {
  const answers = (...given: [status: number, body: unknown, headers?: Record<string, string>][]) => {
    const client = createMainClient('key', async () => {
      const [status, body, headers = {}] = given.shift()!
      return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers })
    })
    return { client, ask: () => client.request('/x', {}, 1000) }
  }
  const refusal = (code: string) => ({ error: { code, message: 'No.' } })

  it('that does not know the satellite removes it, until another takes its key again', async () => {
    const { client, ask } = answers([401, refusal('unauthorized')], [200, {}])
    await expect(ask()).rejects.toThrow('401: No.')
    expect(client.isRemoved()).toBe(true)
    await ask()
    expect(client.isRemoved()).toBe(false)
  })

  it('says how long to wait; one of a proxy is no refusal', async () => {
    const { client, ask } = answers(
      [429, refusal('rate_limited'), { 'retry-after': '7' }],
      [400, refusal('invalid')],
      [503, refusal('busy')],
      [401, '<h1>Password</h1>'],
    )
    await expect(ask()).rejects.toEqual(new RefusedByMain('429: No.', 7000))
    await expect(ask()).rejects.toEqual(new RefusedByMain('400: No.', null))
    await expect(ask()).rejects.not.toBeInstanceOf(RefusedByMain)
    await expect(ask()).rejects.toThrow('status 401, which is no answer of Vakt')
    expect(client.isRemoved()).toBe(false)
  })
})
