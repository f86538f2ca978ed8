// What the log commands share: the query arguments, the time range, the project and the store.
import { z } from 'zod'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { narrowQuery } from '../../src/logs/query/narrow.ts'
import { parseQuery } from '../../src/logs/query/parse.ts'
import { printQuery } from '../../src/logs/query/print.ts'
import { scopeToProject, withDefaultStart } from '../../src/logs/query/scope-query.ts'
import type { Query, QueryNode } from '../../src/logs/query/tree.ts'
import { ALL_PROJECTS, expandSavedSearch } from '../../src/logs/searches.ts'
import type { LogStore, MissingLines } from '../../src/logs/store.ts'
import { Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { plural } from '../../src/text.ts'
import { DAY } from '../../src/time.ts'
import { type Context, duration, projectName } from '../context.ts'

/** How long a search in chat may take; then it answers, within two seconds in all, with what it found so far. */
export const SEARCH_TIMEOUT_MS = 1_600
/** The time range of statistics when the query has none. */
export const DEFAULT_RANGE_MS = DAY

/** The arguments of every command that takes a log query. */
export function queryArguments() {
  return {
    query: completes(positional(z.string().max(2000).optional()), 'log query').describe(
      'Search query: words "a phrase" -not level>=warn host:web-1; @name for a saved search',
    ),
    last: duration().optional().describe('Time range: the last 15m, 2h, 3d'),
    project: projectName().optional().describe('Project (default: all)'),
  }
}

export type QueryWords = { query?: string | undefined; last?: number | undefined; project?: string | undefined }

/** The query of the arguments; one without a time looks back `defaultRangeMs` (null: all time). Throws `invalid`. */
export function readQuery(words: QueryWords, context: Context, defaultRangeMs: number | null = null): Query {
  const { state, now, config } = context
  const parsed = parseQuery(
    expandSavedSearch(state, words.query ?? '', savedSearchScope(context, words.project)),
    now,
    config.timeZone,
  )
  const timed =
    words.last !== undefined
      ? { ...parsed, from: now - words.last, until: parsed.until }
      : defaultRangeMs === null
        ? parsed
        : withDefaultStart(parsed, now - defaultRangeMs)
  return words.project === undefined ? timed : scopeToProject(timed, findProject(state, words.project).name)
}

/** The words of a search that also has a condition. */
export function narrowed(words: QueryWords, condition: string): QueryWords {
  return { ...words, query: words.query ? narrowQuery(words.query, condition) : condition }
}

/** A condition in the search language. */
export function printCondition(where: QueryNode): string {
  return printQuery({ where, from: null, until: null })
}

/** Where saved searches are looked up: a key of a project sees its own only, people see theirs beside those of a project. */
export function savedSearchScope({ state, by }: Context, project: string | undefined): readonly number[] {
  const own = project === undefined ? [] : [findProject(state, project).id]
  return by.project === undefined ? [...own, ALL_PROJECTS] : own
}

/** What is missing in a range of time, as lines of a card. */
export function missingTexts(missing: readonly MissingLines[]): Text[] {
  const [first] = missing
  if (!first) return []
  // Without its folder Vakt does not know which lines there were.
  if (first.from <= 0) return [`⚠️ All earlier lines are missing. ${first.message}`]
  const more = missing.length > 1 ? ` (and of ${plural(missing.length - 1, 'other log file')})` : ''
  return [
    [
      '⚠️ Lines are missing from ',
      { time: first.from, style: 'moment' },
      ' to ',
      { time: first.until, style: 'moment' },
      `${more}. ${first.message}`,
    ],
  ]
}

/** The log store. Throws `not_found` when this Vakt has none. */
export function storeOf(context: Context): LogStore {
  if (context.store) return context.store
  throw new Problem('not_found', 'This Vakt stores no logs.')
}
