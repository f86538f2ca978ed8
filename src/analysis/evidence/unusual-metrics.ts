// Finds measurements of hosts and containers that are out of their usual range in a window.
import { listHosts } from '../../hosts/hosts.ts'
import { listSeriesNames, readSamples, type Sample, type SeriesKind } from '../../hosts/metrics/samples.ts'
import type { State } from '../../state/database.ts'
import { plural } from '../../text.ts'
import type { AnalysisSubject } from './gather.ts'

const FULL_PERCENT = 90
const JUMP_PERCENT = 30
/** Fewer samples before the window are no baseline. */
const MIN_SAMPLES = 3
const MAX_SERIES = 40
const MAX_FOUND = 20
const KINDS: readonly SeriesKind[] = ['host', 'disk', 'container']

export type UnusualMeasurement = { at: number; text: string }

type ReadValue = (sample: Sample) => number | null

/**
 * The unusual measurements in the window of a subject, oldest first, on hosts of its project or of none. Looks at a limited
 * number of series, those of the subject's own hosts first.
 */
export function listUnusualMeasurements(state: State, subject: AnalysisSubject, now: number): UnusualMeasurement[] {
  const { from, until, projectId, preferredOrigins = [] } = subject
  const comparedFrom = from - (until - from)
  const hosts = listHosts(state)
    .filter(host => projectId === null || host.projectId === null || host.projectId === projectId)
    .sort((a, b) => Number(preferredOrigins.includes(b.name)) - Number(preferredOrigins.includes(a.name)))
  const series = hosts.flatMap(host =>
    KINDS.flatMap(kind => listSeriesNames(state, host.id, kind, comparedFrom).map(name => ({ host, kind, name }))),
  )
  return series
    .slice(0, MAX_SERIES)
    .flatMap(({ host, kind, name }) => {
      const origins = {
        host: `host ${host.name}`,
        disk: `${name} on ${host.name}`,
        container: `container ${name} on ${host.name}`,
      }
      const samples = readSamples(state, host.id, kind, name, { from: comparedFrom, until, now })
      return findUnusual(origins[kind], kind, samples, from)
    })
    .sort((a, b) => a.at - b.at)
    .slice(0, MAX_FOUND)
}

/** The unusual samples of a series since `from` (epoch ms), compared with those before; `origin` names the series. */
export function findUnusual(
  origin: string,
  kind: SeriesKind,
  samples: readonly Sample[],
  from: number,
): UnusualMeasurement[] {
  const window = samples.filter(sample => sample.at >= from)
  const before = samples.filter(sample => sample.at < from)
  if (window.length === 0) return []
  const check = (metric: string, read: ReadValue) => findRise(`${metric} of ${origin}`, window, before, read)
  return [
    // The CPU of a container is in percent of one core, and it may use several.
    ...(kind === 'host' ? check('CPU', sample => sample.cpuMax ?? sample.cpu) : []),
    ...(kind === 'disk' ? check('disk use', sample => toPercent(sample.used, sample.size)) : []),
    ...(kind === 'disk'
      ? []
      : check('memory', sample => toPercent(sample.memoryMax ?? sample.memory, sample.memoryLimit ?? sample.size))),
    ...findRestarts(origin, window, before),
  ]
}

function findRise(
  name: string,
  window: readonly Sample[],
  before: readonly Sample[],
  read: ReadValue,
): UnusualMeasurement[] {
  const highest = findHighest(window, read)
  if (highest === null) return []
  const usual = average(before, read)
  const isFull = highest.value >= FULL_PERCENT && (usual === null || usual < FULL_PERCENT)
  const hasJumped = usual !== null && before.length >= MIN_SAMPLES && highest.value - usual >= JUMP_PERCENT
  if (!isFull && !hasJumped) return []
  const baseline = usual === null ? '' : `, before on average ${Math.round(usual)} %`
  return [{ at: highest.at, text: `${name} rose to ${Math.round(highest.value)} %${baseline}` }]
}

function findRestarts(origin: string, window: readonly Sample[], before: readonly Sample[]): UnusualMeasurement[] {
  const first = before.at(-1)?.restarts ?? window[0]!.restarts
  const restarted = window.find(({ restarts }) => restarts !== null && first !== null && restarts > first)
  const last = window.at(-1)!.restarts
  if (!restarted || first === null || last === null) return []
  return [{ at: restarted.at, text: `${origin} restarted ${plural(last - first, 'time')}` }]
}

function findHighest(samples: readonly Sample[], read: ReadValue): { at: number; value: number } | null {
  let highest: { at: number; value: number } | null = null
  for (const sample of samples) {
    const value = read(sample)
    if (value !== null && (highest === null || value > highest.value)) highest = { at: sample.at, value }
  }
  return highest
}

function average(samples: readonly Sample[], read: ReadValue): number | null {
  const values = samples.map(read).filter(value => value !== null)
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}

function toPercent(part: number | null, total: number | null): number | null {
  return part === null || !total ? null : (part / total) * 100
}
