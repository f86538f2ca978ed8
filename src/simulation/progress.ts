// Reports the progress of a simulation: a line about every second, and a summary at the end.
import { plural } from '../text.ts'
import { aboutDuration, HOUR, MINUTE, SECOND } from '../time.ts'
import type { Step } from './play.ts'
import type { PlayerEvent } from './player.ts'
import type { Fault, Level } from './scenario.ts'

type Counts = {
  lines: number
  requests: number
  beats: number
  rejected: number
  again: number
  lost: number
  levels: Partial<Record<Level, number>>
  /** Beats by their signal. */
  signals: Partial<Record<'start' | 'success' | 'fail', number>>
}

export type Progress = ReturnType<typeof createProgress>

/** Starts counting; `print` gets each line of the report. */
export function createProgress(print: (line: string) => void) {
  const total = blank()
  const bySource = new Map<string, Counts>()
  let recent = blank()
  let printedAt = 0
  let lastFailure = ''

  const count = (event: Exclude<PlayerEvent, { kind: 'fault' }>) => {
    const source = bySource.get(event.step.source) ?? blank()
    bySource.set(event.step.source, source)
    for (const counts of [total, recent, source]) add(counts, event)
  }

  return {
    total,
    /** Counts an event of the player; `at` is the time since the start, ms. */
    take(event: PlayerEvent, at: number): void {
      if (event.kind === 'fault') {
        print(`${stamp(at)}  ${faultLine(event.step)}`)
        return
      }
      count(event)
      if (event.kind === 'sent') return
      const next = event.kind === 'again' ? `retrying in ${aboutDuration(event.afterMs)}` : 'given up'
      const failure = `${event.step.source}: ${event.reason}; ${next}`
      // A repeated failure is only counted, in the line of every second.
      if (failure !== lastFailure) print(`${stamp(at)}  ! ${failure}`)
      lastFailure = failure
    },
    /** Prints what was sent since the last report: every second in the first minute, then every ten seconds. */
    tick(at: number): void {
      if (at - printedAt < (at <= MINUTE ? SECOND : 10 * SECOND) * 0.95) return
      printedAt = at
      if (recent.requests + recent.beats + recent.again + recent.lost > 0)
        print(`${stamp(at)}  ${describeCounts(recent)}`)
      recent = blank()
    },
    summary(at: number): string[] {
      const widest = Math.max(0, ...[...bySource.keys()].map(name => name.length))
      const rows = [...bySource].map(([name, counts]) => `  ${name.padEnd(widest)}  ${describeCounts(counts)}`)
      return [
        `Sent in ${aboutDuration(at)}: ${describeCounts(total)}, in ${formatCount(total.requests)} requests.`,
        ...rows,
      ]
    },
  }
}

function blank(): Counts {
  return { lines: 0, requests: 0, beats: 0, rejected: 0, again: 0, lost: 0, levels: {}, signals: {} }
}

function add(counts: Counts, event: Exclude<PlayerEvent, { kind: 'fault' }>): void {
  if (event.kind === 'again') counts.again++
  if (event.kind === 'lost') counts.lost++
  if (event.kind !== 'sent') return
  counts.rejected += event.rejected
  if (event.step.kind === 'beat') {
    counts.beats++
    counts.signals[event.step.signal] = (counts.signals[event.step.signal] ?? 0) + 1
  }
  if (event.step.kind !== 'lines') return
  counts.requests++
  counts.lines += event.step.lines
  for (const [level, n] of Object.entries(event.step.levels) as [Level, number][])
    counts.levels[level] = (counts.levels[level] ?? 0) + n
}

/** `12 lines (info 10, error 2), 1 beat, 2 retries` */
function describeCounts({ lines, beats, levels, rejected, again, lost }: Counts): string {
  const mix = Object.entries(levels).sort(([, a], [, b]) => b - a)
  const parts = [
    lines > 0 || beats === 0
      ? `${plural(lines, 'line')}${mix.length > 0 ? ` (${mix.map(([level, n]) => `${level} ${formatCount(n)}`).join(', ')})` : ''}`
      : '',
    beats > 0 ? plural(beats, 'beat') : '',
    rejected > 0 ? `${plural(rejected, 'line')} rejected` : '',
    again > 0 ? plural(again, 'retry', 'retries') : '',
    lost > 0 ? `${formatCount(lost)} lost` : '',
  ]
  return parts.filter(Boolean).join(', ')
}

/** The start or end of a fault as a line. */
export function faultLine({ fault, phase }: Extract<Step, { kind: 'fault' }>): string {
  return phase === 'begins' ? `▲ ${fault.name}: ${describeFault(fault)}` : `▼ ended: ${fault.name}`
}

/** A fault as a sentence: `12 times the same error from shop within 10s`. */
export function describeFault(fault: Fault): string {
  const duration = aboutDuration(fault.for)
  switch (fault.kind) {
    case 'spike':
      return `${fault.count} times the same error from ${fault.source} within ${duration}`
    case 'errors':
      return `${Math.round(fault.share * 100)}% of the lines of ${fault.source} are errors for ${duration}`
    case 'silence':
      return `${fault.source} sends no lines for ${duration}`
    case 'missed-beat':
      return `no beat of ${fault.source} for ${duration}`
    case 'failure':
      return `the runs of ${fault.source} fail for ${duration}`
    case 'outage':
      return `the network is down for ${duration}, nothing is sent`
  }
}

/** The time since the start: `  1:05` or `3:01:05`. */
export function stamp(at: number): string {
  const [hours, minutes, seconds] = [at / HOUR, (at % HOUR) / MINUTE, (at % MINUTE) / SECOND].map(Math.floor)
  const two = (n: number) => String(n).padStart(2, '0')
  return hours! > 0 ? `${hours}:${two(minutes!)}:${two(seconds!)}` : `${String(minutes).padStart(3)}:${two(seconds!)}`
}

function formatCount(n: number): string {
  return n.toLocaleString('en')
}
