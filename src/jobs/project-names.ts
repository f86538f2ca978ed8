// Wraps the log store that everybody uses: lines are stored under what never changes of a project, and shown under its name.
import type { LogLine } from '../logs/line.ts'
import type { Query, QueryNode } from '../logs/query/tree.ts'
import { foldCase, wildcardTest } from '../logs/query/wildcard.ts'
import type { LogFeed, LogMaintenance, LogReader, LogStore, LogWriter } from '../logs/store.ts'
import { replaceMethods } from '../logs/store-view.ts'
import { Problem } from '../problem.ts'
import {
  listProjects,
  listUnpurgedProjects,
  markPurged,
  readProject,
  readProjectByLogName,
  shownProjectName,
} from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { MINUTE } from '../time.ts'

/** Everything that takes or returns a project. A new method of these parts must be wrapped too, or this does not compile. */
type WithProjects = Omit<LogWriter & LogReader & LogFeed, 'values' | 'missing'> & Pick<LogMaintenance, 'purge'>

/** Requests that were under way when a project was removed are done by then. */
const LAST_LINES_MS = MINUTE

/**
 * `store` in the current names of projects. A line belongs to the project that it was sent to: renaming takes its lines
 * along, and a project with the name of a removed one sees none of the earlier lines.
 */
export function withProjectNames<S extends LogStore>(store: S, state: State): S {
  const stored = (query: Query) => toStored(state, query)
  const shown = (line: LogLine) => toShown(state, line)
  const own: WithProjects = {
    async append(batch) {
      const project = readProject(state, batch.project)
      if (!project)
        throw new Problem('busy', `The project ${batch.project} was renamed or removed just now. Send the lines again.`)
      return store.append(project.logName === batch.project ? batch : { ...batch, project: project.logName })
    },
    async search(request) {
      const page = await store.search({ ...request, query: stored(request.query) })
      return { ...page, lines: page.lines.map(shown) }
    },
    count: (query, ...rest) => store.count(stored(query), ...rest),
    async read(id) {
      const line = await store.read(id)
      return line && shown(line)
    },
    context: async (...args) => (await store.context(...args)).map(shown),
    histogram: (query, ...rest) => store.histogram(stored(query), ...rest),
    async top(query, ...rest) {
      const top = await store.top(stored(query), ...rest)
      return { ...top, rows: top.rows.map(row => ({ ...row, sample: row.sample && shown(row.sample) })) }
    },
    tail: (query, onLines) => store.tail(stored(query), (lines, leftOut) => onLines(lines.map(shown), leftOut)),
    async linesAfter(...args) {
      const page = await store.linesAfter(...args)
      return { ...page, lines: page.lines.map(shown) }
    },
    purge: query => store.purge(stored(query)),
  }
  const { readBy } = store
  const views = readBy && { readBy: (actor: string) => withProjectNames(readBy.call(store, actor), state) }
  return replaceMethods<LogStore, S>(store, { ...own, ...views })
}

/**
 * Deletes the lines of removed projects from a store without names; resolves with how many. A purge that fails, or that a
 * crash cuts short, is done again by the next call.
 */
export async function purgeRemovedProjects(store: LogStore, state: State, now: number): Promise<number> {
  let lines = 0
  for (const { logName, removedAt } of listUnpurgedProjects(state)) {
    lines += await store.purge({ where: ofProject(logName), from: null, until: null })
    if (now - removedAt >= LAST_LINES_MS) markPurged(state, logName, now)
  }
  return lines
}

function toStored(state: State, query: Query): Query {
  const where = query.where && translate(state, query.where)
  return where === query.where ? query : { ...query, where }
}

/** The node in stored names; the same node where nothing differs, because stores remember what they compiled. */
function translate(state: State, node: QueryNode): QueryNode {
  if (node.kind === 'field') return node.field === 'project' ? translateProject(state, node) : node
  if (node.kind === 'not') {
    const part = translate(state, node.part)
    return part === node.part ? node : { ...node, part }
  }
  if (node.kind !== 'and' && node.kind !== 'or') return node
  const parts = node.parts.map(part => translate(state, part))
  return parts.every((part, i) => part === node.parts[i]) ? node : { ...node, parts }
}

type ProjectNode = Extract<QueryNode, { kind: 'field' }>

function translateProject(state: State, node: ProjectNode): QueryNode {
  if (!node.value.includes('*')) {
    const named = readProject(state, foldCase(node.value))
    if (named) return named.logName === named.name ? node : ofProject(named.logName)
    // What is stored under this name belongs to a project that is called otherwise now.
    const isOfOther = readProjectByLogName(state, foldCase(node.value)) !== undefined
    return isOfOther ? { kind: 'and', parts: [node, { kind: 'not', part: node }] } : node
  }
  const matches = wildcardTest(node.value)
  const renamed = listProjects(state).filter(({ name, logName }) => matches(name) !== matches(logName))
  if (renamed.length === 0) return node
  const others = renamed.filter(({ name }) => !matches(name))
  const own = renamed.filter(({ name }) => matches(name))
  const without = others.map(({ logName }): QueryNode => ({ kind: 'not', part: ofProject(logName) }))
  const rest: QueryNode = without.length === 0 ? node : { kind: 'and', parts: [node, ...without] }
  return own.length === 0 ? rest : { kind: 'or', parts: [rest, ...own.map(({ logName }) => ofProject(logName))] }
}

function ofProject(logName: string): ProjectNode {
  return { kind: 'field', field: 'project', value: logName }
}

/** The line with the current name of its project. The lines of a removed project never pass for those of a newer one. */
function toShown(state: State, line: LogLine): LogLine {
  if (line.project === '') return line
  const project = shownProjectName(state, line.project)
  return project === line.project ? line : { ...line, project }
}
