// The maintenance of the log store by itself: what it does in which round, and which of its alerts begin and end.
import { beforeEach, describe, expect, it } from 'vitest'
import { listAlerts } from '../alerts/alerts.ts'
import { endAlert, resolveAlert } from '../alerts/lifecycle.ts'
import { readConfig } from '../config/config.ts'
import { BUDGET_KEY } from '../detectors/logs/log-store.ts'
import { silentLogger } from '../logger.ts'
import type { Archiver } from '../logs/archive/archiver.ts'
import type { NameCache } from '../logs/name-cache.ts'
import type { LogStore, RemovedPartition, StoreStatus } from '../logs/store.ts'
import { addProject, editProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { createFakeClock, type FakeClock, settled } from '../testing/fake-clock.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { createLogMaintenance } from './log-maintenance.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
const BUDGET_TITLE = expect.stringContaining('Logs were dropped early')

let state: State
let clock: FakeClock
let done: string[]
let status: StoreStatus | null
let removed: RemovedPartition[]
let logged: string[]
let isTrusted: boolean
let fault: Error | null
let failing: ReturnType<Archiver['failing']>
let maintenance: ReturnType<typeof createLogMaintenance>

const partition = (name: string, changes: Partial<StoreStatus['partitions'][number]> = {}) => ({
  ...{ name, lines: 1, bytes: 1, from: 0, until: 1, state: 'closed' as const, message: null },
  ...{ lastPosition: 1, expiresAt: null, ...changes },
})

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  done = []
  status = { partitions: [], diskBudgetBytes: 1024 } as unknown as StoreStatus
  removed = []
  logged = []
  isTrusted = true
  fault = null
  failing = null
  maintenance = aMaintenance()
})

function aMaintenance(hasArchiver = true) {
  const archiver = {
    place: 's3://logs',
    failing: () => failing,
    status: () => 'the archive',
    async run(isWaiting: boolean) {
      done.push(`archive ${isWaiting}`)
      throw new Error('out of reach')
    },
    close: async () => void done.push('close'),
  } as unknown as Archiver
  return createLogMaintenance({
    ...{ state, clock, folder: '/data/logs', config: readConfig({}), mayDelete: () => isTrusted },
    store: {
      async maintain(_now: number, archive: unknown) {
        done.push(`maintain${archive === undefined ? ' without an archive' : ''}`)
        if (fault) throw fault
        return { removed, status }
      },
      purge: async (query: { until: number }) => void done.push(`purge ${(clock.now() - query.until) / DAY}`),
      seal: async () => void done.push('seal'),
    } as unknown as LogStore,
    purgeRemoved: async () => done.push('purge removed'),
    archiver: hasArchiver ? archiver : null,
    names: { refresh: async () => void done.push('names') } as unknown as NameCache,
    logger: {
      ...silentLogger,
      info: text => logged.push(`info ${text}`),
      warn: text => logged.push(`warn ${text}`),
      error: text => logged.push(`error ${text}`),
    },
  })
}
const titles = () => listAlerts(state, { open: true, limit: 10 }).map(({ title }) => title)
const drops = (reason: RemovedPartition['reason'] = 'budget') => {
  removed = [{ partition: partition('2026-03-01'), reason, isArchived: false, message: `dropped for ${reason}` }]
}

describe('a round', () => {
  it('comes five seconds after the start, and then every minute', async () => {
    maintenance.start()
    await clock.advance(5 * SECOND - 1)
    expect(done).toEqual([])
    await clock.advance(1)
    expect(done).toEqual(['maintain', 'archive true', 'names', 'purge removed'])
    done = []
    await clock.advance(MINUTE - 1)
    expect(done).toEqual([])
    await clock.advance(1)
    expect(done).toEqual(['maintain', 'archive true', 'names'])
  })

  it('deletes single lines once an hour, and once a day with an engine', async () => {
    const shop = addProject(state, 'shop', START)
    editProject(state, shop.id, { retention: 9 * DAY, tagRetention: { debug: DAY } } as never)
    maintenance.start()
    await clock.advance(5 * SECOND)
    expect(done.filter(one => one.startsWith('purge'))).toEqual(['purge removed', 'purge 1'])
    await clock.advance(HOUR - MINUTE)
    expect(done.filter(one => one === 'purge removed').length).toBe(1)
    await clock.advance(MINUTE)
    expect(done.filter(one => one === 'purge removed').length).toBe(2)
    status = {
      ...status!,
      engine: { away: null, refusal: null, waiting: 0, spoolBytes: 0, spoolBudgetBytes: 1 },
    } as never
    await clock.advance(HOUR)
    expect(done.filter(one => one === 'purge removed').length).toBe(3)
    await clock.advance(DAY - MINUTE)
    expect(done.filter(one => one === 'purge removed').length).toBe(3)
    await clock.advance(MINUTE)
    expect(done.filter(one => one === 'purge removed').length).toBe(4)
  })

  it('deletes nothing while the clock is not to be trusted', async () => {
    isTrusted = false
    maintenance.start()
    await clock.advance(10 * MINUTE)
    expect(done).toEqual([])
    expect(await maintenance.runNow()).toBeNull()
    isTrusted = true
    await clock.advance(MINUTE)
    expect(done.length).toBeGreaterThan(0)
  })

  it('archives nothing where there is no store yet', async () => {
    status = null
    removed = []
    maintenance.start()
    await clock.advance(5 * SECOND)
    expect(done).toEqual(['maintain', 'names', 'purge removed'])
  })

  it('knows of no archive where there is none', async () => {
    maintenance = aMaintenance(false)
    maintenance.start()
    await clock.advance(5 * SECOND)
    expect(done).toEqual(['maintain without an archive', 'names', 'purge removed'])
  })

  it('that fails is logged, and the next one comes', async () => {
    fault = new Error('no')
    maintenance.start()
    await clock.advance(5 * SECOND)
    expect(logged).toEqual(['error log maintenance failed; retrying in a minute'])
    fault = null
    await clock.advance(MINUTE)
    expect(done).toEqual(['maintain', 'maintain', 'archive true', 'names', 'purge removed'])
  })

  it('logs what it dropped, lines that people lose early as a warning', async () => {
    drops('retention')
    await maintenance.runNow()
    drops('budget')
    await maintenance.runNow()
    expect(logged).toEqual(['info dropped for retention', 'warn dropped for budget'])
  })

  it('that somebody asks for seals first, and deletes single lines whenever that was', async () => {
    await maintenance.runNow()
    done = []
    expect(await maintenance.runNow()).toEqual({ removed: [], status })
    expect(done).toEqual(['seal', 'maintain', 'archive true', 'names', 'purge removed'])
  })

  it('comes no more after a stop', async () => {
    maintenance.start()
    await clock.advance(5 * SECOND)
    done = []
    await maintenance.stop()
    await clock.advance(10 * MINUTE)
    expect(done).toEqual(['close'])
  })
})

describe('the alert', () => {
  const rounds = async (ms: number) => {
    clock.sleep(ms)
    await maintenance.runNow()
    await settled()
  }

  it('of dropped lines ends a day after the last drop', async () => {
    drops()
    await rounds(0)
    expect(titles()).toEqual([BUDGET_TITLE])
    removed = []
    await rounds(DAY)
    expect(titles()).toEqual([BUDGET_TITLE])
    await rounds(1)
    expect(titles()).toEqual([])
  })

  it('of a damaged partition ends when its file is gone, and not before', async () => {
    status = { ...status!, partitions: [partition('a.db.damaged', { state: 'damaged' }), partition('b')] }
    await rounds(0)
    await rounds(MINUTE)
    expect(titles()).toEqual(['The log partition a is damaged'])
    // Another start knows of it, too.
    maintenance = aMaintenance()
    status = { ...status!, partitions: [partition('b')] }
    await rounds(MINUTE)
    expect(titles()).toEqual([])
  })

  it('of a damaged partition that a person resolved does not come again', async () => {
    status = { ...status!, partitions: [partition('a.db.damaged', { state: 'damaged' })] }
    await rounds(0)
    const [alert] = listAlerts(state, { open: true, limit: 1 })
    resolveAlert(state, alert!.id, 'Ann', clock.now())
    await rounds(MINUTE)
    expect(titles()).toEqual([])
    // One that ended by itself does.
    endAlert(state, alert!.key, null, clock.now())
    state.prepare('update alerts set resolved_by = null').run()
    await rounds(MINUTE)
    expect(titles()).toEqual(['The log partition a is damaged'])
  })

  it('of dropped lines that a person resolved comes again with the next drop', async () => {
    drops()
    await rounds(0)
    const [alert] = listAlerts(state, { key: BUDGET_KEY, limit: 1 })
    resolveAlert(state, alert!.id, 'Ann', clock.now())
    await rounds(MINUTE)
    expect(titles()).toEqual([BUDGET_TITLE])
  })

  it('of an archive comes after five minutes, at once where that does not pass, and not again for the same trouble', async () => {
    failing = { since: START, problem: Object.assign(new Error('no answer'), { code: 'busy' }) as never }
    await rounds(5 * MINUTE - 1)
    expect(titles()).toEqual([])
    await rounds(1)
    expect(titles()).toEqual(['Logs cannot be archived to s3://logs'])
    const [alert] = listAlerts(state, { open: true, limit: 1 })
    resolveAlert(state, alert!.id, 'Ann', clock.now())
    await rounds(MINUTE)
    expect(titles()).toEqual([])
    failing = { since: clock.now() + 1, problem: Object.assign(new Error('wrong key'), { code: 'forbidden' }) as never }
    await rounds(1)
    expect(titles()).toEqual(['Logs cannot be archived to s3://logs'])
    failing = null
    await rounds(1)
    expect(titles()).toEqual([])
  })
})
