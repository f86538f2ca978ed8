// What is corrected when the clock went back, in each part of the state, and from which step on.
import { beforeEach, expect, it } from 'vitest'
import { silentLogger } from '../logger.ts'
import { listSources, recordSource } from '../logs/sources.ts'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { readValue, writeValue } from '../state/key-value.ts'
import { HOUR, SECOND } from '../time.ts'
import { correctClockRollback } from './clock-rollback.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State

beforeEach(() => {
  state = memoryState()
  addProject(state, 'default', NOW)
})

it('a source that was seen after the time that it is now was seen now', () => {
  recordSource(state, 1, 'api', NOW + HOUR)
  expect(correctClockRollback(state, NOW + HOUR, NOW, silentLogger)).toBe(HOUR)
  expect(listSources(state)).toMatchObject([{ name: 'api', lastSeenAt: NOW }])
})

it('what is said of a time that cannot be trusted is over', () => {
  writeValue(state, 'clock untrusted until', String(NOW + 2 * HOUR))
  correctClockRollback(state, NOW + HOUR, NOW, silentLogger)
  expect(readValue(state, 'clock untrusted until')).toBeNull()
})

it.each([
  ['no time is known', null],
  ['time went on', NOW - 1],
  ['it went back by a moment', NOW + SECOND / 10],
])('nothing is corrected where %s', (_, lastTime) => {
  recordSource(state, 1, 'api', NOW + HOUR)
  expect(correctClockRollback(state, lastTime, NOW, silentLogger)).toBe(0)
  expect(listSources(state)).toMatchObject([{ lastSeenAt: NOW + HOUR }])
})
