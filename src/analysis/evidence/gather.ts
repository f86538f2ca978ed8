// Gathers the evidence for a question: reads the logs of its window and of the period before, and what happened beside.
import type { QueryNode } from '../../logs/query/tree.ts'
import type { LogStore } from '../../logs/store.ts'
import type { State } from '../../state/database.ts'
import { DAY, MINUTE, SECOND } from '../../time.ts'
import { choosePack, PACK_TOKENS } from './evidence.ts'
import { minePatterns } from './mining.ts'
import { isError, type Measured, type Pack, type TimelineEvent } from './pack.ts'
import { onsetOf, rankGroups } from './ranking.ts'
import { type ReadLine, readLine, readLines } from './read-logs.ts'
import { readTimelineEvents } from './timeline-events.ts'

/** What a question is about: which lines, between which instants (epoch ms), of which project. */
export type Subject = {
  /** For people: `alert 42: api is slow`. */
  title: string
  where: QueryNode | null
  from: number
  until: number
  projectId: number | null
  /** Sources and hosts that the question is about; their patterns come first. */
  favoured?: readonly string[]
  /** More that is known to have happened, such as earlier alerts of the kind. */
  known?: readonly Omit<TimelineEvent, 'id'>[]
}

export type Sources = {
  state: State
  store: LogStore | null
  /** Measurements out of their usual range; none are known without it. */
  measured?: (subject: Subject) => readonly Omit<Measured, 'id'>[]
}

const WINDOW_LINES = 20_000
const EARLIER_LINES = 10_000
const WITHIN = 3 * SECOND
const CONTEXTS = 3
const NEAR = 2 * MINUTE
const LINES_BEFORE = 500

/** The evidence pack of a subject, at most `tokens` long. */
export async function gatherPack(sources: Sources, subject: Subject, tokens = PACK_TOKENS): Promise<Pack> {
  const { state, store, measured } = sources
  const { from, until, where } = subject
  const comparedFrom = from - Math.max(1, until - from)
  const nothing = { lines: [], total: 0, atLeast: false }
  const window = store ? await readLines(store, where, from, until, WINDOW_LINES, WITHIN) : nothing
  const earlier = store ? await readLines(store, where, comparedFrom, from, EARLIER_LINES, WITHIN) : nothing
  const known = store && window.total > 0 ? await errorsOfTheDay(store, where, comparedFrom) : new Set<string>()
  const rank = async (lines: readonly ReadLine[]) =>
    rankGroups(await minePatterns(lines, earlier.lines), known, new Set(subject.favoured ?? []))
  const roughly = await rank(window.lines)
  // Where only a part was read, what was logged right before the trouble must not be missed.
  const onset = window.total > window.lines.length ? onsetOf(roughly) : null
  const before = store && onset !== null ? await linesBefore(store, where, Math.max(from, onset - NEAR), onset) : []
  const ranked = before.length === 0 ? roughly : await rank(merged(window.lines, before))
  const firsts = ranked.filter(group => isError(group.level) && group.lines.length > 0 && group.change !== 'steady')
  const around = store
    ? await linesAround(
        store,
        firsts.slice(0, CONTEXTS).map(group => group.lines[0]!),
      )
    : []
  const happened = readTimelineEvents(state, { projectId: subject.projectId, from, until })
  return choosePack(
    {
      ...{ subject: subject.title, where, from, until, comparedFrom, ranked },
      around: around.filter(line => line.at >= from && line.at < until),
      lines: { total: window.total, atLeast: window.atLeast, read: window.lines.length, before: earlier.total },
      happenings: [...(subject.known ?? []), ...happened],
      measured: measured?.(subject) ?? [],
    },
    tokens,
  )
}

async function errorsOfTheDay(store: LogStore, where: QueryNode | null, until: number): Promise<Set<string>> {
  const { rows } = await store.top({ where, from: until - DAY, until }, 'fingerprint', 500, WITHIN)
  return new Set(rows.map(row => row.value))
}

async function linesBefore(store: LogStore, where: QueryNode | null, from: number, onset: number): Promise<ReadLine[]> {
  const query = { where, from, until: onset + 1 }
  const request = { query, order: 'newest' as const, limit: LINES_BEFORE, cursor: null, timeoutMs: WITHIN }
  return (await store.search(request)).lines.map(readLine)
}

/** Both lists by time, none twice. */
function merged(lines: readonly ReadLine[], more: readonly ReadLine[]): ReadLine[] {
  const known = new Set(lines.map(line => line.id))
  return [...lines, ...more.filter(line => !known.has(line.id))].sort((a, b) => a.at - b.at)
}

async function linesAround(store: LogStore, lines: readonly ReadLine[]): Promise<ReadLine[]> {
  const found = await Promise.all(lines.map(line => store.context(line.id, 5, 3)))
  return found.flat().map(readLine)
}
