// What every finding about a host has in common.
import type { Field, Text } from '../../card.ts'
import type { Host } from '../../hosts/host.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import type { Finding } from '../finding.ts'

/** What the findings of a host share. */
export function hostFinding(
  state: State,
  host: Host,
  says: Pick<Finding, 'key' | 'detector' | 'severity' | 'title' | 'since' | 'isSinceEstimated'> & {
    lines: Text[]
    fields?: Field[]
  },
  labels: Record<string, string> = {},
): Finding {
  const { lines, fields, ...rest } = says
  const project = host.projectId === null ? undefined : readProjectById(state, host.projectId)
  return {
    ...rest,
    hostId: host.id,
    projectId: host.projectId,
    owner: null,
    remindEvery: project?.remindEvery ?? 0,
    observation: { lines, ...(fields ? { fields } : {}) },
    occurrences: 0,
    labels: { host: host.name, ...labels },
  }
}
