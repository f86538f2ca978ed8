// Wraps the log writer that everybody uses: stored lines are counted and evaluated before their request is answered.
import { readOpenAlert } from '../alerts/alerts.ts'
import { applyResults } from '../alerts/lifecycle.ts'
import type { DetectionResult } from '../detectors/finding.ts'
import { errorKey } from '../detectors/logs/error-finding.ts'
import { evaluateError } from '../detectors/logs/evaluate-errors.ts'
import { ZoneWatch } from '../detectors/logs/zone-watch.ts'
import { storeDecision } from '../detectors/rules/decision.ts'
import type { ErrorActivity, RuleKinds } from '../detectors/rules/rule-kind.ts'
import { deleteRuleState } from '../detectors/rules/rule-states.ts'
import type { Logger } from '../logger.ts'
import { addCount, isSeparate, registerBatch, type Series, seriesFor } from '../logs/counters.ts'
import { type ErrorLines, readErrorById, recordError } from '../logs/errors/errors.ts'
import { OverflowCounter } from '../logs/overflow-counter.ts'
import { discardLastGap, recordSource, type Source } from '../logs/sources.ts'
import type { AppendResult, Batch, LineCount, LogWriter } from '../logs/store.ts'
import { readProject, readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import type { GroupCommit } from '../state/group-commit.ts'
import type { ErrorSample, RecentCount } from '../state/schema/index.ts'
import { HOUR } from '../time.ts'

/** Lines that happened longer ago than this, such as an import of old logs, are counted but do not alert. */
const MAX_LINE_AGE_MS = HOUR
/** How many failed batches, and how many failed errors, are remembered for a retry. */
const MAX_RETRIES = 1_000
/** The key of the counters among the deferred writes of a transaction. */
const COUNTERS_KEY = -1

type Counting = {
  state: State
  kinds: RuleKinds
  logger: Logger
  /** The errors whose evaluation failed, by id; they are evaluated again with the next lines of any error. */
  failed: Map<number, Activity>
  /** The sources whose times are of another zone. */
  zones: ZoneWatch
  /** Counts the lines of kinds that are too many to be counted separately. */
  overflow: OverflowCounter
}

type Activity = ErrorActivity & { at: number }

/**
 * `writer`, with every batch counted and evaluated in a transaction of `commit` before `append` resolves. Lines that are
 * stored are always answered as stored, because otherwise their sender would store them twice: a batch whose counting failed
 * is counted with later batches.
 */
export function withDetection(
  writer: LogWriter,
  state: State,
  kinds: RuleKinds,
  commit: GroupCommit,
  logger: Logger,
): LogWriter {
  const counting: Counting = {
    state,
    kinds,
    logger,
    failed: new Map(),
    zones: new ZoneWatch(),
    overflow: new OverflowCounter(),
  }
  let uncounted: (() => void)[] = []

  const countLater = (work: () => void, error: unknown) => {
    logger.error('counting stored lines failed; retrying with the next batch', { error })
    if (uncounted.length < MAX_RETRIES) uncounted.push(work)
  }

  return {
    async append(batch) {
      const { receivedAt, project, idempotencyKey } = batch
      state.mustBeThere()
      const stored = await writer.append(batch)
      if (stored.counts.length === 0) return stored
      const waiting = uncounted
      uncounted = []
      const works = [...waiting, () => count(counting, { receivedAt, project, idempotencyKey }, stored)]
      await Promise.all(works.map(work => commit(work).catch(error => countLater(work, error))))
      return stored
    },
  }
}

/** `at` is when the lines happened, `receivedAt` when they arrived. */
type Arrived = { projectId: number; at: number; receivedAt: number; line: LineCount; count: number }

/** Adds the lines of a batch to what this transaction counts; a batch with a key is counted once, however often it arrives. */
function count(
  counting: Counting,
  batch: Pick<Batch, 'receivedAt' | 'project' | 'idempotencyKey'>,
  stored: AppendResult,
): void {
  const { state } = counting
  const { receivedAt, idempotencyKey } = batch
  const project = readProject(state, batch.project)
  if (
    !project ||
    (idempotencyKey !== null &&
      !registerBatch(
        state,
        project.id,
        idempotencyKey,
        stored.repeated ? stored.counts[0]!.minute : receivedAt,
        receivedAt,
      ))
  )
    return
  const arrived = state.memory<Arrived>('arrived')
  for (const line of stored.counts) {
    const { source, host, group, level, fingerprint, count } = line
    const at = line.at ?? receivedAt
    const kind = `${project.id}\0${at}\0${source}\0${host}\0${group}\0${level}\0${fingerprint}`
    const before = arrived.get(kind)
    if (!before) arrived.set(kind, { projectId: project.id, at, receivedAt, line, count })
    else {
      before.count += count
      if (line.latest > before.line.latest) before.line = line
    }
  }
  state.writeLast(COUNTERS_KEY, () => write(counting))
}

/** Writes the counts of all requests of this transaction together, and evaluates the errors among their lines. */
function write(counting: Counting): void {
  const { state } = counting
  const arrived = state.memory<Arrived>('arrived')
  const errors = new Map<string, Lines>()
  const results: DetectionResult[] = []
  let now = 0
  for (const { projectId, at, receivedAt, line, count } of arrived.values()) {
    now = Math.max(now, receivedAt)
    const series = seriesFor(state, projectId, line, at)
    const counted = countLines(counting, { projectId, at, receivedAt, line, count }, series)
    const source = recordSource(state, projectId, series.source, receivedAt)
    if (source) results.push(...evaluateReturn(counting, source, receivedAt))
    if (line.shift !== undefined) results.push(...watchZone(counting, projectId, line, receivedAt))
    if (line.fingerprint !== '' && counted.length > 0)
      addLines(errors, { projectId, at, receivedAt, line, count }, counted)
  }
  arrived.clear()
  for (const result of results) attempt(counting, null, () => applyResults(state, [result], now))
  const activities = takeFailed(counting, now)
  for (const lines of errors.values()) {
    const { error, before } = recordError(state, lines)
    const { latest, at } = lines
    const instants = lines.recent.map(([instant]) => instant)
    if (at >= now - MAX_LINE_AGE_MS)
      activities.set(error.id, { error, isNew: before === null, latest, instants, at: lines.receivedAt })
  }
  for (const activity of activities.values())
    attempt(counting, activity, () => {
      const decision = evaluateError(state, counting.kinds, activity, activity.at)
      storeDecision(state, decision, activity.at)
      applyResults(state, decision.results, now)
    })
}

/** Reports a source whose times are of another zone again and again. */
function watchZone(
  { state, zones }: Counting,
  projectId: number,
  { source, shift }: LineCount,
  at: number,
): DetectionResult[] {
  const project = readProjectById(state, projectId)?.name ?? ''
  const finding = zones.add(projectId, project, source, shift!, at)
  return finding ? [{ kind: 'firing', finding }] : []
}

/** Adds lines to their series; returns what is counted separately now. */
function countLines(
  { state, overflow }: Counting,
  { projectId, at, line, count }: Arrived,
  series: Series,
): RecentCount[] {
  if (!isSeparate(series, line)) return overflow.add(state, projectId, line, series, at, count)
  addCount(state, series.id, at, count)
  return [[at, count, series.id]]
}

/** Ends the silence of a source that sends lines again; `before` is the source as it was until then. */
function evaluateReturn({ state, kinds }: Counting, before: Source, at: number): readonly DetectionResult[] {
  return kinds.all.flatMap(({ evaluation }) => {
    const decision = evaluation.trigger === 'interval' && evaluation.sourceReturned?.(state, before, at)
    if (!decision) return []
    // An acknowledged silence was a problem, not a usual pause.
    if (decision.results.some(result => result.kind === 'resolved' && isAcknowledged(state, result.key)))
      discardLastGap(state, before)
    storeDecision(state, decision, at)
    return decision.results
  })
}

function isAcknowledged(state: State, key: string): boolean {
  return readOpenAlert(state, key)?.state === 'acknowledged'
}

/** The errors whose evaluation failed, as they are now. */
function takeFailed({ state, failed }: Counting, at: number): Map<number, Activity> {
  const taken = new Map<number, Activity>()
  for (const [id, before] of failed) {
    const error = readErrorById(state, id)
    if (error) taken.set(id, { ...before, error, at })
  }
  failed.clear()
  return taken
}

/** Runs an evaluation; `activity` is the error that it is about, if it is about one. A failure affects nothing else, least of all the counts. */
function attempt({ state, logger, failed }: Counting, activity: Activity | null, evaluate: () => void): void {
  try {
    evaluate()
  } catch (error) {
    logger.error('evaluating counted lines failed; retrying with the next batch', { error })
    if (activity === null) return
    // A rule state without its alert would suppress the error.
    deleteRuleState(state, errorKey(activity.error))
    if (failed.size < MAX_RETRIES) failed.set(activity.error.id, activity)
  }
}

type Lines = ErrorLines & {
  recent: RecentCount[]
  samples: ErrorSample[]
  at: number
  receivedAt: number
  latest: number
}

function addLines(
  errors: Map<string, Lines>,
  { projectId, at, receivedAt, line }: Arrived,
  counted: readonly RecentCount[],
): void {
  const { fingerprint, source, host, sample, latest } = line
  const key = `${projectId} ${fingerprint}`
  let lines = errors.get(key)
  if (!lines) {
    lines = {
      projectId,
      fingerprint,
      source,
      why: sample?.why ?? '',
      recent: [],
      samples: [],
      count: 0,
      at,
      receivedAt,
      latest,
    }
    errors.set(key, lines)
  }
  lines.at = Math.max(lines.at, at)
  lines.receivedAt = Math.max(lines.receivedAt, receivedAt)
  lines.latest = Math.max(lines.latest, latest)
  for (const [, count] of counted) lines.count += count
  if (at >= receivedAt - MAX_LINE_AGE_MS) lines.recent.push(...counted)
  if (sample) lines.samples.push({ id: sample.id, message: sample.message, host, at })
}
