// How long and on how much disk a data folder keeps log lines when no setting says so.
import { statfsSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { DAY } from '../time.ts'
import type { State } from './database.ts'
import { readValue, writeValue } from './key-value.ts'

const RETENTION_MS = 14 * DAY
const MAX_BUDGET_BYTES = 10e9
const SHARE_OF_DISK = 1 / 5

/**
 * The configuration with the defaults of its data folder. A new folder keeps lines for 14 days within 10 GB or a fifth of the
 * disk, the smaller one; a folder that an earlier version of Vakt made keeps what that version did: 72 hours, no limit. What
 * a setting says counts.
 */
export function withLogDefaults(config: Config, state: State): Config {
  if (!isNewFolder(state)) return config
  return {
    ...config,
    retentionMs: config.isRetentionSet ? config.retentionMs : RETENTION_MS,
    logs: { ...config.logs, diskBudgetBytes: config.logs.diskBudgetBytes ?? budgetFor(config) },
  }
}

/** Whether this version of Vakt or a later one made the folder; the first start decides. */
function isNewFolder(state: State): boolean {
  const known = readValue(state, 'log defaults')
  if (known !== null) return known === '14d'
  const isNew = readValue(state, 'greeted') === null
  writeValue(state, 'log defaults', isNew ? '14d' : '72h')
  return isNew
}

/** A log engine has disks of its own, about which nothing is known here. */
function budgetFor(config: Config): number | null {
  return config.logEngine ? null : defaultBudget(config.dataDir)
}

function defaultBudget(folder: string): number {
  const { blocks, bsize } = statfsSync(folder)
  return Math.min(MAX_BUDGET_BYTES, Math.round(blocks * bsize * SHARE_OF_DISK))
}
