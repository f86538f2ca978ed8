// The audit table: every command that changes something, with actor, time and outcome, as a chain of hashes.
import { createHash } from 'node:crypto'
import type { Actor } from '../command/command.ts'
import type { State } from '../state/database.ts'
import { readValue, writeValue } from '../state/key-value.ts'
import { asc, desc, eq, gt, gte, lt, ne } from '../state/orm.ts'
import { audit } from '../state/schema/index.ts'
import { escapeControls } from '../text.ts'
import { DAY, isoTime } from '../time.ts'

export type AuditRow = typeof audit.$inferSelect
/** Who did something, and from where. */
export type AuditActor = Pick<Actor, 'platform' | 'id' | 'name' | 'address' | 'keyId'>
/** What a row says beside the command: how many rows or lines were removed, and the key that was created or revoked. */
export type AuditFacts = { count?: number; keyId?: string }
/** The newest row: whoever keeps its hash elsewhere notices any later change of the rows up to it. */
export type AuditHead = { id: number; hash: string }

/** The audit is whole, or which row is wrong and why. */
export type AuditCheck = { rows: number; head: AuditHead; broken: { id: number; reason: string } | null }

const RETENTION_MS = 400 * DAY
const VAKT = { platform: 'vakt', id: 'vakt', name: 'Vakt' }
const EMPTY: AuditHead = { id: 0, hash: '0'.repeat(64) }
const PAGE_SIZE = 1_000

/** Records that `by` ran `line`, with the outcome: "done" or the error message. Control characters are written as escapes. */
export function writeAudit(
  state: State,
  by: AuditActor,
  line: string,
  outcome: string,
  now: number,
  facts: AuditFacts = {},
): void {
  state.transaction(() => {
    const head = readAuditHead(state)
    const row = {
      id: head.id + 1,
      at: now,
      platform: by.platform,
      actorId: escapeControls(by.id),
      actorName: escapeControls(by.name),
      line: escapeControls(line),
      outcome: escapeControls(outcome),
      address: by.address === undefined ? null : escapeControls(by.address),
      keyId: facts.keyId ?? by.keyId ?? null,
      count: facts.count ?? null,
    }
    const hash = hashRow(head.hash, row)
    state.db
      .insert(audit)
      .values({ ...row, hash })
      .run()
    writeHead(state, { id: row.id, hash })
  })
}

/** The latest rows before the row `before`, newest first. */
export function readAudit(state: State, limit: number, before?: number): AuditRow[] {
  const older = before === undefined ? undefined : lt(audit.id, before)
  return state.db.select().from(audit).where(older).orderBy(desc(audit.id)).limit(limit).all()
}

/** The head of the chain; rows of an older Vakt get their hashes when it is first asked for. */
export function readAuditHead(state: State): AuditHead {
  const stored = readValue(state, 'audit head')
  return stored === null ? startChain(state) : (JSON.parse(stored) as AuditHead)
}

/**
 * Checks every row against the one before it, the oldest against what pruning left, and the newest against the head. It
 * yields after each page of rows, so that a long audit stops nothing else.
 */
export function* verifyAudit(state: State): Generator<undefined, AuditCheck> {
  const isHeadKnown = readValue(state, 'audit head') !== null || isEmptyOrOld(state)
  readAuditHead(state)
  const anchor = readAnchor(state)
  let before = anchor
  let isAnchored = anchor.hash === EMPTY.hash
  let rows = 0
  const broken = (id: number, reason: string): AuditCheck => ({ rows, head: before, broken: { id, reason } })
  for (const { hash, ...row } of eachRow(state)) {
    if (rows > 0 && rows % PAGE_SIZE === 0) yield
    if (row.id <= before.id) return broken(row.id, 'it was added where rows had been pruned')
    if (hash !== hashRow(before.hash, row))
      return broken(row.id, 'it was changed, or the row before it was changed or removed')
    before = { id: row.id, hash }
    isAnchored ||= row.platform === VAKT.platform && row.line.endsWith(`hash ${anchor.hash}`)
    rows++
  }
  if (!isHeadKnown) return broken(before.id, 'the head of the chain was removed')
  const head = readAuditHead(state)
  if (before.hash !== head.hash) return broken(before.id + 1, 'the newest rows were removed')
  if (!isAnchored) return broken(anchor.id, 'no row says that the rows up to it were pruned')
  return { rows, head, broken: null }
}

/**
 * Deletes rows past their retention of 400 days, up to the first that stays. The last of them remains as the anchor of the
 * chain, and the pruning is a row itself, so that the chain covers the anchor.
 */
export function pruneAudit(state: State, now: number): void {
  const first = state.prepare<[], { at: number }>('select at from audit order by id limit 1').get()
  if (!first || first.at >= now - RETENTION_MS) return
  state.transaction(() => {
    readAuditHead(state)
    const isRecent = gte(audit.at, now - RETENTION_MS)
    const kept = state.db.select({ id: audit.id }).from(audit).where(isRecent).orderBy(asc(audit.id)).limit(1).get()
    const isRemoved = kept ? lt(audit.id, kept.id) : undefined
    const last = state.db.select().from(audit).where(isRemoved).orderBy(desc(audit.id)).limit(1).get()
    if (!last) return
    writeValue(state, 'audit anchor', JSON.stringify({ id: last.id, hash: last.hash }))
    const { changes } = state.db.delete(audit).where(isRemoved).run()
    const line = `audit prune: rows up to ${last.id} (${isoTime(last.at)}), the last with the hash ${last.hash}`
    writeAudit(state, VAKT, line, 'done', now, { count: changes })
  })
}

function* eachRow(state: State): Generator<AuditRow> {
  let after = 0
  for (;;) {
    const page = state.db.select().from(audit).where(gt(audit.id, after)).orderBy(asc(audit.id)).limit(PAGE_SIZE).all()
    yield* page
    if (page.length < PAGE_SIZE) return
    after = page.at(-1)!.id
  }
}

/** The last row that pruning removed. */
function readAnchor(state: State): AuditHead {
  const stored = readValue(state, 'audit anchor')
  return stored === null ? EMPTY : (JSON.parse(stored) as AuditHead)
}

/** Whether there is no row yet that is part of a chain. */
function isEmptyOrOld(state: State): boolean {
  return state.db.select({ id: audit.id }).from(audit).where(ne(audit.hash, '')).limit(1).get() === undefined
}

/** Chains the rows that an older Vakt wrote. A chain whose head was removed goes on, and `verifyAudit` says so. */
function startChain(state: State): AuditHead {
  return state.transaction(() => {
    let head = EMPTY
    const isOld = isEmptyOrOld(state)
    for (const { hash, ...row } of eachRow(state)) {
      head = { id: row.id, hash: isOld ? hashRow(head.hash, row) : hash }
      if (isOld) state.db.update(audit).set({ hash: head.hash }).where(eq(audit.id, row.id)).run()
    }
    if (isOld) writeHead(state, head)
    return head
  })
}

function writeHead(state: State, head: AuditHead): void {
  writeValue(state, 'audit head', JSON.stringify(head))
}

function hashRow(before: string, row: Omit<AuditRow, 'hash'>): string {
  const { id, at, platform, actorId, actorName, line, outcome, address, keyId, count } = row
  const content = JSON.stringify([id, at, platform, actorId, actorName, line, outcome, address, keyId, count])
  return createHash('sha256').update(`${before}\n${content}`).digest('hex')
}
