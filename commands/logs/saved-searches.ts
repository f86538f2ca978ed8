// The commands for saved searches: log queries with a name.
import { z } from 'zod'
import type { Text } from '../../src/card.ts'
import { positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { listRules } from '../../src/detectors/rules/rules.ts'
import { listForwards } from '../../src/forwards/forwards.ts'
import { parseQuery } from '../../src/logs/query/parse.ts'
import {
  ALL_PROJECTS,
  expandSavedSearch,
  listSearches,
  removeSearch,
  type SavedSearch,
  savedSearchIn,
  saveSearch,
  searchScope,
} from '../../src/logs/searches.ts'
import { Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { mapInSlices, readInPages } from '../../src/slices.ts'
import type { State } from '../../src/state/database.ts'
import { isoTime } from '../../src/time.ts'
import { command, projectName } from '../context.ts'
import { savedSearchScope } from './log-query.ts'

const MAX_BUTTONS = 5
/** Searches that are read at once, and lines of the card; a result has all searches. */
const PAGE_SIZE = 1_000
const MAX_LINES = 1_000

const searchProject = () =>
  projectName()
    .optional()
    .describe('Project that the search belongs to (default: none, for people who see all projects)')

function projectIdOf(state: State, project: string | undefined): number {
  return project === undefined ? ALL_PROJECTS : findProject(state, project).id
}

const save = command({
  name: 'logs save',
  summary: 'Save a search under a name; @name then stands for it',
  examples: ['logs save payments "tag:payments level>=warn"', 'logs search @payments --last 1h'],
  role: 'responder',
  args: {
    name: positional(z.string().regex(/^[\w-]{1,40}$/, 'must be letters, digits, - and _')).describe(
      'Name of the search',
    ),
    query: positional(z.string().min(1).max(2000)).describe('Search query'),
    project: searchProject(),
  },
  run({ name, query: given, project }, context) {
    const { state, now, by, config } = context
    const projectId = projectIdOf(state, project)
    // A search that begins with another one keeps what that is now.
    const query = expandSavedSearch(state, given, savedSearchScope(context, project))
    parseQuery(query, now, config.timeZone)
    saveSearch(state, { projectId, name, query, savedBy: by.name, savedAt: now })
    return {
      card: {
        title: `Saved as @${name}`,
        tone: 'good',
        buttons: [{ label: 'Search', line: searchCommand(name, project) }],
      },
      result: { search: { name, query } },
    }
  },
})

const saved = command({
  name: 'logs saved',
  summary: 'Show the saved searches',
  role: 'viewer',
  args: { project: searchProject() },
  async run({ project }, { state }) {
    const projectId = projectIdOf(state, project)
    const searches = await readInPages((limit, offset) => listSearches(state, projectId, limit, offset), PAGE_SIZE)
    const more = searches.length > MAX_LINES ? [`… ${searches.length - MAX_LINES} more`] : []
    return {
      card: {
        title: searches.length === 0 ? 'No saved searches' : 'Saved searches',
        tone: 'plain',
        lines:
          searches.length === 0
            ? ['Save a search: logs save payments "tag:payments level>=warn"']
            : [...searches.slice(0, MAX_LINES).map(searchLine), ...more],
        buttons: searches
          .slice(0, MAX_BUTTONS)
          .map(({ name }) => ({ label: `@${name}`, line: searchCommand(name, project) })),
      },
      result: {
        searches: await mapInSlices(searches, searchResult, PAGE_SIZE),
      },
    }
  },
})

const forget = command({
  name: 'logs forget',
  summary: 'Delete a saved search',
  role: 'responder',
  args: { name: positional(z.string().max(41)).describe('Name of the search'), project: searchProject() },
  run({ name, project }, { state }) {
    const bare = name.replace(/^@/, '')
    const projectId = projectIdOf(state, project)
    const user = usersOf(state, bare, projectId)[0]
    if (user !== undefined)
      throw new Problem('conflict', `@${bare} is the search of ${user}. Give that another one or remove it first.`)
    removeSearch(state, bare, projectId)
    return { card: { title: `The saved search @${bare} is deleted`, tone: 'muted' } }
  },
})

/** The rules and forwards that a saved search is read by; without it they would do nothing. */
function usersOf(state: State, name: string, projectId: number): string[] {
  const rules = listRules(state)
    .filter(({ kind }) => kind === 'search')
    .map(rule => ({ what: `the rule ${rule.name}`, query: rule.matcher, projectId: rule.projectId }))
  const forwards = listForwards(state).map(forward => ({
    what: `the forward ${forward.name}`,
    query: forward.query,
    projectId: forward.projectId,
  }))
  return [...rules, ...forwards]
    .filter(({ query, projectId: own }) => {
      const found = savedSearchIn(state, query, searchScope({ projectId: own }))
      return found?.name === name && found.projectId === projectId
    })
    .map(({ what }) => what)
}

/** The command line that searches for it, where it is looked up. */
function searchCommand(name: string, project: string | undefined): string {
  return `logs search --query=@${name}${project === undefined ? '' : ` --project=${quoteWord(project)}`}`
}

function searchLine({ name, query, savedBy }: SavedSearch): Text {
  return [{ bold: `@${name}` }, ' ', { code: query }, `, by ${savedBy}`]
}

function searchResult({ name, query, savedBy, savedAt }: SavedSearch) {
  return { name, query, saved_by: savedBy, saved_at: isoTime(savedAt) }
}

export const savedSearchCommands = [save, saved, forget]
