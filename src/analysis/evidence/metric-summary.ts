// Which measurements of a window are out of their usual range. Pure.
import type { Sample, SeriesKind } from '../../hosts/metrics/samples.ts'

const FULL = 90
const JUMP = 30
const FEWEST = 3

export type Unusual = { at: number; text: string }

/** What stands out of a series' samples since `from`, compared with those before it; `who` names the series. */
export function unusualFigures(who: string, kind: SeriesKind, samples: readonly Sample[], from: number): Unusual[] {
  const window = samples.filter(one => one.at >= from)
  const before = samples.filter(one => one.at < from)
  if (window.length === 0) return []
  const judge = (what: string, of: (one: Sample) => number | null): Unusual[] =>
    out(`${what} of ${who}`, window, before, of)
  const found = [
    // A container's CPU is in percent of one core, of which it may use several.
    ...(kind === 'host' ? judge('CPU', one => one.cpuMax ?? one.cpu) : []),
    ...(kind === 'disk' ? judge('disk use', one => share(one.used, one.size)) : []),
    ...(kind === 'disk' ? [] : judge('memory', one => share(one.memoryMax ?? one.memory, one.memoryLimit ?? one.size))),
  ]
  return [...found, ...restarted(who, window, before)]
}

function out(
  what: string,
  window: readonly Sample[],
  before: readonly Sample[],
  of: (one: Sample) => number | null,
): Unusual[] {
  const most = highest(window, of)
  if (most === null) return []
  const usual = average(before, of)
  const full = most.value >= FULL && (usual === null || usual < FULL)
  const jumped = usual !== null && before.length >= FEWEST && most.value - usual >= JUMP
  if (!full && !jumped) return []
  const against = usual === null ? '' : `, before on average ${Math.round(usual)} %`
  return [{ at: most.at, text: `${what} rose to ${Math.round(most.value)} %${against}` }]
}

function restarted(who: string, window: readonly Sample[], before: readonly Sample[]): Unusual[] {
  const first = before.at(-1)?.restarts ?? window[0]!.restarts
  const more = window.find(one => one.restarts !== null && first !== null && one.restarts > first)
  const last = window.at(-1)!.restarts
  if (!more || first === null || last === null) return []
  return [{ at: more.at, text: `${who} restarted ${last - first} ${last - first === 1 ? 'time' : 'times'}` }]
}

function highest(samples: readonly Sample[], of: (one: Sample) => number | null): { at: number; value: number } | null {
  let most: { at: number; value: number } | null = null
  for (const one of samples) {
    const value = of(one)
    if (value !== null && (most === null || value > most.value)) most = { at: one.at, value }
  }
  return most
}

function average(samples: readonly Sample[], of: (one: Sample) => number | null): number | null {
  const values = samples.map(of).filter(value => value !== null)
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}

function share(part: number | null, whole: number | null): number | null {
  return part === null || !whole ? null : (part / whole) * 100
}
