// The audit table: every command that changes something, with actor, time and outcome.

import type { Actor } from '../command/command.ts'
import type { State } from '../state/database.ts'
import { desc, lt } from '../state/orm.ts'
import { audit } from '../state/schema/index.ts'
import { DAY } from '../time.ts'

export type AuditRow = typeof audit.$inferSelect
const RETENTION_MS = 400 * DAY

/** Records that `by` ran `line`, with the outcome: "done" or the error message. */
export function writeAudit(state: State, by: Actor, line: string, outcome: string, now: number): void {
  const row = { at: now, platform: by.platform, actorId: by.id, actorName: by.name, line, outcome }
  state.transaction(() => state.db.insert(audit).values(row).run())
}

/** The latest rows before the row `before`, newest first. */
export function readAudit(state: State, limit: number, before?: number): AuditRow[] {
  const older = before === undefined ? undefined : lt(audit.id, before)
  return state.db.select().from(audit).where(older).orderBy(desc(audit.id)).limit(limit).all()
}

/** Deletes rows past their retention of 400 days. */
export function pruneAudit(state: State, now: number): void {
  state.transaction(() =>
    state.db
      .delete(audit)
      .where(lt(audit.at, now - RETENTION_MS))
      .run(),
  )
}
