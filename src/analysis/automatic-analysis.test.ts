// Automatic analyses by themselves: which alerts, when, how many in an hour, and where their answers are posted.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Alert } from '../alerts/alert.ts'
import { updateAlert } from '../alerts/alerts.ts'
import { silentLogger } from '../logger.ts'
import { syncChannels } from '../notifications/routing/channels.ts'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { analyses } from '../state/schema/index.ts'
import { storeAlert } from '../testing/alerts.ts'
import { createFakeClock, type FakeClock } from '../testing/fake-clock.ts'
import { HOUR, MINUTE, SECOND } from '../time.ts'
import { createAutomaticAnalyses } from './automatic-analysis.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
let clock: FakeClock
/** When each alert was analyzed, seconds after the start. */
let analyzed: [id: number, seconds: number][]
let fails: boolean
let answers: string[]
let job: ReturnType<typeof createAutomaticAnalyses>
let logged: string[]

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(NOW)
  ;[analyzed, answers, logged, fails] = [[], [], [], false]
  for (const name of ['default', 'shop']) addProject(state, name, 0)
  state.prepare('insert into automatic_analyses (project_id, by, at) values (1, ?, 0)').run('Ann')
  const log = (text: string) => void logged.push(text)
  job = createAutomaticAnalyses({
    ...{ state, clock, logger: { ...silentLogger, error: log, warn: log } },
    analyst: {
      async analyze({ alertId, automatic, askedBy }: { alertId: number; automatic: boolean; askedBy: object }) {
        analyzed.push([alertId, (clock.now() - NOW) / SECOND])
        if (fails) throw new Error('no model')
        const row = { at: clock.now(), kind: 'alert' as const, subject: 's', alertId, automatic, digest: 'd' }
        state.db
          .insert(analyses)
          .values({ ...row, askedBy: JSON.stringify(askedBy), outcome: 'report', headline: 'h' })
          .run()
        return { alertId }
      },
    } as never,
    threads: {
      async answer({ ref, channel }: { ref: string; channel: { id: string } }, title: string) {
        if (channel.id === 'broken') throw new Error('gone')
        answers.push(`${channel.id} ${ref} ${title}`)
      },
    } as never,
    channels: () => [{ id: 'broken' }, { id: 'chat' }, { id: 'other' }] as never,
    toCard: () => ({ title: 'x' }) as never,
  })
})
const fires = (more: Partial<Alert> = {}) =>
  storeAlert(state, { projectId: 1, firedAt: NOW, releasedAt: NOW, seenAt: NOW, ...more }).id

describe('an alert', () => {
  it('is analyzed twenty seconds after it was released, once', async () => {
    const id = fires()
    job.schedule()
    job.schedule()
    await clock.advance(20 * SECOND - 1)
    expect(analyzed).toEqual([])
    await clock.advance(1)
    job.schedule()
    await clock.advance(HOUR)
    expect(analyzed).toEqual([[id, 20]])
  })

  it.each<[string, Partial<Alert>]>([
    ['of another project', { projectId: 2 }],
    ['that is not critical', { severity: 'warning' }],
    ['that is over', { state: 'resolved' }],
    ['that is suppressed', { suppression: 'quiet-hours' }],
    ['that fired ten minutes ago', { releasedAt: NOW - 10 * MINUTE }],
  ])('%s is not', async (_, more) => {
    fires(more)
    job.schedule()
    await clock.advance(HOUR)
    expect(analyzed).toEqual([])
  })

  it('that was resolved meanwhile is not', async () => {
    const [first, second] = [fires(), fires({ releasedAt: NOW + 5 * SECOND })]
    job.schedule()
    updateAlert(state, first, { state: 'resolved' })
    await clock.advance(MINUTE)
    expect(analyzed).toEqual([[second, 25]])
  })

  it('is one of six in an hour; the others come when there is room, if they are still new', async () => {
    for (let i = 0; i < 6; i++) fires()
    const late = fires({ releasedAt: NOW + 59 * MINUTE })
    fires()
    job.schedule()
    await clock.advance(MINUTE)
    expect(analyzed).toHaveLength(6)
    await clock.advance(HOUR - 41 * SECOND)
    expect(analyzed).toHaveLength(6)
    await clock.advance(2 * MINUTE)
    expect(analyzed.map(([id]) => id).slice(6)).toEqual([late])
  })

  it('whose analysis fails is analyzed a minute later', async () => {
    fails = true
    fires()
    job.schedule()
    await clock.advance(20 * SECOND)
    fails = false
    await clock.advance(MINUTE - 1)
    expect(analyzed).toHaveLength(1)
    await clock.advance(1)
    expect(analyzed).toHaveLength(2)
    expect(logged).toEqual(['automatic analysis failed; retrying in 1 min'])
  })

  it('has its answer under each of its cards, whatever becomes of another', async () => {
    const id = fires()
    syncChannels(
      state,
      ['broken', 'chat'].map(name => ({ id: name, name })),
      NOW,
    )
    for (const channel of ['broken', 'chat'])
      state
        .prepare('insert into notifications (alert_id, channel_id, nonce, ref, next_attempt_at) values (?, ?, ?, ?, 0)')
        .run(id, channel, 'n', `ref of ${channel}`)
    job.schedule()
    await clock.advance(MINUTE)
    expect(answers).toEqual([`chat ref of chat Analysis of alert ${id}`])
    expect(logged).toEqual(['posting an automatic analysis failed'])
  })

  it('is not analyzed after the end', async () => {
    fires()
    job.schedule()
    job.stop()
    await clock.advance(MINUTE)
    job.schedule()
    await clock.advance(MINUTE)
    expect(analyzed).toEqual([])
  })
})
