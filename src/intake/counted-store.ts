// The log store as everybody who stores lines is given it: what was stored is counted and judged before it is answered.
import { applyOutcomes } from '../alerts/alerts.ts'

import { judgeError } from '../detectors/errors-at-intake.ts'
import type { Outcome } from '../detectors/finding.ts'
import { silenceBroken } from '../detectors/silence.ts'
import { addCount, isFirst, seriesFor } from '../logs/counters.ts'
import { type ErrorLines, recordError } from '../logs/errors.ts'
import { noteSource } from '../logs/sources.ts'
import type { Batch, LineCount, LogStore, Stored } from '../logs/store.ts'
import { readProject } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import type { GroupCommit } from '../state/group-commit.ts'
import type { Arrival, ErrorSample } from '../state/schema.ts'
import { HOUR } from '../time.ts'

const STALE = HOUR
/** The place of the counters among what a transaction writes last. */
const WRITTEN_LAST = -1

/** `store` with every batch counted and judged in a transaction of `commit` before `append` resolves. */
export function countedStore<S extends LogStore>(store: S, state: State, commit: GroupCommit): LogStore {
  return {
    async append(batch) {
      const { receivedAt, project, idempotencyKey } = batch
      const stored = await store.append(batch)
      if (stored.counts.length > 0) await commit(() => count(state, { receivedAt, project, idempotencyKey }, stored))
      return stored
    },
    search: request => store.search(request),
    count: (query, withinMs) => store.count(query, withinMs),
    read: id => store.read(id),
    context: (id, before, after) => store.context(id, before, after),
    histogram: (query, from, until, buckets, withinMs) => store.histogram(query, from, until, buckets, withinMs),
    top: (query, field, limit, withinMs) => store.top(query, field, limit, withinMs),
    values: (field, prefix, limit) => store.values(field, prefix, limit),
    tail: (query, onLines) => store.tail(query, onLines),
    purge: query => store.purge(query),
    maintain: (now, keeper) => store.maintain(now, keeper),
    archive: (partition, folder) => store.archive(partition, folder),
    restore: (file, keptUntil) => store.restore(file, keptUntil),
    status: () => store.status(),
    close: () => store.close(),
  }
}

type Arrived = { projectId: number; at: number; line: LineCount; count: number }

/** Adds what a batch had to what this transaction counts; a batch with a key is counted once, however often it comes. */
function count(state: State, batch: Pick<Batch, 'receivedAt' | 'project' | 'idempotencyKey'>, stored: Stored): void {
  const { receivedAt: at, idempotencyKey } = batch
  const project = readProject(state, batch.project)
  if (
    !project ||
    (idempotencyKey !== null &&
      !isFirst(state, project.id, idempotencyKey, stored.repeated ? stored.counts[0]!.minute : at, at))
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
  state.writeLast(WRITTEN_LAST, () => write(state))
}

/** Writes what the requests of this transaction had together, and judges the errors among it. */
function write(state: State): void {
  const arrived = state.memory<Arrived>('arrived')
  const errors = new Map<string, Lines>()
  const outcomes: Outcome[] = []
  let now = 0
  for (const { projectId, at, line, count } of arrived.values()) {
    now = Math.max(now, at)
    const series = seriesFor(state, projectId, line, at)
    addCount(state, series.id, at, count)
    const source = noteSource(state, projectId, series.source, at)
    if (source) outcomes.push(...silenceBroken(state, source, at))
    if (series.fingerprint !== '') addLines(errors, { projectId, at, line, count }, series.id)
  }
  arrived.clear()
  for (const lines of errors.values()) {
    const { error, before } = recordError(state, lines)
    const touched = { error, isNew: before === null, latest: lines.latest }
    if (lines.latest >= lines.at - STALE) outcomes.push(...judgeError(state, touched, lines.at))
  }
  if (outcomes.length > 0) applyOutcomes(state, outcomes, now)
}

type Lines = ErrorLines & { arrivals: Arrival[]; samples: ErrorSample[]; at: number; latest: number }

function addLines(errors: Map<string, Lines>, { projectId, at, line, count }: Arrived, series: number): void {
  const { fingerprint, source, host, sample, latest } = line
  const key = `${projectId} ${fingerprint}`
  let lines = errors.get(key)
  if (!lines) {
    lines = { projectId, fingerprint, source, why: sample?.why ?? '', arrivals: [], samples: [], count: 0, at, latest }
    errors.set(key, lines)
  }
  lines.at = Math.max(lines.at, at)
  lines.latest = Math.max(lines.latest, latest)
  lines.count += count
  // What happened long before it was received, an import of old logs say, is counted and is no news.
  if (latest >= at - STALE) lines.arrivals.push([at, count, series])
  if (sample) lines.samples.push({ id: sample.id, message: sample.message, host, at })
}
