// How long a data folder keeps log lines when no setting says so.
import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { readConfig } from '../config/config.ts'
import { DAY, HOUR } from '../time.ts'
import { memoryState } from './database.ts'
import { writeValue } from './key-value.ts'
import { withLogDefaults } from './log-defaults.ts'

it('a new folder keeps lines for 14 days within a budget, at every later start too', () => {
  const state = memoryState()
  const first = withLogDefaults(readConfig({ DATA_DIR: tmpdir() }), state)
  expect(first.retentionMs).toBe(14 * DAY)
  expect(first.logs.diskBudgetBytes).toBeGreaterThan(0)
  expect(first.logs.diskBudgetBytes).toBeLessThanOrEqual(10e9)
  writeValue(state, 'greeted', 'before')
  expect(withLogDefaults(readConfig({ DATA_DIR: tmpdir() }), state)).toEqual(first)
})

it('a folder that an earlier version made keeps 72 hours without a budget', () => {
  const state = memoryState()
  writeValue(state, 'greeted', 'before')
  const config = withLogDefaults(readConfig({ DATA_DIR: tmpdir() }), state)
  expect([config.retentionMs, config.logs.diskBudgetBytes]).toEqual([72 * HOUR, null])
})

it('a setting counts in both', () => {
  const settings = { DATA_DIR: tmpdir(), RETENTION: '5d', LOG_DISK_BUDGET: '20GB' }
  const config = withLogDefaults(readConfig(settings), memoryState())
  expect([config.retentionMs, config.logs.diskBudgetBytes]).toEqual([5 * DAY, 20e9])
})
