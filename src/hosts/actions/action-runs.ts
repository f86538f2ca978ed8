// The runs of actions: one at a time on each host, kept with what they said.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, desc, eq, gt, isNotNull, isNull, lt, ne, sql } from '../../state/orm.ts'
import { actionRuns } from '../../state/schema/index.ts'
import { DAY, formatRelative, HOUR } from '../../time.ts'
import type { ActionRun } from './action.ts'

const KEPT = 400 * DAY

export type RunDraft = Pick<ActionRun, 'actionId' | 'name' | 'hostId' | 'host' | 'container' | 'command' | 'alertId'> &
  Pick<ActionRun, 'startedAt' | 'startedBy' | 'confirmedBy' | 'automatic'>

export type RunEnd = Pick<ActionRun, 'endedAt' | 'outcome'> &
  Partial<Pick<ActionRun, 'exitStatus' | 'problem' | 'head' | 'tail' | 'left'>>

/** Writes down that a run begins. Throws `conflict` while the same action runs there already, saying who began it when. */
export function beginRun(state: State, draft: RunDraft): ActionRun {
  return state.transaction(() => {
    const other = underWay(state, draft)
    if (!other) {
      pruneRuns(state, draft.startedAt)
      return state.db.insert(actionRuns).values(draft).returning().get()
    }
    const when = formatRelative(other.startedAt, draft.startedAt)
    throw new Problem('conflict', `${draft.name} runs on ${where(draft)} already: ${other.startedBy} began it ${when}.`)
  })
}

/** Writes down how a run ended; undefined when it is there no more. */
export function endRun(state: State, id: number, end: RunEnd): ActionRun | undefined {
  return state.transaction(() =>
    state.db
      .update(actionRuns)
      .set(end)
      .where(and(eq(actionRuns.id, id), isNull(actionRuns.endedAt)))
      .returning()
      .get(),
  )
}

/** Writes down that an automatic run was not to be, and why. */
export function writeWithheld(state: State, draft: RunDraft, problem: string): ActionRun {
  const row = { ...draft, endedAt: draft.startedAt, outcome: 'withheld' as const, problem }
  return state.transaction(() => state.db.insert(actionRuns).values(row).returning().get())
}

export function readRun(state: State, id: number): ActionRun | undefined {
  return state.db.select().from(actionRuns).where(eq(actionRuns.id, id)).get()
}

/** Runs whose end is not known, oldest first. */
export function listUnfinished(state: State): ActionRun[] {
  return state.db.select().from(actionRuns).where(isNull(actionRuns.endedAt)).orderBy(actionRuns.id).all()
}

export type RunFilter = { actionId?: number; host?: string; before?: number; limit: number }

/** Runs, newest first. */
export function listRuns(state: State, { actionId, host, before, limit }: RunFilter): ActionRun[] {
  const fits = and(
    actionId === undefined ? undefined : eq(actionRuns.actionId, actionId),
    host === undefined ? undefined : eq(actionRuns.host, host),
    before === undefined ? undefined : lt(actionRuns.id, before),
  )
  return state.db.select().from(actionRuns).where(fits).orderBy(desc(actionRuns.id)).limit(limit).all()
}

/** The last runs for an alert, newest first. */
export function runsForAlert(state: State, alertId: number, limit: number): ActionRun[] {
  const query = state.prepared('runs for alert', db =>
    db
      .select()
      .from(actionRuns)
      .where(eq(actionRuns.alertId, sql.placeholder('alert')))
      .orderBy(desc(actionRuns.id))
      .limit(sql.placeholder('limit'))
      .prepare(),
  )
  return query.all({ alert: alertId, limit })
}

/** Which alerts an action ran for by itself, or was kept from it. */
export function automaticAlerts(state: State, actionId: number, since: number): Set<number> {
  const rows = state.db
    .select({ alertId: actionRuns.alertId })
    .from(actionRuns)
    .where(
      and(
        eq(actionRuns.actionId, actionId),
        eq(actionRuns.automatic, true),
        gt(actionRuns.startedAt, since),
        isNotNull(actionRuns.alertId),
      ),
    )
    .all()
  return new Set(rows.map(row => row.alertId!))
}

/** When an action ran last on a target (by whomever), and when by itself anywhere within the last hour; newest first. */
export function earlierStarts(
  state: State,
  target: { actionId: number; hostId: number; container: string },
  now: number,
) {
  const real = and(eq(actionRuns.actionId, target.actionId), ne(sql`coalesce(${actionRuns.outcome}, '')`, 'withheld'))
  const starts = (more: ReturnType<typeof and>, limit: number) =>
    state.db
      .select({ at: actionRuns.startedAt })
      .from(actionRuns)
      .where(and(real, more))
      .orderBy(desc(actionRuns.startedAt))
      .limit(limit)
      .all()
      .map(row => row.at)
  const here = and(eq(actionRuns.hostId, target.hostId), eq(actionRuns.container, target.container))
  const lately = and(eq(actionRuns.automatic, true), gt(actionRuns.startedAt, now - HOUR))
  return { here: starts(here, 1), everywhere: starts(lately, 1_000) }
}

function pruneRuns(state: State, now: number): void {
  state.db
    .delete(actionRuns)
    .where(lt(actionRuns.startedAt, now - KEPT))
    .run()
}

function underWay(state: State, draft: RunDraft): ActionRun | undefined {
  const { actionId, hostId, container } = draft
  return state.db
    .select()
    .from(actionRuns)
    .where(
      and(
        eq(actionRuns.actionId, actionId ?? 0),
        eq(actionRuns.hostId, hostId ?? 0),
        eq(actionRuns.container, container),
        isNull(actionRuns.endedAt),
      ),
    )
    .get()
}

function where({ host, container }: Pick<ActionRun, 'host' | 'container'>): string {
  return container === '' ? host : `${host}/${container}`
}
