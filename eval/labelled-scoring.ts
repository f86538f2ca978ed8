// Judges the evidence of a labelled set: the second half of its lines is the window, the first half the period before.
import { gatherPack } from '../src/analysis/evidence/gather.ts'
import type { Pack, PackLine } from '../src/analysis/evidence/pack.ts'
import { estimateTokens, writePack } from '../src/analysis/evidence/pack-text.ts'
import { readBatch } from '../src/logs/intake/read-batch.ts'
import type { LogStore } from '../src/logs/store.ts'
import type { State } from '../src/state/database.ts'
import { DAY, SECOND } from '../src/time.ts'
import { appendJson } from './case-store.ts'
import type { CaseLine } from './evaluation-case.ts'
import type { LabelledLine, LabelledSet } from './labelled-set.ts'

export type LabelledScore = {
  name: string
  lines: number
  /** Templates of labelled lines in the window, and those with a line among the evidence. */
  labelled: number
  inEvidence: number
  inFirstTen: number
  /** The places (1 = first) of the patterns that show labelled templates, and the healthy patterns before each. */
  ranks: readonly number[]
  healthyBefore: readonly number[]
  tokens: number
}

const FIRST_PATTERNS = 10
/** Sets span years; what is older than this is not stored. */
const RETENTION_MS = 4_000 * DAY
const BATCH_LINES = 20_000

/** Stores a set, with its times moved so that it ends at `until` (epoch ms), and scores the evidence about its second half. */
export async function scoreSet(
  state: State,
  store: LogStore,
  set: LabelledSet,
  project: string,
  until: number,
): Promise<LabelledScore> {
  const read = readSetLines(set, until).sort((a, b) => a.timestamp - b.timestamp)
  const shift = Math.floor((until - read.at(-1)!.timestamp) / SECOND) * SECOND - SECOND
  const lines = read.map(line => ({ ...line, timestamp: line.timestamp + shift }))
  for (let at = 0; at < lines.length; at += BATCH_LINES)
    await appendJson(store, lines.slice(at, at + BATCH_LINES).map(toCaseLine), project, until, RETENTION_MS)
  const middle = Math.floor(lines.length / 2)
  const from = lines[middle]!.timestamp
  const pack = await gatherPack(
    { state, store },
    {
      ...{ title: 'the logs', from, until, projectId: null },
      where: { kind: 'field', field: 'project', value: project },
    },
  )
  const window = lines.slice(middle)
  const origins = new Map(window.map(line => [`${line.timestamp} ${line.message}`, line.origin]))
  return {
    ...{ name: set.name, lines: lines.length },
    ...scoreLabelled(
      window.map(({ origin }) => origin),
      pack,
      line => origins.get(`${line.at} ${line.message}`),
    ),
  }
}

/** Scores the pack of a window: `findOrigin` gives the line of the set that a line of the pack shows. */
export function scoreLabelled(
  window: readonly LabelledLine[],
  pack: Pack,
  findOrigin: (line: PackLine) => LabelledLine | undefined,
): Omit<LabelledScore, 'name' | 'lines'> {
  const labelled = new Set(window.filter(line => line.isLabelled).map(({ template }) => template))
  const shown = new Map<string | null, Set<string>>()
  for (const line of pack.lines) {
    const origin = findOrigin(line)
    if (origin?.isLabelled) shown.set(line.pattern, (shown.get(line.pattern) ?? new Set()).add(origin.template))
  }
  const ranks = new Map<string, { rank: number; healthy: number }>()
  let healthy = 0
  for (const [at, pattern] of pack.patterns.entries()) {
    const templates = shown.get(pattern.id) ?? new Set()
    if (templates.size === 0) healthy++
    for (const template of templates) if (!ranks.has(template)) ranks.set(template, { rank: at + 1, healthy })
  }
  const inEvidence = new Set([...shown.values()].flatMap(templates => [...templates]))
  return {
    ...{ labelled: labelled.size, inEvidence: inEvidence.size },
    inFirstTen: [...ranks.values()].filter(({ rank }) => rank <= FIRST_PATTERNS).length,
    ranks: [...ranks.values()].map(({ rank }) => rank),
    healthyBefore: [...ranks.values()].map(entry => entry.healthy),
    tokens: estimateTokens(writePack(pack, text => text)),
  }
}

function readSetLines(set: LabelledSet, until: number) {
  const { buffer } = new TextEncoder().encode(set.lines.map(({ text }) => text).join('\n'))
  const { lines } = readBatch({
    ...{ body: buffer, format: 'text', project: 'set', defaults: {}, receivedAt: until },
    limits: { lines: set.lines.length + 1, messageBytes: 65_536 },
    ...{ retentionMs: 100_000 * DAY, privacy: {}, idempotencyKey: null },
  })
  if (lines.length !== set.lines.length)
    throw new Error(`${set.name}: ${lines.length} of ${set.lines.length} lines were read; some span several lines.`)
  return lines.map((line, at) => ({ ...toCaseLine(line), origin: set.lines[at]! }))
}

function toCaseLine({ timestamp, level, source, host, message }: CaseLine): CaseLine {
  return { timestamp, level, source, host, message }
}

/** Writes one line for each set. */
export function writeLabelledTable(scores: readonly LabelledScore[]): string {
  const head = [
    'labelled set',
    'lines',
    'templates',
    'evidence',
    'first ten',
    'median rank',
    'healthy before',
    'tokens',
  ]
  const rows = scores.map(score => [
    score.name,
    String(score.lines),
    String(score.labelled),
    `${score.inEvidence}/${score.labelled}`,
    `${score.inFirstTen}/${score.labelled}`,
    writeMedian(score.ranks),
    writeMedian(score.healthyBefore),
    String(score.tokens),
  ])
  const notes = scores.map(
    ({ name, ranks, healthyBefore }) =>
      `${name}: the labelled templates stand at the places ${ranks.join(', ')}, behind ${healthyBefore.join(', ')} healthy ones.`,
  )
  return [...[head, ...rows].map(writeRow), '', ...notes].join('\n')
}

function writeRow(cells: readonly string[]): string {
  return cells.map((cell, at) => (at === 0 ? cell.padEnd(20) : cell.padStart(at > 4 ? 16 : 11))).join('')
}

function writeMedian(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted.length === 0 ? '-' : String(sorted[Math.floor((sorted.length - 1) / 2)])
}
