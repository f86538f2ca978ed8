// Gathers the evidence for a question: reads the logs of its window and of the period before, and what happened beside.
import type { QueryNode } from '../logs/query/tree.ts'
import type { LogStore } from '../logs/store.ts'
import type { State } from '../state/database.ts'
import { DAY, SECOND } from '../time.ts'
import { choosePack, PACK_TOKENS } from './evidence.ts'
import { readHappenings } from './happenings.ts'
import { minePatterns } from './mining.ts'
import { type Happening, isError, type Measured, type Pack } from './pack.ts'
import { rankGroups } from './ranking.ts'
import { type ReadLine, readLine, readLines } from './reading.ts'

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
  known?: readonly Omit<Happening, 'id'>[]
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

/** The evidence pack of a subject, at most `tokens` long. */
export async function gatherPack(sources: Sources, subject: Subject, tokens = PACK_TOKENS): Promise<Pack> {
  const { state, store, measured } = sources
  const { from, until, where } = subject
  const comparedFrom = from - Math.max(1, until - from)
  const nothing = { lines: [], total: 0, atLeast: false }
  const window = store ? await readLines(store, where, from, until, WINDOW_LINES, WITHIN) : nothing
  const earlier = store ? await readLines(store, where, comparedFrom, from, EARLIER_LINES, WITHIN) : nothing
  const known = store && window.total > 0 ? await errorsOfTheDay(store, where, comparedFrom) : new Set<string>()
  const ranked = rankGroups(minePatterns(window.lines, earlier.lines), known, new Set(subject.favoured ?? []))
  const firsts = ranked.filter(group => isError(group.level) && group.lines.length > 0 && group.change !== 'steady')
  const around = store
    ? await linesAround(
        store,
        firsts.slice(0, CONTEXTS).map(group => group.lines[0]!),
      )
    : []
  const happened = readHappenings(state, { projectId: subject.projectId, from, until })
  return choosePack(
    {
      ...{ subject: subject.title, where, from, until, comparedFrom, ranked },
      around: around.filter(line => line.at >= from && line.at < until),
      lines: { total: window.total, atLeast: window.atLeast, read: window.lines.length },
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

async function linesAround(store: LogStore, lines: readonly ReadLine[]): Promise<ReadLine[]> {
  const found = await Promise.all(lines.map(line => store.context(line.id, 5, 3)))
  return found.flat().map(readLine)
}
