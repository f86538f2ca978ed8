// Gathers the evidence for a question: the logs of its window and of the period before, events and measurements.
import type { QueryNode } from '../../logs/query/tree.ts'
import type { LogReader } from '../../logs/store.ts'
import type { State } from '../../state/database.ts'
import { DAY, MINUTE, SECOND } from '../../time.ts'
import { choosePack, MAX_PACK_TOKENS } from './choose-pack.ts'
import { minePatterns } from './mining.ts'
import { isError, type Pack, type PackMeasurement, type TimelineEvent } from './pack.ts'
import { findOnset, rankGroups } from './ranking.ts'
import { readLines, type SampledLine, toSampledLine } from './read-logs.ts'
import { readTimelineEvents } from './timeline-events.ts'

/** The subject of a question: lines between two instants (epoch ms), of a project. */
export type AnalysisSubject = {
  /** The title for people: `alert 42: api is slow`. */
  title: string
  where: QueryNode | null
  from: number
  until: number
  projectId: number | null
  /** Sources and hosts that the question is about; their patterns rank higher. */
  preferredOrigins?: readonly string[]
  /** Further events, such as earlier alerts of the same kind. */
  knownEvents?: readonly Omit<TimelineEvent, 'id'>[]
}

export type EvidenceSources = {
  state: State
  store: LogReader | null
  /** Finds unusual measurements (default: none). */
  listMeasurements?: (subject: AnalysisSubject) => readonly Omit<PackMeasurement, 'id'>[]
}

const MAX_WINDOW_LINES = 20_000
const MAX_EARLIER_LINES = 10_000
const QUERY_TIMEOUT_MS = 3 * SECOND
const MAX_CONTEXTS = 3
const NEAR_MS = 2 * MINUTE
const MAX_LINES_BEFORE = 500

/** Gathers the evidence pack of a subject, at most `tokens` long. */
export async function gatherPack(
  sources: EvidenceSources,
  subject: AnalysisSubject,
  tokens = MAX_PACK_TOKENS,
): Promise<Pack> {
  const { state, store, listMeasurements } = sources
  const { from, until, where } = subject
  const comparedFrom = from - Math.max(1, until - from)
  const nothing = { lines: [], total: 0, atLeast: false }
  const window = store ? await readLines(store, where, from, until, MAX_WINDOW_LINES, QUERY_TIMEOUT_MS) : nothing
  const earlier = store
    ? await readLines(store, where, comparedFrom, from, MAX_EARLIER_LINES, QUERY_TIMEOUT_MS)
    : nothing
  const known = store && window.total > 0 ? await readErrorsOfDay(store, where, comparedFrom) : new Set<string>()
  const rank = async (lines: readonly SampledLine[]) =>
    rankGroups(await minePatterns(lines, earlier.lines), known, new Set(subject.preferredOrigins ?? []))
  const preliminary = await rank(window.lines)
  // When only a part was read, the lines right before the onset must not be missed.
  const onset = window.total > window.lines.length ? findOnset(preliminary) : null
  const before =
    store && onset !== null ? await readLinesBefore(store, where, Math.max(from, onset - NEAR_MS), onset) : []
  const ranked = before.length === 0 ? preliminary : await rank(mergeLines(window.lines, before))
  const firstErrors = ranked.filter(
    group => isError(group.level) && group.lines.length > 0 && group.change !== 'steady',
  )
  const around = store
    ? await readLinesAround(
        store,
        firstErrors.slice(0, MAX_CONTEXTS).map(group => group.lines[0]!),
      )
    : []
  const events = readTimelineEvents(state, { projectId: subject.projectId, from, until })
  return choosePack(
    {
      ...{ subject: subject.title, where, from, until, comparedFrom, ranked },
      around: around.filter(line => line.at >= from && line.at < until),
      lines: { total: window.total, atLeast: window.atLeast, read: window.lines.length, before: earlier.total },
      timeline: [...(subject.knownEvents ?? []), ...events],
      measurements: listMeasurements?.(subject) ?? [],
    },
    tokens,
  )
}

async function readErrorsOfDay(store: LogReader, where: QueryNode | null, until: number): Promise<Set<string>> {
  const { rows } = await store.top({ where, from: until - DAY, until }, 'fingerprint', 500, QUERY_TIMEOUT_MS)
  return new Set(rows.map(row => row.value))
}

async function readLinesBefore(
  store: LogReader,
  where: QueryNode | null,
  from: number,
  onset: number,
): Promise<SampledLine[]> {
  const query = { where, from, until: onset + 1 }
  const request = {
    query,
    order: 'newest' as const,
    limit: MAX_LINES_BEFORE,
    cursor: null,
    timeoutMs: QUERY_TIMEOUT_MS,
  }
  return (await store.search(request)).lines.map(toSampledLine)
}

/** Merges both lists by time, without duplicates. */
function mergeLines(lines: readonly SampledLine[], more: readonly SampledLine[]): SampledLine[] {
  const known = new Set(lines.map(line => line.id))
  return [...lines, ...more.filter(line => !known.has(line.id))].sort((a, b) => a.at - b.at)
}

async function readLinesAround(store: LogReader, lines: readonly SampledLine[]): Promise<SampledLine[]> {
  const found = await Promise.all(lines.map(line => store.context(line.id, 5, 3)))
  return found.flat().map(toSampledLine)
}
