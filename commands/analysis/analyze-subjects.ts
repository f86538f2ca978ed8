// The subjects of analyses: a search, an alert, a host or a container, as lines and a period.
import type { AnalysisSubject } from '../../src/analysis/evidence/gather.ts'
import { readAlertSubject } from '../../src/analysis/evidence/subjects.ts'
import type { QueryNode } from '../../src/logs/query/tree.ts'
import { Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { aboutDuration, HOUR } from '../../src/time.ts'
import type { Context } from '../context.ts'
import { type QueryWords, readQuery } from '../logs/log-query.ts'

/** The default period. */
export const DEFAULT_WINDOW_MS = HOUR

/** Reads the subject of a search. */
export function readLogsSubject(words: QueryWords, context: Context): AnalysisSubject {
  const query = readQuery(words, context, DEFAULT_WINDOW_MS)
  const until = query.until ?? context.now + 1
  const from = query.from ?? until - DEFAULT_WINDOW_MS
  if (from >= until) throw new Problem('invalid', 'The period is empty. Choose another, such as --last 2h.')
  const what = words.query?.trim() ? `logs of ${words.query.trim()}` : 'the logs'
  return {
    title: writeTitle(what, from, until),
    where: query.where,
    from,
    until,
    projectId: findProjectId(words, context),
  }
}

/** Finds the subject of an alert, with `project` only in that project. Throws `not_found`. */
export function findAlertSubject(id: number, project: string | undefined, context: Context): AnalysisSubject {
  const subject = readAlertSubject(context.state, id, context.now)
  if (project === undefined || subject.projectId === findProject(context.state, project).id) return subject
  throw new Problem('not_found', `There is no alert ${id} in project "${project}".`, {
    fields: { alert: 'no such alert' },
  })
}

/** Reads the subject of a host, or of a container by the source or the container attribute of its lines. */
export function readNamedSubject(
  kind: 'host' | 'container',
  name: string,
  words: QueryWords,
  context: Context,
): AnalysisSubject {
  const field = (of: 'host' | 'source'): QueryNode => ({ kind: 'field', field: of, value: name.replaceAll('*', '') })
  const container: QueryNode = { kind: 'attribute', path: 'container', comparison: '=', value: name }
  const where: QueryNode = kind === 'host' ? field('host') : { kind: 'or', parts: [field('source'), container] }
  const subject = readLogsSubject({ ...words, query: undefined }, context)
  return {
    ...subject,
    title: writeTitle(`${kind} ${name}`, subject.from, subject.until),
    where: subject.where === null ? where : { kind: 'and', parts: [subject.where, where] },
    preferredOrigins: [name],
  }
}

function writeTitle(what: string, from: number, until: number): string {
  return `${what}, ${aboutDuration(until - from)}`
}

function findProjectId({ project }: QueryWords, { state }: Context): number | null {
  return project === undefined ? null : findProject(state, project).id
}
