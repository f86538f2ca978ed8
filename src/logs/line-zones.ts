// The zones of times that name none: of the host or the request, else of the source, else of the project, else of Vakt.
import type { Project } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { readSourceZones } from './sources.ts'
import type { LineZones } from './store.ts'

/** The zones for lines of a project; `fixed` is that of their host or request, null when it is not known. */
export function lineZones(state: State, project: Project, fixed: string | null, fallback: string): LineZones {
  const bySource = fixed === null ? readSourceZones(state, project.id) : null
  return {
    fallback: project.timeZone ?? fallback,
    ...(fixed === null ? {} : { fixed }),
    ...(bySource === null ? {} : { bySource }),
  }
}
