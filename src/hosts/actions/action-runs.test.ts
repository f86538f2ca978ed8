// What blocks a run: the same action on the same target, and the automatic runs of the last hour.
import { beforeEach, expect, it } from 'vitest'
import { memoryState, type State } from '../../state/database.ts'
import { HOUR } from '../../time.ts'
import { finishRun, type RunDraft, readEarlierStarts, startRun } from './action-runs.ts'

let state: State
beforeEach(() => {
  state = memoryState()
  state.prepare('pragma foreign_keys = off').run()
})

const draft = (changes: Partial<RunDraft> = {}): RunDraft => ({
  ...{ actionId: 1, name: 'restart', hostId: 1, host: 'web-1', container: 'api', command: 'x', alertId: null },
  ...{ startedAt: 10 * HOUR, startedBy: 'Ann', confirmedBy: null, automatic: false },
  ...changes,
})

it('a run blocks the same action on the same target only: not on another container, on the host itself, or on another host', () => {
  const running = startRun(state, draft())
  expect(() => startRun(state, draft())).toThrow('already running on web-1/api')
  for (const other of [{ container: 'db' }, { container: '' }, { hostId: 2, host: 'web-2' }, { actionId: 2 }])
    expect(startRun(state, draft(other)).outcome).toBeNull()
  finishRun(state, running.id, { endedAt: 11 * HOUR, outcome: 'exited', exitStatus: 0 })
  expect(startRun(state, draft()).id).toBeGreaterThan(running.id)
})

it('only automatic runs of the last hour count to its limit, wherever they ran; any run here counts to the cool-down', () => {
  const target = { actionId: 1, hostId: 1, container: 'api' }
  const start = (startedAt: number, changes: Partial<RunDraft> = {}) => {
    const { id } = startRun(state, draft({ startedAt, ...changes }))
    finishRun(state, id, { endedAt: startedAt + 1, outcome: 'exited', exitStatus: 0 })
  }
  const now = 20 * HOUR
  start(now - 2 * HOUR, { automatic: true })
  start(now - HOUR / 2, { automatic: true, hostId: 2, host: 'web-2' })
  start(now - HOUR / 3)
  start(now - HOUR / 4, { automatic: true, actionId: 2 })
  expect(readEarlierStarts(state, target, now)).toEqual({ here: [now - HOUR / 3], everywhere: [now - HOUR / 2] })
})
