// The button of an alert that shows the log lines it is about.
import type { Button } from '../../card.ts'
import { quoteWord } from '../../command/command-line.ts'
import { listProjects, readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'

/** A button that searches for `query` in one project (null: in all), where its saved searches are looked up too. */
export function searchButton(state: State, query: string, projectId: number | null): Button {
  const project = projectId === null ? undefined : readProjectById(state, projectId)
  return { label: 'Logs', line: `logs search ${quoteWord(query)}${project ? ` --project ${project.name}` : ''}` }
}

/** A button that searches for what another project may have as well: a source, an error. A single project needs no name. */
export function ownLinesButton(state: State, query: string, projectId: number): Button {
  return searchButton(state, query, listProjects(state).length > 1 ? projectId : null)
}
