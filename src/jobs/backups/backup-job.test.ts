// Scheduled backups: when they are made, and the alert while they fail.
import { expect, it } from 'vitest'
import { listAlerts } from '../../alerts/alerts.ts'
import { readConfig } from '../../config/config.ts'
import { silentLogger } from '../../logger.ts'
import { readBackupRecord } from '../../operations/backup/backup-record.ts'
import type { BackupAnswer } from '../../operations/backup/backup-worker.ts'
import { memoryState } from '../../state/database.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { HOUR, MINUTE } from '../../time.ts'
import { createBackupJob } from './backup-job.ts'

const START = Date.parse('2026-11-29T10:00:00Z')

function startJob(settings: Record<string, string> = {}) {
  const clock = createFakeClock(START)
  const state = memoryState()
  const outside = { fault: '', isConflict: false, hangs: false, made: [] as number[] }
  const make = async ({ now }: { now: number }): Promise<BackupAnswer> => {
    outside.made.push((now - START) / MINUTE)
    if (outside.hangs) return new Promise(() => {})
    if (outside.fault !== '') return { ok: false, message: outside.fault, isConflict: outside.isConflict }
    return { ok: true, name: 'vakt-x', bytes: 10, removed: [], remarks: [] }
  }
  const config = readConfig({ BACKUP_TO: '/backups', ...settings })
  const job = () =>
    createBackupJob({ state, clock, logger: silentLogger, config, version: '1', environment: {}, make })!
  const first = job()
  first.start()
  return { clock, state, outside, first, job, open: () => listAlerts(state, { open: true, limit: -1 }) }
}

it('makes a backup soon after the start, then one a day, also over a restart', async () => {
  const { clock, outside, first, job } = startJob()
  await clock.advance(25 * HOUR)
  expect(outside.made).toEqual([1, 1 + 24 * 60])
  await first.stop()
  await clock.advance(HOUR)
  job().start()
  await clock.advance(22 * HOUR)
  expect(outside.made).toHaveLength(2)
  await clock.advance(HOUR)
  expect(outside.made).toEqual([1, 1 + 24 * 60, 1 + 48 * 60])
})

it('fires one alert while backups fail, tries every 15 minutes, and resolves it', async () => {
  const { clock, state, outside, open } = startJob()
  outside.fault = 'The disk of the folder /backups is full.'
  await clock.advance(40 * MINUTE)
  expect(outside.made).toEqual([1, 16, 31])
  expect(open().map(({ title, detector }) => [title, detector])).toEqual([['The scheduled backup fails', 'backup']])
  expect(readBackupRecord(state)).toMatchObject({ failingSince: START + MINUTE, error: outside.fault, lastAt: null })
  outside.fault = ''
  await clock.advance(10 * MINUTE)
  expect(open()).toEqual([])
  expect(readBackupRecord(state)).toMatchObject({ lastAt: START + 46 * MINUTE, failingSince: null })
})

it('tries again after a minute, without an alert, while somebody makes one by hand', async () => {
  const { clock, outside, open } = startJob()
  Object.assign(outside, { fault: 'Another backup of /data is running.', isConflict: true })
  await clock.advance(2.5 * MINUTE)
  expect([outside.made, open()]).toEqual([[1, 2], []])
  outside.fault = ''
  await clock.advance(MINUTE)
  expect(outside.made).toEqual([1, 2, 3])
})

it('fires an alert when one never ends, be it its own or one by hand', async () => {
  const { clock, outside, open } = startJob()
  outside.hangs = true
  await clock.advance(24 * HOUR)
  expect(open()).toEqual([])
  await clock.advance(2 * MINUTE)
  expect(open()).toHaveLength(1)
  const stuck = startJob({ BACKUP_EVERY: '1h' })
  Object.assign(stuck.outside, { fault: 'Another backup of /data is running.', isConflict: true })
  await stuck.clock.advance(6 * HOUR)
  expect(stuck.open()).toEqual([])
  await stuck.clock.advance(2 * MINUTE)
  expect(stuck.open()).toHaveLength(1)
})

it('does nothing without BACKUP_TO', () => {
  const config = readConfig({})
  const options = { state: memoryState(), clock: createFakeClock(START), logger: silentLogger, config, version: '1' }
  expect(createBackupJob(options)).toBeNull()
})
