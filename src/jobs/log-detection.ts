// The log store as everybody who stores lines is given it: what was stored is counted and judged before it is answered.

import { readOpenAlert } from '../alerts/alerts.ts'
import { applyOutcomes } from '../alerts/lifecycle.ts'
import type { DetectionResult } from '../detectors/finding.ts'
import { errorKey } from '../detectors/logs/error-finding.ts'
import { evaluateError, type Touched } from '../detectors/logs/error-rules.ts'
import { sourceIsBack } from '../detectors/logs/silent-source.ts'
import { deleteRuleState } from '../detectors/rules/rule-states.ts'
import type { Logger } from '../logger.ts'
import { addCount, registerBatch, seriesFor } from '../logs/counters.ts'
import { type ErrorLines, readErrorById, recordError } from '../logs/errors/errors.ts'
import { discardLastGap, recordSource } from '../logs/sources.ts'
import type { AppendResult, Batch, LineCount, LogWriter } from '../logs/store.ts'
import { readProject } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import type { GroupCommit } from '../state/group-commit.ts'
import type { ErrorSample, RecentCount } from '../state/schema/index.ts'
import { HOUR } from '../time.ts'

const STALE = HOUR
/** So many failures are remembered; there are no more in a life that can be saved. */
const MOST_WAITING = 1_000
/** The place of the counters among what a transaction writes last. */
const WRITTEN_LAST = -1

/**
 * `writer` with every batch counted and judged in a transaction of `commit` before `append` resolves. What is stored is
 * answered as stored: counting that fails is tried again with later batches, for a sender would store its lines twice.
 */
export function withDetection(writer: LogWriter, state: State, commit: GroupCommit, logger: Logger): LogWriter {
  const counting: Counting = { state, logger, unjudged: new Map() }
  let uncounted: (() => void)[] = []

  const countLater = (work: () => void, error: unknown) => {
    logger.error('lines were stored but could not be counted; they are with the next ones', { error })
    if (uncounted.length < MOST_WAITING) uncounted.push(work)
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

type Counting = {
  state: State
  logger: Logger
  /** The errors whose judging failed, by number; they are judged again with the next lines of any. */
  unjudged: Map<number, Judged>
}

type Judged = Touched & { at: number }

type Arrived = { projectId: number; at: number; line: LineCount; count: number }

/** Adds what a batch had to what this transaction counts; a batch with a key is counted once, however often it comes. */
function count(
  counting: Counting,
  batch: Pick<Batch, 'receivedAt' | 'project' | 'idempotencyKey'>,
  stored: AppendResult,
): void {
  const { state } = counting
  const { receivedAt: at, idempotencyKey } = batch
  const project = readProject(state, batch.project)
  if (
    !project ||
    (idempotencyKey !== null &&
      !registerBatch(state, project.id, idempotencyKey, stored.repeated ? stored.counts[0]!.minute : at, at))
  )
    return
  const arrived = state.memory<Arrived>('arrived')
  for (const line of stored.counts) {
    const { source, host, group, level, fingerprint, count } = line
    const kind = `${project.id}\0${at}\0${source}\0${host}\0${group}\0${level}\0${fingerprint}`
    const before = arrived.get(kind)
    if (!before) arrived.set(kind, { projectId: project.id, at, line, count })
    else {
      before.count += count
      if (line.latest > before.line.latest) before.line = line
    }
  }
  state.writeLast(WRITTEN_LAST, () => write(counting))
}

/** Writes what the requests of this transaction had together, and judges the errors among it. */
function write(counting: Counting): void {
  const { state } = counting
  const arrived = state.memory<Arrived>('arrived')
  const errors = new Map<string, Lines>()
  const outcomes: DetectionResult[] = []
  let now = 0
  for (const { projectId, at, line, count } of arrived.values()) {
    now = Math.max(now, at)
    const series = seriesFor(state, projectId, line, at)
    addCount(state, series.id, at, count)
    const source = recordSource(state, projectId, series.source, at)
    const broken = source ? sourceIsBack(state, source, at) : []
    // A silence that somebody took on was trouble, and no pause to get used to.
    if (source && broken.some(({ key }) => isTaken(state, key))) discardLastGap(state, source)
    outcomes.push(...broken)
    if (series.fingerprint !== '') addLines(errors, { projectId, at, line, count }, series.id)
  }
  arrived.clear()
  for (const outcome of outcomes) attempt(counting, null, () => applyOutcomes(state, [outcome], now))
  const touched = takeUnjudged(counting, now)
  for (const lines of errors.values()) {
    const { error, before } = recordError(state, lines)
    const { latest, at } = lines
    if (latest >= at - STALE) touched.set(error.id, { error, isNew: before === null, latest, at })
  }
  for (const one of touched.values())
    attempt(counting, one, () => applyOutcomes(state, evaluateError(state, one, one.at), now))
}

function isTaken(state: State, key: string): boolean {
  return readOpenAlert(state, key)?.state === 'acknowledged'
}

/** The errors that were not judged, as they are now. */
function takeUnjudged({ state, unjudged }: Counting, at: number): Map<number, Judged> {
  const taken = new Map<number, Judged>()
  for (const [id, before] of unjudged) {
    const error = readErrorById(state, id)
    if (error) taken.set(id, { ...before, error, at })
  }
  unjudged.clear()
  return taken
}

/** Judges, about an error where one is said. What fails takes nothing with it, least of all the counts. */
function attempt({ state, logger, unjudged }: Counting, about: Judged | null, judge: () => void): void {
  try {
    judge()
  } catch (error) {
    logger.error('lines were counted but could not be judged; they are with the next ones', { error })
    if (about === null) return
    // A watch without its alert would keep the error quiet.
    deleteRuleState(state, errorKey(about.error))
    if (unjudged.size < MOST_WAITING) unjudged.set(about.error.id, about)
  }
}

type Lines = ErrorLines & { recent: RecentCount[]; samples: ErrorSample[]; at: number; latest: number }

function addLines(errors: Map<string, Lines>, { projectId, at, line, count }: Arrived, series: number): void {
  const { fingerprint, source, host, sample, latest } = line
  const key = `${projectId} ${fingerprint}`
  let lines = errors.get(key)
  if (!lines) {
    lines = { projectId, fingerprint, source, why: sample?.why ?? '', recent: [], samples: [], count: 0, at, latest }
    errors.set(key, lines)
  }
  lines.at = Math.max(lines.at, at)
  lines.latest = Math.max(lines.latest, latest)
  lines.count += count
  // What happened long before it was received, an import of old logs say, is counted and is no news.
  if (latest >= at - STALE) lines.recent.push([at, count, series])
  if (sample) lines.samples.push({ id: sample.id, message: sample.message, host, at })
}
