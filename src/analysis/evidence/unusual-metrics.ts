// Looks through what hosts and containers measured for what is out of its usual range in a window.
import { listHosts } from '../../hosts/hosts.ts'
import { listSeriesNames, readSamples, type SeriesKind } from '../../hosts/metrics/samples.ts'
import type { State } from '../../state/database.ts'
import type { Subject } from './gather.ts'
import { type Unusual, unusualFigures } from './metric-summary.ts'

/** So many series are looked at; those of the hosts that the question names come first. */
const MOST_SERIES = 40
const MOST_FOUND = 20
const KINDS: readonly SeriesKind[] = ['host', 'disk', 'container']

/** What was out of range between the instants of a subject, oldest first, on hosts of its project or of none. */
export function measuredOutOfRange(state: State, subject: Subject, now: number): Unusual[] {
  const { from, until, projectId, favoured = [] } = subject
  const before = from - (until - from)
  const hosts = listHosts(state)
    .filter(host => projectId === null || host.projectId === null || host.projectId === projectId)
    .sort((a, b) => Number(favoured.includes(b.name)) - Number(favoured.includes(a.name)))
  const series = hosts.flatMap(host =>
    KINDS.flatMap(kind => listSeriesNames(state, host.id, kind, before).map(name => ({ host, kind, name }))),
  )
  return series
    .slice(0, MOST_SERIES)
    .flatMap(({ host, kind, name }) => {
      const who = {
        host: `host ${host.name}`,
        disk: `${name} on ${host.name}`,
        container: `container ${name} on ${host.name}`,
      }
      const samples = readSamples(state, host.id, kind, name, { from: before, until, now })
      return unusualFigures(who[kind], kind, samples, from)
    })
    .sort((a, b) => a.at - b.at)
    .slice(0, MOST_FOUND)
}
