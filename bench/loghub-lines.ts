// Measures how Vakt reads the LogHub 2k sets (github.com/logpai/loghub) as plain text: the time, the level and the text of each line,
// against the columns of the sets.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readBatch } from '../src/logs/intake/read-batch.ts'
import type { Level } from '../src/logs/line.ts'
import { parseCsv } from './csv.ts'
import type { Row } from './table.ts'

const RECEIVED = Date.parse('2026-11-29T10:00:30Z')
const MIN_LEVEL_SHARE = 0.995

/** The share of lines with the right time, the right level where the set has one, and their text whole. */
export async function benchLines(folder: string): Promise<Row[]> {
  const rows: Row[] = []
  let levels = { right: 0, all: 0 }
  let sets = { right: 0, all: 0 }
  for (const name of (await readdir(folder)).sort()) {
    const [log, csv] = await Promise.all(
      [`${name}_2k.log`, `${name}_2k.log_structured.csv`].map(file =>
        readFile(join(folder, name, file), 'utf8').catch(() => null),
      ),
    )
    if (log == null || csv == null) continue
    const [header, ...body] = parseCsv(csv)
    const truth = body
      .filter(row => row.length === header!.length)
      .map(row => Object.fromEntries(header!.map((column, i) => [column, row[i]!])))
    const texts = log.split(/\r?\n/).filter(line => line.trim() !== '')
    const result = compare(name, texts, truth)
    levels = { right: levels.right + result.level, all: levels.all + result.levels }
    sets = { right: sets.right + (result.time === texts.length ? 1 : 0), all: sets.all + 1 }
    rows.push({
      what: name,
      value: `time ${result.time}, level ${result.levels === 0 ? 'none' : `${result.level} of ${result.levels}`}, text ${result.text} of ${texts.length}`,
    })
  }
  if (rows.length === 0) throw new Error(`${folder} has no sets such as HDFS/HDFS_2k.log`)
  const share = levels.right / levels.all
  rows.push(
    {
      what: 'sets with every time right',
      value: `${sets.right} of ${sets.all}`,
      goal: 'all',
      met: sets.right === sets.all,
    },
    { what: 'levels right', value: `${(100 * share).toFixed(2)} %`, goal: '≥ 99.5 %', met: share >= MIN_LEVEL_SHARE },
  )
  return rows
}

/** How many lines of a set are right. */
function compare(name: string, texts: readonly string[], truth: readonly Columns[]) {
  const result = { time: 0, level: 0, text: 0, levels: 0 }
  for (const [i, text] of texts.entries()) {
    const line = read(text)
    const row = truth[i]!
    const time = TIMES[name]?.(row)
    const level = HAS_LEVELS.has(name) ? LEVELS[row.Level?.toLowerCase() ?? ''] : undefined
    if (time !== undefined && Math.abs(line.timestamp - yearless(time)) < 1_000) result.time++
    if (level !== undefined) result.levels++
    if (level !== undefined && line.level === level) result.level++
    if (line.message.includes(row.Content!.trim())) result.text++
  }
  return result
}

function read(text: string) {
  const batch = {
    body: new TextEncoder().encode(text).buffer,
    format: 'text',
    project: 'bench',
    defaults: {},
    receivedAt: RECEIVED,
    limits: { lines: 10, messageBytes: 65_536 },
    retentionMs: 3_600_000,
    privacy: {},
    idempotencyKey: null,
  } as const
  return readBatch(batch).lines[0]!
}

type Columns = { [column: string]: string }

/** The time of a line by the columns of its set, epoch ms; a year before 1973 stands for a missing one. */
const TIMES: { [set: string]: (row: Columns) => number } = {
  Android: row => utc(1970, row.Date!.slice(0, 2), row.Date!.slice(3), row.Time!),
  Apache: row => Date.parse(`${row.Time!.slice(4)} UTC`),
  BGL: row => Number(row.Timestamp) * 1_000,
  HDFS: row => compact(`20${row.Date}`, row.Time!),
  HPC: row => Number(row.Time) * 1_000,
  Hadoop: row => iso(row.Date!, row.Time!),
  HealthApp: row => {
    const [date, hour, minute, second, ms] = row.Time!.split(/[-:]/)
    return Date.UTC(
      Number(date!.slice(0, 4)),
      Number(date!.slice(4, 6)) - 1,
      Number(date!.slice(6)),
      Number(hour),
      Number(minute),
      Number(second),
      Number(ms),
    )
  },
  Linux: row => spelled(row.Month!, row.Date!, row.Time!),
  Mac: row => spelled(row.Month!, row.Date!, row.Time!),
  OpenSSH: row => spelled(row.Date!, row.Day!, row.Time!),
  OpenStack: row => iso(row.Date!, row.Time!),
  Proxifier: row => utc(1970, row.Time!.slice(0, 2), row.Time!.slice(3, 5), row.Time!.slice(6)),
  Spark: row => iso(`20${row.Date!.replaceAll('/', '-')}`, row.Time!),
  Thunderbird: row => Number(row.Timestamp) * 1_000,
  Windows: row => iso(row.Date!, row.Time!),
  Zookeeper: row => iso(row.Date!, row.Time!),
}
/** Sets whose column is the level of the line, and not a name (Linux has the host there). */
const HAS_LEVELS = new Set(['HDFS', 'Apache', 'Android', 'Windows', 'Spark', 'Zookeeper', 'Hadoop', 'OpenStack', 'BGL'])
const LEVELS: { [name: string]: Level } = {
  ...{ v: 'trace', d: 'debug', i: 'info', w: 'warn', e: 'error', f: 'fatal' },
  ...{ trace: 'trace', debug: 'debug', info: 'info', notice: 'info', warn: 'warn', warning: 'warn' },
  ...{ error: 'error', severe: 'error', failure: 'error', fatal: 'fatal' },
}

function iso(date: string, time: string): number {
  return Date.parse(`${date}T${time.replace(',', '.')}Z`)
}

function compact(date: string, time: string): number {
  return utc(
    Number(date.slice(0, 4)),
    date.slice(4, 6),
    date.slice(6),
    `${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}`,
  )
}

function spelled(month: string, day: string, time: string): number {
  const number = 1 + 'JanFebMarAprMayJunJulAugSepOctNovDec'.indexOf(month) / 3
  return utc(1970, String(number), day, time)
}

function utc(year: number, month: string, day: string, time: string): number {
  const [hour, minute, second] = time.split(':')
  return Date.UTC(year, Number(month) - 1, Number(day), Number(hour), Number(minute)) + Number(second) * 1_000
}

/** Of a time without a year, the last one that is at most a day after the receipt. */
function yearless(at: number): number {
  const date = new Date(at)
  if (date.getUTCFullYear() >= 1973) return at
  for (let year = 2027; ; year--) {
    const tried = new Date(at)
    tried.setUTCFullYear(year)
    if (tried.getTime() <= RECEIVED + 86_400_000) return tried.getTime()
  }
}
