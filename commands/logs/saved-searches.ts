// The commands for saved searches: log queries with a name.
import { z } from 'zod'
import type { Text } from '../../src/card.ts'
import { positional } from '../../src/command/command.ts'
import { parseQuery } from '../../src/logs/query/parse.ts'
import { ALL_PROJECTS, listSearches, removeSearch, type SavedSearch, saveSearch } from '../../src/logs/searches.ts'
import { findProject } from '../../src/projects/projects.ts'
import { mapInSlices, readInPages } from '../../src/slices.ts'
import type { State } from '../../src/state/database.ts'
import { isoTime } from '../../src/time.ts'
import { command, projectName } from '../context.ts'

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
  run({ name, query, project }, { state, now, by, config }) {
    parseQuery(query, now, config.timeZone)
    saveSearch(state, { projectId: projectIdOf(state, project), name, query, savedBy: by.name, savedAt: now })
    return {
      card: {
        title: `Saved as @${name}`,
        tone: 'good',
        buttons: [{ label: 'Search', line: `logs search --query=@${name}` }],
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
          .map(({ name }) => ({ label: `@${name}`, line: `logs search --query=@${name}` })),
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
    removeSearch(state, bare, projectIdOf(state, project))
    return { card: { title: `The saved search @${bare} is deleted`, tone: 'muted' } }
  },
})

function searchLine({ name, query, savedBy }: SavedSearch): Text {
  return [{ bold: `@${name}` }, ' ', { code: query }, `, by ${savedBy}`]
}

function searchResult({ name, query, savedBy, savedAt }: SavedSearch) {
  return { name, query, saved_by: savedBy, saved_at: isoTime(savedAt) }
}

export const savedSearchCommands = [save, saved, forget]
