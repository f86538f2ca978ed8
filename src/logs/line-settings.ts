// How the lines of a project are read: the zones of their times, the formats that were added, what is masked, and their limits.
import type { Project } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { lineZones } from './line-zones.ts'
import { userFormats } from './log-formats.ts'
import type { Batch } from './store.ts'

/** The settings of a batch; `fixedZone` is the zone of its host or request, null when it is not known; `timeZone` is that of Vakt. */
export function lineSettings(
  state: State,
  project: Project,
  fixedZone: string | null,
  timeZone: string,
): Pick<Batch, 'project' | 'zones' | 'formats' | 'privacy'> {
  const formats = userFormats(state, project.id)
  return {
    project: project.name,
    zones: lineZones(state, project, fixedZone, timeZone),
    privacy: project.privacy,
    ...(formats === undefined ? {} : { formats }),
  }
}
