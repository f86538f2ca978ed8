// The loop of a satellite by itself: when it fetches the list of keys and checks, and what it knows of its main.
import { beforeEach, describe, expect, it } from 'vitest'
import { MEBIBYTE } from '../../bytes.ts'
import { silentLogger } from '../../logger.ts'
import { addProject, listProjects } from '../../projects/projects.ts'
import type { Rates } from '../../projects/rates.ts'
import { createVault } from '../../projects/vault.ts'
import { type Directory, readDirectory } from '../../satellites/directories.ts'
import { decodeReport, type SatelliteRecord } from '../../satellites/record.ts'
import { openSpool, type Spool } from '../../satellites/spools.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock, type FakeClock, settled } from '../../testing/fake-clock.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { createReportLoop, type ReportLoop } from './report-loop.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
const vault = createVault(Buffer.alloc(32, 7))

let state: State
let clock: FakeClock
let spool: Spool
let loop: ReportLoop
let asked: string[]
let warned: string[]
/** The list of the main. */
let directory: Directory
/** What the main answers instead, by what is asked. */
let refusal: { report?: Response; directory?: Response }
let mainVersion: string

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  spool = openSpool(state, 'vakt_key', 64 * MEBIBYTE)
  asked = []
  warned = []
  refusal = {}
  mainVersion = '1'
  directory = aDirectory('a')
  loop = createReportLoop({
    ...{ state, vault, spool, clock, key: 'vakt_key', version: '1', place: null },
    logger: { ...silentLogger, warn: text => warned.push(text) },
    rates: { used: () => [], setElsewhere() {} } as Pick<Rates, 'used' | 'setElsewhere'>,
    onReport: () => null,
    onAttempt() {},
    async send(path, init) {
      if (path === '/api/satellite/directory') {
        asked.push('directory')
        return refusal.directory ?? Response.json(directory)
      }
      const { report, records } = decodeReport(Buffer.from(init.body as Uint8Array))
      asked.push(`${report.kind} ${records.length}${report.isLast ? ', the last' : ''}`)
      const through = records.at(-1)?.seq ?? 0
      const answer = { through, token: 't', version: mainVersion, directory: directory.version, now: 0, used: [] }
      return refusal.report ?? Response.json(answer)
    },
  })
})

/** A list of a main that has the project `name`. */
function aDirectory(name: string): Directory {
  const main = memoryState()
  addProject(main, name, START)
  return readDirectory(main, vault, { name: 'oslo' })
}
const refused = (status: number, code: string) =>
  Response.json({ error: { code, message: 'No.' } }, { status, headers: { 'retry-after': '5' } })
const has = (kind: 'beats' | 'lines') =>
  state.transaction(() => {
    const record = kind === 'beats' ? { kind: 'downtime', at: START, from: 0, to: 1 } : { kind: 'lines', at: START }
    spool.add(record as unknown as SatelliteRecord, Buffer.alloc(1))
  })
const taken = () => {
  const all = asked
  asked = []
  return all
}

describe('the list of keys and checks', () => {
  it('is fetched after the first report, and again when the main has another one', async () => {
    expect(loop.status()).toMatchObject({ hasDirectory: false, mainVersion: null })
    loop.start()
    await clock.advance(0)
    expect([taken(), listProjects(state).map(({ name }) => name)]).toEqual([['beats 0', 'directory'], ['a']])
    expect(loop.status()).toMatchObject({ hasDirectory: true, mainVersion: '1' })
    await clock.advance(5 * SECOND)
    expect(taken()).toEqual(['beats 0'])
    directory = aDirectory('b')
    await clock.advance(5 * SECOND)
    expect([taken(), listProjects(state).map(({ name }) => name)]).toEqual([['beats 0', 'directory'], ['b']])
  })

  it('is up to date for a second, and is then fetched once for all who ask', async () => {
    loop.start()
    await clock.advance(0)
    taken()
    clock.sleep(SECOND - 1)
    expect([await loop.isUpToDate(), taken()]).toEqual([true, []])
    clock.sleep(1)
    const answers = await Promise.all([loop.isUpToDate(), loop.isUpToDate()])
    expect([answers, taken()]).toEqual([[true, true], ['directory']])
    clock.sleep(SECOND)
    expect([await loop.isUpToDate(), taken()]).toEqual([true, ['directory']])
  })

  it('that cannot be fetched is not up to date', async () => {
    refusal.directory = refused(500, 'internal')
    expect(await loop.isUpToDate()).toBe(false)
    expect([taken(), warned, loop.status().hasDirectory]).toEqual([
      ['directory'],
      ['the list of keys and checks cannot be fetched'],
      false,
    ])
    refusal = {}
    expect([await loop.isUpToDate(), loop.status().hasDirectory]).toEqual([true, true])
  })

  it('is not asked for while the main does not answer', async () => {
    refusal.report = refused(500, 'internal')
    loop.start()
    await clock.advance(0)
    taken()
    expect([await loop.isUpToDate(), taken()]).toEqual([false, []])
    expect(loop.status()).toMatchObject({ failures: 1, failure: '500: No.', lastSuccessAt: null })
  })

  it('that did not change is not stored again', async () => {
    loop.start()
    await clock.advance(0)
    addProject(state, 'own', START)
    clock.sleep(SECOND)
    await loop.isUpToDate()
    expect(listProjects(state).map(({ name }) => name)).toEqual(['a', 'own'])
  })
})

describe('the main', () => {
  it('of another version is named once', async () => {
    mainVersion = '2'
    loop.start()
    await clock.advance(MINUTE)
    expect([warned, loop.status().mainVersion]).toEqual([['the main runs another version of Vakt; update both'], '2'])
    mainVersion = '1'
    await clock.advance(5 * SECOND)
    expect([warned.length, loop.status().mainVersion]).toEqual([1, '1'])
  })

  it('that removed this satellite is known, until it takes a report', async () => {
    loop.start()
    await clock.advance(0)
    expect(loop.status().isRemoved).toBe(false)
    refusal.report = refused(401, 'unauthorized')
    await clock.advance(5 * SECOND)
    expect(loop.status()).toMatchObject({ isRemoved: true, failure: '401: No.', lastSuccessAt: START })
    refusal = {}
    await clock.advance(5 * SECOND)
    expect(loop.status()).toMatchObject({ isRemoved: false, failures: 0, failure: null })
  })

  it('that takes beats and no lines has its failure shown', async () => {
    loop.start()
    await clock.advance(0)
    refusal.report = refused(503, 'busy')
    has('lines')
    loop.wake()
    await clock.advance(100)
    expect(taken().at(-1)).toBe('lines 1')
    expect(loop.status()).toMatchObject({ failures: 1, failure: '503: No.' })
  })
})

it('both streams report soon after something new', async () => {
  loop.start()
  await clock.advance(0)
  taken()
  has('beats')
  has('lines')
  loop.wake()
  await clock.advance(100)
  expect(taken().sort()).toEqual(['beats 1', 'lines 1'])
})

it('a stop sends what waits, the lines first, and says last that nothing follows', async () => {
  has('lines')
  loop.start()
  await clock.advance(0)
  taken()
  has('beats')
  has('lines')
  await loop.stop()
  expect(taken()).toEqual(['lines 1', 'beats 1, the last'])
  await clock.advance(MINUTE)
  await settled()
  expect(taken()).toEqual([])
})
