// The table of action runs: at most one at a time per action and target, with an excerpt of the output.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, desc, eq, gt, isNotNull, isNull, lt, ne, sql } from '../../state/orm.ts'
import { actionRuns } from '../../state/schema/index.ts'
import { DAY, formatRelative, HOUR } from '../../time.ts'
import { type ActionRun, writeActionTarget } from './action.ts'

const RETENTION_MS = 400 * DAY

export type RunDraft = Pick<ActionRun, 'actionId' | 'name' | 'hostId' | 'host' | 'container' | 'command' | 'alertId'> &
  Pick<ActionRun, 'startedAt' | 'startedBy' | 'confirmedBy' | 'automatic'>

export type RunEnd = Pick<ActionRun, 'endedAt' | 'outcome'> &
  Partial<Pick<ActionRun, 'exitStatus' | 'problem' | 'head' | 'tail' | 'left'>>

/** Records the start of a run. Throws `conflict` while the same action runs on the same target. */
export function startRun(state: State, draft: RunDraft): ActionRun {
  return state.transaction(() => {
    const other = readUnfinishedRun(state, draft)
    if (!other) return state.db.insert(actionRuns).values(draft).returning().get()
    const when = formatRelative(other.startedAt, draft.startedAt)
    throw new Problem(
      'conflict',
      `${draft.name} is already running on ${writeActionTarget(draft)}: ${other.startedBy} started it ${when}. Try again when it has ended.`,
    )
  })
}

/** Records the end of a run; undefined when the run was deleted or has ended. */
export function finishRun(state: State, id: number, end: RunEnd): ActionRun | undefined {
  return state.transaction(() =>
    state.db
      .update(actionRuns)
      .set(end)
      .where(and(eq(actionRuns.id, id), isNull(actionRuns.endedAt)))
      .returning()
      .get(),
  )
}

/** Records an automatic run that a limit withheld, and why. */
export function recordWithheldRun(state: State, draft: RunDraft, problem: string): ActionRun {
  const row = { ...draft, endedAt: draft.startedAt, outcome: 'withheld' as const, problem }
  return state.transaction(() => state.db.insert(actionRuns).values(row).returning().get())
}

export function readRun(state: State, id: number): ActionRun | undefined {
  return state.db.select().from(actionRuns).where(eq(actionRuns.id, id)).get()
}

/** Runs without an end, oldest first. */
export function listUnfinishedRuns(state: State): ActionRun[] {
  return state.db.select().from(actionRuns).where(isNull(actionRuns.endedAt)).orderBy(actionRuns.id).all()
}

export type RunFilter = { actionId?: number; host?: string; before?: number; limit: number }

/** Runs, newest first. */
export function listRuns(state: State, { actionId, host, before, limit }: RunFilter): ActionRun[] {
  const where = and(
    actionId === undefined ? undefined : eq(actionRuns.actionId, actionId),
    host === undefined ? undefined : eq(actionRuns.host, host),
    before === undefined ? undefined : lt(actionRuns.id, before),
  )
  return state.db.select().from(actionRuns).where(where).orderBy(desc(actionRuns.id)).limit(limit).all()
}

/** The latest runs for an alert, newest first. */
export function listRunsForAlert(state: State, alertId: number, limit: number): ActionRun[] {
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

/** The ids of alerts that an action ran for automatically, or was withheld from, after `since` (epoch ms). */
export function readAutomaticAlertIds(state: State, actionId: number, since: number): Set<number> {
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

/** The last start of an action on a target, and its automatic starts anywhere within the last hour, newest first (epoch ms). */
export function readEarlierStarts(
  state: State,
  target: { actionId: number; hostId: number; container: string },
  now: number,
) {
  const started = and(
    eq(actionRuns.actionId, target.actionId),
    ne(sql`coalesce(${actionRuns.outcome}, '')`, 'withheld'),
  )
  const starts = (more: ReturnType<typeof and>, limit: number) =>
    state.db
      .select({ at: actionRuns.startedAt })
      .from(actionRuns)
      .where(and(started, more))
      .orderBy(desc(actionRuns.startedAt))
      .limit(limit)
      .all()
      .map(row => row.at)
  const here = and(eq(actionRuns.hostId, target.hostId), eq(actionRuns.container, target.container))
  const automaticLastHour = and(eq(actionRuns.automatic, true), gt(actionRuns.startedAt, now - HOUR))
  return { here: starts(here, 1), everywhere: starts(automaticLastHour, 1_000) }
}

/** Deletes runs that began more than `RETENTION_MS` ago. */
export function pruneRuns(state: State, now: number): void {
  state.transaction(() => state.prepare('delete from action_runs where started_at < ?').run(now - RETENTION_MS))
}

function readUnfinishedRun(state: State, draft: RunDraft): ActionRun | undefined {
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
