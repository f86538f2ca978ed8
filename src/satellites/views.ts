// The table of what each viewpoint found last at the target of a probe.
import type { ProbeResult } from '../probes/probe.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq } from '../state/orm.ts'
import { probeViews } from '../state/schema/index.ts'
import type { ProbeView } from './satellite.ts'

/** Stores what a viewpoint found at `at`, unless a later result of it is stored; returns whether it did. */
export function saveView(state: State, checkId: number, viewpoint: string, result: ProbeResult, at: number): boolean {
  const before = state.db
    .select({ at: probeViews.at })
    .from(probeViews)
    .where(and(eq(probeViews.checkId, checkId), eq(probeViews.viewpoint, viewpoint)))
    .get()
  if (before && before.at >= at) return false
  const { ok, message, durationMs, address, certificateEndsAt } = result
  const view = { at, ok, message, durationMs, address, certificateEndsAt }
  state.db
    .insert(probeViews)
    .values({ checkId, viewpoint, ...view })
    .onConflictDoUpdate({ target: [probeViews.checkId, probeViews.viewpoint], set: view })
    .run()
  return true
}

/** What the viewpoints of a check found last, by their names. */
export function listViews(state: State, checkId: number): ProbeView[] {
  return state.db
    .select()
    .from(probeViews)
    .where(eq(probeViews.checkId, checkId))
    .orderBy(asc(probeViews.viewpoint))
    .all()
}

/** Forgets what was found, because something else is asked, or from elsewhere. */
export function forgetViews(state: State, checkId: number): void {
  state.transaction(() => state.db.delete(probeViews).where(eq(probeViews.checkId, checkId)).run())
}
