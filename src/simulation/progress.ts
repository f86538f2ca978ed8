// Counts what was sent and says it in lines: one a second or so, and a summary at the end.
import { aboutDuration, HOUR, MINUTE, SECOND } from '../time.ts'
import type { Step } from './play.ts'
import type { Told } from './player.ts'
import type { Fault, Level } from './scenario.ts'

type Counts = {
  lines: number
  requests: number
  beats: number
  rejected: number
  again: number
  lost: number
  levels: Partial<Record<Level, number>>
}

export type Progress = ReturnType<typeof createProgress>

/** A fresh count; `print` gets each line as it is worth printing. */
export function createProgress(print: (line: string) => void) {
  const total = blank()
  const bySource = new Map<string, Counts>()
  let recent = blank()
  let printedAt = 0
  let lastTrouble = ''

  const count = (told: Exclude<Told, { kind: 'fault' }>) => {
    const source = bySource.get(told.step.source) ?? blank()
    bySource.set(told.step.source, source)
    for (const counts of [total, recent, source]) add(counts, told)
  }

  return {
    total,
    /** Takes in what the player tells; `at` is the time since the beginning, ms. */
    take(told: Told, at: number): void {
      if (told.kind === 'fault') {
        print(`${stamp(at)}  ${faultLine(told.step)}`)
        return
      }
      count(told)
      if (told.kind === 'sent') return
      const waits = told.kind === 'again' ? `; tried again in ${aboutDuration(told.afterMs)}` : '; given up'
      const trouble = `${told.step.source}: ${told.why}${waits}`
      // The same refusal over and over is said once a second with the counts.
      if (trouble !== lastTrouble) print(`${stamp(at)}  ! ${trouble}`)
      lastTrouble = trouble
    },
    /** Says what was sent since the last time, when it is time to: every second in the first minute, then every ten. */
    tick(at: number): void {
      if (at - printedAt < (at <= MINUTE ? SECOND : 10 * SECOND) * 0.95) return
      printedAt = at
      if (recent.requests + recent.beats + recent.again + recent.lost > 0) print(`${stamp(at)}  ${inWords(recent)}`)
      recent = blank()
    },
    summary(at: number): string[] {
      const widest = Math.max(0, ...[...bySource.keys()].map(name => name.length))
      const rows = [...bySource].map(([name, counts]) => `  ${name.padEnd(widest)}  ${inWords(counts)}`)
      return [`Sent in ${aboutDuration(at)}: ${inWords(total)}, in ${figure(total.requests)} requests.`, ...rows]
    },
  }
}

function blank(): Counts {
  return { lines: 0, requests: 0, beats: 0, rejected: 0, again: 0, lost: 0, levels: {} }
}

function add(counts: Counts, told: Exclude<Told, { kind: 'fault' }>): void {
  if (told.kind === 'again') counts.again++
  if (told.kind === 'lost') counts.lost++
  if (told.kind !== 'sent') return
  counts.rejected += told.rejected
  if (told.step.kind === 'beat') counts.beats++
  if (told.step.kind !== 'lines') return
  counts.requests++
  counts.lines += told.step.lines
  for (const [level, n] of Object.entries(told.step.levels) as [Level, number][])
    counts.levels[level] = (counts.levels[level] ?? 0) + n
}

/** `12 lines (info 10, error 2), 1 beat, 2 tried again` */
function inWords({ lines, beats, levels, rejected, again, lost }: Counts): string {
  const mix = Object.entries(levels).sort(([, a], [, b]) => b - a)
  const said = [
    lines > 0 || beats === 0
      ? `${counted(lines, 'line')}${mix.length > 0 ? ` (${mix.map(([level, n]) => `${level} ${figure(n)}`).join(', ')})` : ''}`
      : '',
    beats > 0 ? counted(beats, 'beat') : '',
    rejected > 0 ? `${counted(rejected, 'line')} not accepted` : '',
    again > 0 ? `${figure(again)} tried again` : '',
    lost > 0 ? `${figure(lost)} lost` : '',
  ]
  return said.filter(Boolean).join(', ')
}

/** What begins or ends, in words. */
export function faultLine({ fault, phase }: Extract<Step, { kind: 'fault' }>): string {
  return phase === 'begins' ? `▲ ${fault.name}: ${faultInWords(fault)}` : `▼ over: ${fault.name}`
}

/** A fault in words: `12 times the same error from shop within 10s`. */
export function faultInWords(fault: Fault): string {
  const lasts = aboutDuration(fault.for)
  switch (fault.kind) {
    case 'spike':
      return `${fault.count} times the same error from ${fault.source} within ${lasts}`
    case 'errors':
      return `${Math.round(fault.share * 100)}% of the lines of ${fault.source} are errors for ${lasts}`
    case 'silence':
      return `${fault.source} sends no lines for ${lasts}`
    case 'missed-beat':
      return `no beat of ${fault.source} for ${lasts}`
    case 'failure':
      return `the runs of ${fault.source} fail for ${lasts}`
    case 'outage':
      return `the network is gone for ${lasts}, nothing is sent`
  }
}

/** `  1:05` or `3:01:05` since the beginning. */
export function stamp(at: number): string {
  const [hours, minutes, seconds] = [at / HOUR, (at % HOUR) / MINUTE, (at % MINUTE) / SECOND].map(Math.floor)
  const two = (n: number) => String(n).padStart(2, '0')
  return hours! > 0 ? `${hours}:${two(minutes!)}:${two(seconds!)}` : `${String(minutes).padStart(3)}:${two(seconds!)}`
}

function counted(n: number, what: string): string {
  return `${figure(n)} ${what}${n === 1 ? '' : 's'}`
}

function figure(n: number): string {
  return n.toLocaleString('en')
}
