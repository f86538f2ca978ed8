// The tables of a satellite that mirror those of its main: who may send, which checks there are, what is probed from here.
import type { Check } from '../checks/check.ts'
import { Problem } from '../problem.ts'
import type { Vault } from '../projects/vault.ts'
import type { State } from '../state/database.ts'
import { checkDetails, checks, keys, logFormats, probes, projects } from '../state/schema/index.ts'
import type { Directory, PingedCheck } from './directories.ts'

/** What a probe from here has found so far, which a new directory must not undo. */
type ProbeProgress = Pick<Check, 'id' | 'status' | 'misses' | 'lastBeatAt'>

/** Replaces everything that was known of the main by a new directory, in one transaction. Throws `invalid` for a foreign one. */
export function saveDirectory(state: State, vault: Vault, directory: Directory): void {
  for (const name of [
    'checks by uuid',
    'keys in use',
    'projects by name',
    'projects by log name',
    'log formats',
  ] as const)
    state.forget(name)
  try {
    state.transaction(() => replaceAll(state, vault, directory))
  } catch (error) {
    if (error instanceof Problem && error.isStorage) throw error
    throw new Problem('invalid', 'The main sent a list of checks and keys that this version of Vakt cannot read.', {
      cause: error,
    })
  }
}

function replaceAll(state: State, vault: Vault, directory: Directory): void {
  const { db } = state
  const seal = (secret: string | null) => (secret === null ? null : vault.seal(secret))
  const before = new Map(readProbeProgress(state).map(row => [row.id, row]))
  // What belongs to a project goes with it.
  state.prepare('delete from projects').run()
  for (const project of directory.projects) db.insert(projects).values(project).run()
  for (const { secret, ...key } of directory.keys)
    db.insert(keys)
      .values({ ...key, secretSealed: seal(secret) })
      .run()
  for (const format of directory.formats) db.insert(logFormats).values(format).run()
  for (const check of directory.checks) insertPinged(state, check)
  for (const { checkId, token } of directory.pushTokens)
    db.insert(checkDetails).values({ checkId, pushToken: token, apiName: '', forName: '' }).run()
  for (const { check, probe } of directory.probes) {
    const { headers, ...row } = probe
    const progress = check.status === 'paused' ? undefined : before.get(check.id)
    db.insert(checks)
      .values({ ...check, ...progress })
      .run()
    db.insert(probes)
      .values({ ...row, headersSealed: seal(headers) })
      .run()
  }
  state.emit('probes')
}

function readProbeProgress(state: State): ProbeProgress[] {
  return state
    .prepare<[], ProbeProgress>(
      "select id, status, misses, last_beat_at as lastBeatAt from checks where probed = 1 and status <> 'paused'",
    )
    .all()
}

/** By hand: there may be many, and of a check that waits for beats nothing else is needed. */
function insertPinged(state: State, { id, projectId, uuid, slug, name }: PingedCheck): void {
  state.prepare(INSERT_PINGED).run(id, projectId, uuid, slug, name)
}

const INSERT_PINGED = `insert into checks (id, project_id, uuid, slug, name, every, time_zone, grace, severity, status, created_at)
  values (?, ?, ?, ?, ?, 86400000, 'UTC', 0, 'critical', 'new', 0)`
