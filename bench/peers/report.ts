// The tables of the comparison: both stores side by side with their ratio, and how costs grow with the number of lines.
import { formatBytes } from '../../src/bytes.ts'
import type { Answer, Measured } from './measure.ts'
import { PAGE_SIZE, type Question } from './questions.ts'

/** What must hold beside VictoriaLogs: a question takes at most twice its time, or this, whichever is more. */
const QUICK_MS = 20
const MAX_RATIO = 2
const MAX_MEMORY_MB = 400
/** Of a whole answer while lines arrive at half the top rate. */
const MAX_BUSY_MS = 100
const MAX_MORE_START_MS = 500
/** Bytes stored for each byte sent. */
const MAX_STORED = { lines: 0.25, other: 0.4 }
/** A cost is named when it grows so much more than its answer. */
const MAX_EXCESS_GROWTH = 1.5

type Row = { what: string; values: string[]; ratio: string; verdict: string }

/** Prints what was measured of a shape, Vakt first; a second store may be missing. */
export function printComparison(
  shape: string,
  questions: readonly Question[],
  names: readonly string[],
  results: readonly Measured[],
): void {
  const [vakt, peer] = results as [Measured, Measured?]
  const { lines, rawBytes } = vakt
  console.log(`\n${shape}: ${lines.toLocaleString('en')} lines, ${formatBytes(rawBytes)} of NDJSON`)
  const row = (what: string, of: (result: Measured) => number, show: (value: number) => string, limit?: Limit): Row => {
    const values = results.map(of)
    const ratio = peer ? values[0]! / values[1]! : null
    return {
      what,
      values: values.map(show),
      ratio: ratio === null || !Number.isFinite(ratio) ? '' : formatRatio(ratio),
      verdict: verdictOf(values, limit),
    }
  }
  const maxStored = shape === 'lines' ? MAX_STORED.lines : MAX_STORED.other
  const rows = [
    row(
      'bytes stored per raw byte',
      own => own.storedBytes / own.rawBytes,
      value => value.toFixed(3),
      { most: maxStored },
    ),
    row(
      'processor seconds of taking in',
      own => own.processorSeconds,
      value => value.toFixed(1),
      { ratio: MAX_RATIO },
    ),
    row(
      '  of it for a million lines',
      own => (own.processorSeconds / own.lines) * 1e6,
      value => value.toFixed(1),
    ),
    row(
      'lines a second while sending',
      own => own.lines / own.sendingSeconds,
      value => Math.round(value).toLocaleString('en'),
    ),
    row(
      'memory while taking in and sealing, MB',
      own => own.loadMemoryMb,
      value => value.toFixed(0),
      { most: MAX_MEMORY_MB },
    ),
    row(
      'the same with all questions after it, MB',
      own => own.peakMemoryMb,
      value => value.toFixed(0),
      { most: MAX_MEMORY_MB },
    ),
    row(
      'start with these lines, ms',
      own => own.startMs,
      value => value.toFixed(0),
    ),
    row(
      '  more than with none, ms',
      own => Math.max(0, own.startMs - own.emptyStartMs),
      value => value.toFixed(0),
      { most: MAX_MORE_START_MS },
    ),
    ...questions.map(({ name }) => ({
      ...row(name, own => own.answers.get(name)!.medianMs, formatMs, { ratio: MAX_RATIO, orMost: QUICK_MS }),
      what: `${name} (${rowsOf(name, results)})`,
    })),
    ...(vakt.busyP95Ms === null
      ? []
      : [row('answers while lines arrive, p95 ms', own => own.busyP95Ms!, formatMs, { most: MAX_BUSY_MS })]),
  ]
  printRows(['', ...names.slice(0, results.length), 'ratio', ''], rows)
  for (const [i, { isIdle }] of results.entries())
    if (!isIdle)
      console.log(`  ${names[i]} was still busy five minutes after the last line; its processor seconds go on.`)
  for (const { name, kind } of questions) {
    const found = results.map(({ answers }) => answers.get(name)!.rows)
    if (kind !== 'histogram' && !found.every(count => isSameCount(kind, count, found[0]!)))
      console.log(`  "${name}" has different answers: ${found.join(' and ')} rows. The times cannot be compared.`)
  }
}

/** Prints the costs of one store at each size, and names those that grow faster than their answers. */
export function printGrowth(name: string, questions: readonly Question[], results: readonly Measured[]): void {
  const costs: { what: string; of: (result: Measured) => Answer; isPart: boolean }[] = [
    {
      what: 'processor seconds of taking in',
      of: own => total(own.processorSeconds * 1_000, own.lines),
      isPart: false,
    },
    { what: 'bytes stored', of: own => total(own.storedBytes, own.lines), isPart: false },
    { what: 'memory at most, MB', of: own => total(own.peakMemoryMb, 1), isPart: true },
    { what: 'start, ms', of: own => total(own.startMs, 1), isPart: true },
    ...questions.map(question => ({
      what: question.name,
      of: (own: Measured) => own.answers.get(question.name)!,
      isPart: true,
    })),
  ]
  console.log(`\n${name}, growth`)
  const rows = costs.map(({ what, of, isPart }): Row => {
    const values = results.map(result => of(result).medianMs)
    const first = of(results[0]!)
    const last = of(results.at(-1)!)
    const growth = last.medianMs / first.medianMs
    const answerGrowth = Math.max(1, last.rows / Math.max(1, first.rows))
    const isFast = isPart && last.medianMs <= QUICK_MS
    const isExcessive = !isFast && growth > MAX_EXCESS_GROWTH * answerGrowth
    return {
      what,
      values: values.map(value => (what === 'bytes stored' ? formatBytes(value) : formatMs(value))),
      ratio: formatRatio(growth),
      verdict: isExcessive ? `GROWS FASTER THAN ITS ANSWER (${formatRatio(answerGrowth)})` : '',
    }
  })
  printRows(['', ...results.map(({ lines }) => `${lines / 1e6} M`), 'growth', ''], rows)
}

type Limit = { most?: number; ratio?: number; orMost?: number }

function verdictOf([own, peer]: readonly number[], limit: Limit | undefined): string {
  if (!limit) return ''
  const { most, ratio, orMost = 0 } = limit
  if (most !== undefined) return own! <= most ? `met (at most ${most})` : `MISSED (at most ${most})`
  if (peer === undefined || ratio === undefined) return ''
  const text = `at most ${ratio} times${orMost > 0 ? ` or ${orMost} ms` : ''}`
  return own! <= Math.max(orMost, peer * ratio) ? `met (${text})` : `MISSED (${text})`
}

/** Vakt counts exactly up to 100,000. */
function isSameCount(kind: Question['kind'], count: number, first: number): boolean {
  return kind === 'count' ? Math.min(count, 100_000) === Math.min(first, 100_000) : count === first
}

function rowsOf(name: string, results: readonly Measured[]): string {
  const { rows } = results[0]!.answers.get(name)!
  return rows === PAGE_SIZE ? `newest ${rows}` : rows.toLocaleString('en')
}

function total(cost: number, answer: number): Answer {
  return { medianMs: cost, rows: answer }
}

function formatMs(value: number): string {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}

function formatRatio(ratio: number): string {
  return `${ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)} ×`
}

function printRows(head: readonly string[], rows: readonly Row[]): void {
  const cells = [[...head], ...rows.map(({ what, values, ratio, verdict }) => [what, ...values, ratio, verdict])]
  const widths = head.map((_, column) => Math.max(...cells.map(row => row[column]?.length ?? 0)))
  for (const row of cells) {
    const texts = row.map((text, column) =>
      column === 0 || column === row.length - 1 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!),
    )
    console.log(`  ${texts.join('  ').trimEnd()}`)
  }
}
