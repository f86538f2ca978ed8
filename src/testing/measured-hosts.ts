// Hosts of two projects with a busy CPU for half an hour, for tests of who may see their metrics.
import { saveMeasurements } from '../hosts/metrics/samples.ts'
import { addProject, type Project } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { hosts } from '../state/schema/index.ts'
import { HOUR, MINUTE } from '../time.ts'

/** Adds two hours of CPU usage until `now`: for `web-1` of the returned project, and `secret-1` of another; `busy` in percent. */
export function addMeasuredHosts(state: State, now: number, busy: number): Project {
  const [mine, other] = [addProject(state, 'mine', now), addProject(state, 'other', now)]
  for (const [name, projectId] of [
    ['web-1', mine.id],
    ['secret-1', other.id],
  ] as const) {
    const row = { name, address: 'x', port: 22, user: 'x', auth: 'own' as const, addedAt: 0, addedBy: 'x', projectId }
    const { id } = state.db.insert(hosts).values(row).returning().get()
    for (let at = now - 2 * HOUR; at < now; at += MINUTE)
      saveMeasurements(state, id, [{ kind: 'host', name: '', cpu: at < now - HOUR / 2 ? 10 : busy }], at)
  }
  return mine
}
