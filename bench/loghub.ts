// Measures the pattern miner on the LogHub 2k sets (github.com/logpai/loghub), read from a given folder; their licence
// forbids copies in this repository. Cite: Zhu et al., Loghub: A Large Collection of System Log Datasets, ISSRE 2023.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createMiner } from '../src/logs/patterns/miner.ts'
import { parseCsv } from './csv.ts'
import { benchLines } from './loghub-lines.ts'
import { printTable, type Row } from './table.ts'

const MIN_GROUPING_ACCURACY = 0.91
const MIN_F1 = 0.94

/** Grouping accuracy (GA) and F1 of groups, per set and on average, of one configuration for all sets. */
export async function benchPatterns(folder: string): Promise<Row[]> {
  const rows: Row[] = []
  const scores: Score[] = []
  let messages = 0
  let spent = 0
  for (const name of (await readdir(folder)).sort()) {
    const text = await readFile(join(folder, name, `${name}_2k.log_structured.csv`), 'utf8').catch(() => null)
    if (text === null) continue
    const { contents, truth } = columns(parseCsv(text))
    const started = performance.now()
    const found = mine(contents)
    spent += performance.now() - started
    messages += contents.length
    const score = scoreOf(truth, found)
    scores.push(score)
    rows.push({ what: name, value: shown(score) })
  }
  if (scores.length === 0) throw new Error(`${folder} has no sets such as HDFS/HDFS_2k.log_structured.csv`)
  const mean = { ga: average(scores.map(score => score.ga)), f1: average(scores.map(score => score.f1)) }
  rows.push(
    {
      what: 'mean GA',
      value: mean.ga.toFixed(3),
      goal: `≥ ${MIN_GROUPING_ACCURACY}`,
      met: mean.ga >= MIN_GROUPING_ACCURACY,
    },
    { what: 'mean F1', value: mean.f1.toFixed(3), goal: `≥ ${MIN_F1}`, met: mean.f1 >= MIN_F1 },
    { what: 'messages per second', value: Math.round(messages / (spent / 1000)).toLocaleString('en') },
  )
  return rows
}

type Score = { ga: number; f1: number }

/** The pattern of each message; ids are looked up at the end, as patterns merge on the way. */
function mine(contents: readonly string[]): string[] {
  const miner = createMiner({ maxPatterns: 1_000 })
  const ids = contents.map(content => miner.learn(content).id)
  return ids.map(id => miner.find(id)?.id ?? id)
}

/** GA: share of lines in a group with exactly the expected lines; F1 of groups that are exactly right. */
function scoreOf(truth: readonly string[], found: readonly string[]): Score {
  const expected = groupsOf(truth)
  const groups = groupsOf(found)
  const right = new Set(expected.map(group => group.join()))
  const correct = groups.filter(group => right.has(group.join()))
  const lines = correct.reduce((sum, group) => sum + group.length, 0)
  return { ga: lines / truth.length, f1: (2 * correct.length) / (expected.length + groups.length) }
}

function groupsOf(ids: readonly string[]): number[][] {
  return [...Map.groupBy(ids.keys(), index => ids[index]!).values()]
}

function columns(rows: readonly string[][]): { contents: string[]; truth: string[] } {
  const header = rows[0]!
  const body = rows.slice(1).filter(row => row.length === header.length)
  const column = (name: string) => body.map(row => row[header.indexOf(name)]!)
  return { contents: column('Content'), truth: column('EventId') }
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function shown({ ga, f1 }: Score): string {
  return `GA ${ga.toFixed(3)}  F1 ${f1.toFixed(3)}`
}

if (import.meta.main) {
  const folder = process.argv[2] ?? 'loghub'
  printTable('Patterns on LogHub', await benchPatterns(folder))
  printTable('Lines of LogHub', await benchLines(folder))
}
