// What every finding about a host has in common.
import type { Button, Text } from '../../card.ts'
import type { Host } from '../../hosts/host.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import type { Labels } from '../../state/schema/index.ts'
import type { Finding } from '../finding.ts'

/** What differs between the findings about hosts. */
export type HostProblem = Pick<Finding, 'key' | 'detector' | 'severity' | 'title' | 'since' | 'isSinceEstimated'> & {
  lines: Text[]
  buttons?: Button[]
}

/** A finding about a host, with its label and the reminders of its project. */
export function hostFinding(state: State, host: Host, problem: HostProblem, labels: Labels = {}): Finding {
  const { lines, buttons, ...rest } = problem
  const project = host.projectId === null ? undefined : readProjectById(state, host.projectId)
  return {
    ...rest,
    hostId: host.id,
    projectId: host.projectId,
    owner: null,
    remindEvery: project?.remindEvery ?? 0,
    observation: { lines, ...(buttons ? { buttons } : {}) },
    occurrences: 0,
    labels: { host: host.name, ...labels },
  }
}
