// What the log commands share: the query as typed, its time, its project, and the store they ask.
import { z } from 'zod'
import { completes, positional } from '../../src/command/command.ts'
import { parseQuery } from '../../src/logs/query/parse.ts'
import { scopeToProject, withDefaultStart } from '../../src/logs/query/scope-query.ts'
import type { Query } from '../../src/logs/query/tree.ts'
import { expandSavedSearch } from '../../src/logs/searches.ts'
import type { LogStore } from '../../src/logs/store.ts'
import { Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { DAY } from '../../src/time.ts'
import { type Context, duration, projectName } from '../context.ts'

/** How long one search in chat may take before it says how far it got, ms. */
export const WITHIN = 2_000

/** The arguments that every command over log lines takes. */
export function queryArguments() {
  return {
    query: completes(positional(z.string().max(2000).optional()), 'log query').describe(
      'What to look for: words "a phrase" -not level>=warn host:web-1; @name for a saved search',
    ),
    last: duration().optional().describe('Only the last 15m, 2h, 3d'),
    project: projectName().optional().describe('Only of this project'),
  }
}

export type QueryWords = { query?: string | undefined; last?: number | undefined; project?: string | undefined }

/** The query that words make; without any time it looks back over `usual` (all time when null). Throws `invalid`. */
export function readQuery(words: QueryWords, context: Context, usual: number | null = null): Query {
  const { state, now, config } = context
  const parsed = parseQuery(expandSavedSearch(state, words.query ?? ''), now, config.timeZone)
  const timed =
    words.last !== undefined
      ? { ...parsed, from: now - words.last, until: parsed.until }
      : usual === null
        ? parsed
        : withDefaultStart(parsed, now - usual)
  return words.project === undefined ? timed : scopeToProject(timed, findProject(state, words.project).name)
}

/** The log store; throws when this Vakt has none. */
export function storeOf(context: Context): LogStore {
  if (context.store) return context.store
  throw new Problem('not_found', 'This Vakt keeps no logs.')
}

/** Over how long figures are taken unless something else is said. */
export const USUAL_SPAN = DAY
