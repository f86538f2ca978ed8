// Automatic actions: which alerts they are started for, when, in which order, and what withholds them.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Alert } from '../alerts/alert.ts'
import { GROUP, STORM, TEST } from '../alerts/suppression/inhibition.ts'
import { recordWithheldRun, startRun } from '../hosts/actions/action-runs.ts'
import { addAction, type NewAction } from '../hosts/actions/actions.ts'
import { addHost } from '../hosts/hosts.ts'
import { silentLogger } from '../logger.ts'
import { Problem } from '../problem.ts'
import { memoryState, type State } from '../state/database.ts'
import { storeAlert } from '../testing/alerts.ts'
import { createFakeClock, type FakeClock } from '../testing/fake-clock.ts'
import { HOUR, MINUTE, SECOND } from '../time.ts'
import { createAutomaticActions } from './automatic-actions.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
const DELAY_MS = 5 * SECOND

let state: State
let clock: FakeClock
let host: number
/** Actions that were started or withheld, with the title of their alert. */
let started: string[]
let withheld: string[]
let errors: string[]
let refusal: Error | null
let automatic: ReturnType<typeof createAutomaticActions>

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  const made = { address: '', port: 22, user: '', auth: 'own' as const, addedAt: 0, addedBy: 'Ann' }
  host = addHost(state, { name: 'web-1', ...made }).id
  started = []
  withheld = []
  errors = []
  refusal = null
  automatic = createAutomaticActions({
    ...{ state, clock, logger: { ...silentLogger, error: text => void errors.push(text) } },
    start({ action, host, container, alertId, startedBy, confirmedBy }) {
      if (refusal) throw refusal
      started.push(`${action.name} on ${host.name}${container} for ${alertId}, by ${startedBy} ${confirmedBy}`)
    },
    withhold: ({ action, alertId }, reason) => void withheld.push(`${action.name} for ${alertId}: ${reason}`),
  })
})

const hasAction = (name: string, draft: Partial<NewAction> = {}) =>
  addAction(state, {
    ...{ name, host: 'web-1', container: '', command: 'id', matcher: null, role: 'admin', secondPerson: false },
    ...{ timeLimit: MINUTE, automatic: true, perHour: 5, coolDown: 0, addedAt: 0, addedBy: 'Ann' },
    ...{ changedAt: START - HOUR, changedBy: 'Ann', ...draft },
  })
const fires = (more: Partial<Alert> = {}) =>
  storeAlert(state, { labels: { host: 'web-1' }, firedAt: START - MINUTE, ...more }).id
const isDue = async () => {
  automatic.schedule()
  await clock.advance(DELAY_MS)
}
const startOf = (action: string, alert: number) => `${action} on web-1 for ${alert}, by Vakt null`

describe('an automatic action', () => {
  it('starts 5 s after the alert, so that suppressions have taken effect', async () => {
    hasAction('restart')
    const alert = fires()
    automatic.schedule()
    await clock.advance(DELAY_MS - 1)
    expect(started).toEqual([])
    await clock.advance(1)
    expect([started, withheld]).toEqual([[startOf('restart', alert)], []])
  })

  it('is looked for once, however often alerts change within these seconds, and again after the next change', async () => {
    hasAction('restart')
    const alert = fires()
    automatic.schedule()
    await clock.advance(DELAY_MS - 1)
    automatic.schedule()
    await clock.advance(DELAY_MS)
    expect(started).toEqual([startOf('restart', alert)])
    await isDue()
    expect(started.length).toBe(2)
  })

  it('is not started after a stop', async () => {
    hasAction('restart')
    fires()
    automatic.schedule()
    automatic.stop()
    await clock.advance(MINUTE)
    expect(started).toEqual([])
  })

  it('is not looked for while no action is automatic, also when the last one was removed meanwhile', async () => {
    const { id } = hasAction('restart', { automatic: false })
    fires()
    automatic.schedule()
    state.prepare('update actions set automatic = 1 where id = ?').run(id)
    await clock.advance(MINUTE)
    expect(started).toEqual([])
    automatic.schedule()
    state.prepare('update actions set automatic = 0 where id = ?').run(id)
    await clock.advance(MINUTE)
    expect([started, errors]).toEqual([[], []])
  })

  it.each<[string, Partial<Alert>, boolean]>([
    ['is firing', {}, true],
    ['is acknowledged', { state: 'acknowledged' }, false],
    ['is resolved', { state: 'resolved' }, false],
    ['is suppressed', { suppression: 'silence' }, false],
    ['is snoozed', { snoozedUntil: START + HOUR }, false],
    ['is stable, and only kept open because it flapped', { stableAt: START }, false],
    ['is a test', { detector: TEST }, false],
    ['is a storm', { detector: STORM }, false],
    ['is a group', { detector: GROUP }, false],
    ['is of another host', { labels: { host: 'web-2' } }, false],
    ['fired before the action was changed', { firedAt: START - HOUR - 1 }, false],
    ['fired when the action was changed', { firedAt: START - HOUR }, true],
  ])('for an alert that %s: %#', async (_, alert, isStarted) => {
    hasAction('restart')
    const id = fires(alert)
    await isDue()
    expect([started, errors]).toEqual([isStarted ? [startOf('restart', id)] : [], []])
  })

  it('leaves buttons for people to those that are not automatic, and looks at the age of each', async () => {
    hasAction('by-hand', { automatic: false })
    hasAction('old')
    hasAction('young', { changedAt: START - SECOND })
    const alert = fires()
    await isDue()
    expect(started).toEqual([startOf('old', alert)])
  })

  it('is started for the alert first that fired first', async () => {
    hasAction('restart')
    const late = fires({ firedAt: START - SECOND })
    const early = fires({ firedAt: START - MINUTE })
    const middle = fires({ firedAt: START - 2 * SECOND })
    await isDue()
    expect(started).toEqual([early, middle, late].map(id => startOf('restart', id)))
  })

  it('is started once for each alert, also when it was withheld', async () => {
    const { id: actionId } = hasAction('restart')
    const [ran, refused, other] = [fires(), fires(), fires()]
    const draft = {
      ...{ actionId, name: 'restart', hostId: host, host: 'web-1', container: '', command: 'id' },
      ...{ startedAt: START, startedBy: 'Vakt', confirmedBy: null, automatic: true },
    }
    startRun(state, { ...draft, alertId: ran })
    recordWithheldRun(state, { ...draft, alertId: refused }, 'limit')
    await isDue()
    expect(started).toEqual([startOf('restart', other)])
  })

  it('is withheld in its cool-down, and within its limit per hour', async () => {
    const { id: actionId } = hasAction('restart', { coolDown: 10 * MINUTE })
    const other = hasAction('report', { perHour: 1 })
    const draft = { hostId: host, host: 'web-1', container: '', command: 'id', alertId: null, startedBy: 'Ann' }
    startRun(state, { ...draft, actionId, name: 'restart', startedAt: START, confirmedBy: null, automatic: false })
    const elsewhere = { ...draft, hostId: null, host: 'web-9' }
    startRun(state, {
      ...elsewhere,
      actionId: other.id,
      name: 'report',
      startedAt: START,
      confirmedBy: null,
      automatic: true,
    })
    const alert = fires()
    await isDue()
    expect(started).toEqual([])
    expect(withheld).toEqual([
      `report for ${alert}: it had 1 automatic run in the last hour, its limit`,
      `restart for ${alert}: it ran here 5s ago; its cool-down is 10m`,
    ])
  })

  it('that cannot start is withheld, with the reason', async () => {
    hasAction('restart')
    const alert = fires()
    refusal = new Problem('conflict', 'restart is already running on web-1.')
    await isDue()
    expect([withheld, errors]).toEqual([[`restart for ${alert}: restart is already running on web-1.`], []])
  })

  it('is tried again at the next change after a fault of Vakt', async () => {
    hasAction('restart')
    const alert = fires()
    refusal = new Error('the database is gone')
    await isDue()
    expect([withheld, errors]).toEqual([[], ['starting the automatic actions failed']])
    refusal = null
    await isDue()
    expect(started).toEqual([startOf('restart', alert)])
  })
})
