// Reads what a satellite must know: projects, keys, ping URLs, formats, and the probes that it makes. Secrets leave the vault.
import { hash } from 'node:crypto'
import type { Check } from '../checks/check.ts'
import type { LogFormat } from '../logs/log-formats.ts'
import type { Probe } from '../probes/probe.ts'
import type { Key } from '../projects/keys.ts'
import type { Project } from '../projects/projects.ts'
import type { Vault } from '../projects/vault.ts'
import type { State } from '../state/database.ts'
import { asc, eq, isNotNull, isNull } from '../state/orm.ts'
import { checks, keys, logFormats, probes, projects } from '../state/schema/index.ts'
import type { Satellite } from './satellite.ts'

/** A check as its ping URLs name it. */
export type PingedCheck = Pick<Check, 'id' | 'projectId' | 'uuid' | 'slug' | 'name'>

/** A probe that a satellite makes; headers are open. */
export type SentProbe = { check: Check; probe: Omit<Probe, 'headersSealed'> & { headers: string | null } }

export type Directory = {
  /** Changes with any of the rest. */
  version: string
  projects: Project[]
  /** Valid keys; `secret` is that of a key for signed requests, which must be known to prove one. */
  keys: (Omit<Key, 'secretSealed'> & { secret: string | null })[]
  formats: LogFormat[]
  checks: PingedCheck[]
  pushTokens: { checkId: number; token: string }[]
  probes: SentProbe[]
}

/** What `satellite` must know now. */
export function readDirectory(state: State, vault: Vault, satellite: Pick<Satellite, 'name'>): Directory {
  const content = {
    projects: state.db.select().from(projects).orderBy(asc(projects.id)).all(),
    keys: state.db
      .select()
      .from(keys)
      .where(isNull(keys.revokedAt))
      .orderBy(asc(keys.id))
      .all()
      .map(({ secretSealed, ...key }) => ({
        ...key,
        secret: key.signed && secretSealed !== null ? vault.open(secretSealed) : null,
      })),
    formats: state.db.select().from(logFormats).orderBy(asc(logFormats.projectId), asc(logFormats.name)).all(),
    checks: listPinged(state),
    pushTokens: state
      .prepare<[], { checkId: number; token: string }>(
        `select check_id as checkId, push_token as token from check_details join checks on checks.id = check_id
         where push_token is not null and probed = 0 order by check_id`,
      )
      .all(),
    probes: listProbesVia(state, satellite.name).map(({ check, probe: { headersSealed, ...probe } }) => ({
      check: atRest(check),
      probe: {
        ...probe,
        // The last result is not what it asks.
        ...{ lastAt: null, lastOk: null, lastMessage: null, lastAddress: null, certificateEndsAt: null },
        headers: headersSealed === null ? null : vault.open(headersSealed),
      },
    })),
  }
  return { version: hash('sha256', JSON.stringify(content), 'base64url').slice(0, 22), ...content }
}

function listPinged(state: State): PingedCheck[] {
  return state
    .prepare<[], PingedCheck>(
      'select id, project_id as projectId, uuid, slug, name from checks where probed = 0 order by id',
    )
    .all()
}

function listProbesVia(state: State, name: string) {
  return state.db
    .select({ check: checks, probe: probes })
    .from(probes)
    .innerJoin(checks, eq(checks.id, probes.checkId))
    .where(isNotNull(probes.via))
    .orderBy(asc(probes.checkId))
    .all()
    .filter(({ probe }) => probe.via!.split('\n').includes(name))
}

/** A check without what its results change, so that a result changes no directory. */
function atRest(check: Check): Check {
  const status = check.status === 'paused' ? 'paused' : 'up'
  const blank = { misses: 0, missedAt: null, missKind: null, lastBeatAt: null, lastDuration: null, earlyMs: null }
  return { ...check, ...blank, status, earlyBeats: 0, beats: 0, lateAt: null, downAt: null, satelliteId: null }
}
