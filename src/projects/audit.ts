// The audit: every command that changes something, by whom, when, and how it ended.

import type { Actor } from '../command/command.ts'
import type { State } from '../state/database.ts'
import { desc, lt } from '../state/orm.ts'
import { audit } from '../state/schema/index.ts'
import { DAY } from '../time.ts'

export type AuditRow = typeof audit.$inferSelect
const KEPT = 400 * DAY

/** Writes down that `by` asked for `line`, and how it ended: "done" or the sentence of the refusal. */
export function writeAudit(state: State, by: Actor, line: string, outcome: string, now: number): void {
  const row = { at: now, platform: by.platform, actorId: by.id, actorName: by.name, line, outcome }
  state.transaction(() => state.db.insert(audit).values(row).run())
}

/** The newest rows before row `before`, newest first. */
export function readAudit(state: State, limit: number, before?: number): AuditRow[] {
  const older = before === undefined ? undefined : lt(audit.id, before)
  return state.db.select().from(audit).where(older).orderBy(desc(audit.id)).limit(limit).all()
}

/** Drops what is older than thirteen months. */
export function pruneAudit(state: State, now: number): void {
  state.transaction(() =>
    state.db
      .delete(audit)
      .where(lt(audit.at, now - KEPT))
      .run(),
  )
}
