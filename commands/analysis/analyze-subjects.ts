// What analyses are asked about: a search, an alert, a host, a container, in terms of lines and time.

import type { Subject } from '../../src/analysis/evidence/gather.ts'
import { alertSubject } from '../../src/analysis/evidence/subjects.ts'
import type { QueryNode } from '../../src/logs/query/tree.ts'
import { Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { aboutDuration, HOUR } from '../../src/time.ts'
import type { Context } from '../context.ts'
import { type QueryWords, readQuery } from '../logs/log-query.ts'

/** Over how long is looked unless something else is said. */
export const USUAL = HOUR

/** The lines of a search. */
export function logsSubject(words: QueryWords, context: Context): Subject {
  const query = readQuery(words, context, USUAL)
  const until = query.until ?? context.now + 1
  const from = query.from ?? until - USUAL
  if (from >= until) throw new Problem('invalid', 'That time has no length. Say when, such as --last 2h.')
  const what = words.query?.trim() ? `logs of ${words.query.trim()}` : 'the logs'
  return { title: within(what, from, until), where: query.where, from, until, projectId: projectOf(words, context) }
}

/** An alert; with a project, only of that one. */
export function ofAlert(id: number, project: string | undefined, context: Context): Subject {
  const subject = alertSubject(context.state, id, context.now)
  if (project === undefined || subject.projectId === findProject(context.state, project).id) return subject
  throw new Problem('not_found', `There is no alert ${id} in the project ${project}.`, {
    fields: { alert: 'no such alert' },
  })
}

/** The lines of a host, or of a container by whatever name its lines carry it. */
export function namedSubject(kind: 'host' | 'container', name: string, words: QueryWords, context: Context): Subject {
  const field = (of: 'host' | 'source'): QueryNode => ({ kind: 'field', field: of, value: name.replaceAll('*', '') })
  const container: QueryNode = { kind: 'attribute', path: 'container', comparison: '=', value: name }
  const where: QueryNode = kind === 'host' ? field('host') : { kind: 'or', parts: [field('source'), container] }
  const subject = logsSubject({ ...words, query: undefined }, context)
  return {
    ...subject,
    title: within(`${kind} ${name}`, subject.from, subject.until),
    where: subject.where === null ? where : { kind: 'and', parts: [subject.where, where] },
    favoured: [name],
  }
}

function within(what: string, from: number, until: number): string {
  return `${what}, ${aboutDuration(until - from)}`
}

function projectOf({ project }: QueryWords, { state }: Context): number | null {
  return project === undefined ? null : findProject(state, project).id
}
