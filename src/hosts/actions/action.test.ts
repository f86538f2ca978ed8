import { expect, it } from 'vitest'
import { describeOutcome, hasSucceeded } from './action.ts'

const run = { exitStatus: 0, problem: null, startedAt: 10_000, endedAt: 13_000, startedBy: 'ann' }

it('an outcome says how long the run took', () => {
  expect(describeOutcome({ ...run, outcome: 'exited' })).toBe('exit status 0 in 3s')
  expect(describeOutcome({ ...run, outcome: 'out of time' })).toBe('stopped at the time limit after 3s')
  // The clock went back meanwhile.
  expect(describeOutcome({ ...run, outcome: 'exited', endedAt: 9_000 })).toBe('exit status 0 in under 1s')
  expect(describeOutcome({ ...run, outcome: null, endedAt: null })).toBe('running')
})

it.each([
  ['exited', 0, true],
  ['exited', 1, false],
  ['exited', null, false],
  ['out of time', 0, false],
  [null, null, false],
] as const)('a run that %s with status %s has succeeded: %s', (outcome, exitStatus, succeeded) =>
  expect(hasSucceeded({ outcome, exitStatus })).toBe(succeeded),
)
