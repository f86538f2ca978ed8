// A few simulated days: the world finds nothing wrong, repeats itself, and shortens what fails.
import { hash } from 'node:crypto'
import { expect, it } from 'vitest'
import { MINUTE } from '../../time.ts'
import { type Plan, planWorld } from './plan.ts'
import { playPlan, shrinkPlan } from './play.ts'

it('everything that must be true is true in the world of a seed', async () => {
  expect(await playPlan(planWorld(907, 1))).toBeNull()
})

it('a seed is played again exactly, to the last byte of the state and of the chats', async () => {
  const plan = planWorld(447, 1)
  expect([plan.probes, plan.hasLogRules]).toEqual([['shop'], true])
  const play = async () => {
    const shown: string[] = []
    const failure = await playPlan(plan, (_, { vakt, chats }) =>
      shown.push(hash('sha256', vakt!.database.copy()), JSON.stringify(chats.map(({ messages }) => messages))),
    )
    expect(failure).toBeNull()
    return shown
  }
  const first = await play()
  expect(first).toHaveLength(4)
  expect(await play()).toEqual(first)
})

it('a seed makes the same plan again', () => {
  expect(JSON.stringify(planWorld(7, 2))).toBe(JSON.stringify(planWorld(7, 2)))
  expect(JSON.stringify(planWorld(8, 2))).not.toBe(JSON.stringify(planWorld(7, 2)))
})

it('a wrong deadline is found, and the plan is shortened to the beat that shows it', async () => {
  const rules = {
    schedule: { kind: 'every', ms: 60 * MINUTE, days: 0, zone: 'UTC' },
    graceMs: 10 * MINUTE,
    earlyMs: 0,
    maxRuntimeMs: null,
    after: 1,
  } as const
  const beat = (minute: number) => ({
    at: minute * MINUTE,
    kind: 'beat',
    check: 'job',
    signal: 'success',
    rid: null,
    tries: 1,
  })
  const plan: Plan = {
    ...{ seed: 1, days: 0.5, start: Date.parse('2026-03-02T00:00:00Z'), probes: [], hasTargets: false, hasLogs: false },
    // Vakt is given a minute more than the model knows of.
    checks: [{ name: 'job', flags: '--every 60m --grace 11m', rules }],
    steps: [1, 61, 121, 181].map(beat),
  }
  const failure = await playPlan(plan)
  expect(failure?.message).toMatch(/^job must have an alert that fires from 2026-03-02T04:11/)
  const shrunk = await shrinkPlan(plan, failure!)
  expect(shrunk.steps).toHaveLength(1)
})
