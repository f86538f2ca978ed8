// Compares Vakt with VictoriaLogs and ripgrep on the same lines, one after the other: `npm run bench -- peers --help`.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatBytes, parseSize } from '../src/bytes.ts'
import { SECOND } from '../src/time.ts'
import type { Start } from './peers/engine.ts'
import { type Measured, type MeasureOptions, measure } from './peers/measure.ts'
import { questionsOf } from './peers/questions.ts'
import { type Amount, type RawFile, ripgrep, writeRawFile } from './peers/raw-file.ts'
import { printComparison, printGrowth } from './peers/report.ts'
import { SHAPES } from './peers/shapes.ts'
import { startVakt } from './peers/vakt.ts'
import { installVictoriaLogs, startVictoriaLogs } from './peers/victoria-logs.ts'

const HELP = `npm run bench -- peers [--option value]…
  --shape NAMES   ${Object.keys(SHAPES).join(', ')} (default: all)
  --lines NUMBERS lines of the shape "lines" (default: 1000000,10000000), and with --growth
  --bytes SIZE    bytes of each of the other shapes (default: 500MB)
  --growth        one store filled step by step (--lines, default: 1, 3, 10 and 30 million), with every cost that grows too fast
  --runs N        how often each question is asked (default: 15)
  --wait SECONDS  how long each store gets after its last line, at least (default: 300)
  --busy SECONDS  how long questions are asked while lines arrive (default: 20; not with --growth)
  --only NAME     vakt or victorialogs
  --folder PATH   where everything is stored meanwhile (default: a temporary folder)`
const DEFAULT_LINES = [1_000_000, 10_000_000]
const GROWTH_LINES = [1_000_000, 3_000_000, 10_000_000, 30_000_000]
const DEFAULT_BYTES = '500MB'
const DEFAULT_RUNS = 15
const DEFAULT_WAIT_S = 300
const DEFAULT_BUSY_S = 20
/** Beyond this the machine is not quiet. */
const MAX_QUIET_LOAD = 0.5
const NO_LIMIT = Number.POSITIVE_INFINITY

type Peer = { name: string; start: Start }

/** Prints its tables. Options are `--name value` pairs; see `--help`. */
export async function benchPeers(options: Readonly<Record<string, string>>): Promise<void> {
  if (options.help !== undefined) {
    console.log(HELP)
    return
  }
  const shapes = readShapes(options.shape)
  const peers = findPeers(options.only)
  const parent = options.folder ?? tmpdir()
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'vakt-peers-'))
  const settings = readSettings(options)
  printMachine()
  try {
    if (options.growth !== undefined) {
      const sizes = options.lines ? readNumbers(options.lines) : GROWTH_LINES
      for (const shape of options.shape ? shapes : ['lines']) await compareGrowth(shape, sizes, peers, folder, settings)
    } else
      for (const shape of shapes)
        for (const amount of amountsOf(shape, options)) await compare(shape, amount, peers, folder, settings)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readSettings(options: Readonly<Record<string, string>>): MeasureOptions {
  const seconds = (text: string | undefined, usual: number) => Number(text ?? usual) * SECOND
  return {
    runs: Number(options.runs ?? DEFAULT_RUNS),
    minWaitMs: seconds(options.wait, DEFAULT_WAIT_S),
    busyMs: options.growth === undefined ? seconds(options.busy, DEFAULT_BUSY_S) : 0,
  }
}

function readShapes(names = Object.keys(SHAPES).join(',')): string[] {
  const shapes = names.split(',')
  const unknown = shapes.find(shape => !Object.hasOwn(SHAPES, shape))
  if (unknown !== undefined) throw new Error(`There is no shape "${unknown}".\n${HELP}`)
  return shapes
}

function amountsOf(shape: string, options: Readonly<Record<string, string>>): Amount[] {
  if (shape === 'lines') {
    const numbers = options.lines ? readNumbers(options.lines) : DEFAULT_LINES
    return numbers.map(lines => ({ lines, bytes: NO_LIMIT }))
  }
  const bytes = parseSize(options.bytes ?? DEFAULT_BYTES)
  if (bytes === null) throw new Error(`"${options.bytes}" is not a size. Write 500MB.\n${HELP}`)
  return [{ lines: NO_LIMIT, bytes }]
}

function printMachine(): void {
  const load = loadavg()[0]!
  const warning = load > MAX_QUIET_LOAD ? ' (something else runs here: times are upper bounds)' : ''
  console.log(`${cpus().length} cores, load ${load.toFixed(1)}${warning}`)
}

function findPeers(only: string | undefined): Peer[] {
  const vakt: Peer = { name: 'Vakt', start: startVakt }
  const binary = only === 'vakt' ? null : installVictoriaLogs()
  const victoria: Peer[] = binary ? [{ name: 'VictoriaLogs', start: folder => startVictoriaLogs(binary, folder) }] : []
  return only === 'victorialogs' ? victoria : [vakt, ...victoria]
}

async function compare(
  shape: string,
  amount: Amount,
  peers: readonly Peer[],
  folder: string,
  settings: MeasureOptions,
) {
  const questions = questionsOf(SHAPES[shape]!.words)
  const lines = Number.isFinite(amount.lines) ? amount.lines : await estimateLines(shape, amount.bytes, folder)
  const raw = await writeRawFile(join(folder, 'raw.ndjson'), shape, amount, {
    now: Date.now(),
    first: 0,
    expectedLines: lines,
  })
  const results: Measured[] = []
  for (const { name, start } of peers) {
    const data = join(folder, name)
    const engine = await start(data)
    try {
      results.push(await measure(engine, raw, questions, settings))
    } finally {
      await engine.stop()
      rmSync(data, { recursive: true, force: true })
    }
  }
  printComparison(
    shape,
    questions,
    peers.map(({ name }) => name),
    results,
  )
  printRipgrep(raw, shape)
  rmSync(raw.path)
}

async function compareGrowth(
  shape: string,
  sizes: readonly number[],
  peers: readonly Peer[],
  folder: string,
  settings: MeasureOptions,
) {
  const questions = questionsOf(SHAPES[shape]!.words)
  const now = Date.now()
  for (const { name, start } of peers) {
    const data = join(folder, name)
    const engine = await start(data)
    const results: Measured[] = []
    try {
      for (const size of sizes) {
        const first = results.at(-1)?.lines ?? 0
        const amount = { lines: size - first, bytes: NO_LIMIT }
        const place = { now, first, expectedLines: sizes.at(-1)! }
        const raw = await writeRawFile(join(folder, 'raw.ndjson'), shape, amount, place)
        results.push(await measure(engine, raw, questions, settings, results.at(-1) ?? null))
        rmSync(raw.path)
        console.log(`${name}: ${size.toLocaleString('en')} lines measured`)
      }
    } finally {
      await engine.stop()
      rmSync(data, { recursive: true, force: true })
    }
    printGrowth(name, questions, results)
  }
}

/** How many lines of a shape have so many bytes. */
async function estimateLines(shape: string, bytes: number, folder: string): Promise<number> {
  const place = { now: Date.now(), first: 0, expectedLines: 1_000 }
  const sample = await writeRawFile(join(folder, 'sample.ndjson'), shape, { lines: 1_000, bytes: NO_LIMIT }, place)
  rmSync(sample.path)
  return Math.ceil((bytes / sample.bytes) * sample.lines)
}

function printRipgrep(raw: RawFile, shape: string): void {
  const { rare, regex, common, absent } = SHAPES[shape]!.words
  const times = ([['-w', rare], [regex], ['-wi', common], ['-w', absent]] as const).map(args => ({
    pattern: args.at(-1)!,
    took: ripgrep(raw, args),
  }))
  if (times.some(({ took }) => took === null)) {
    console.log('  ripgrep is skipped: rg is not installed.')
    return
  }
  const texts = times.map(({ pattern, took }) => `${pattern} ${took!.toFixed(0)} ms`)
  console.log(`  ripgrep over the raw file (${formatBytes(raw.bytes)}): ${texts.join(', ')}`)
}

function readNumbers(text: string): number[] {
  return text.split(',').map(word => {
    const number = Number(word.replaceAll('_', ''))
    if (!Number.isSafeInteger(number) || number <= 0) throw new Error(`"${word}" is not a number of lines.\n${HELP}`)
    return number
  })
}
