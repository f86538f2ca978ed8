// Draws planted bugs from the sources by a seed: as many of rules, tables, loops and doors each.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '../random.ts'
import { type Change, findChanges } from './operators.ts'

export type Area = 'rules' | 'tables' | 'loops' | 'doors'
/** A change of a file, with a number from 1. */
export type PlantedBug = Change & { id: number; file: string; line: number; area: Area }

/** What came of each bug: the test that noticed it, and how many were tried. */
export type Outcome = { noticedBy: string | null; tries: number }
/**
 * `sample` tells the bugs of a run from others; `done` are the test files that ran to their end, `tests` the ids of those tests of the
 * file begun that did.
 */
export type Progress = {
  sample: string
  outcomes: Record<number, Outcome>
  unusable: string[]
  done: string[]
  tests: string[]
}

/** A test that runs with a bug (0: without) in the process `pid`; `patience` is how long it may take, s. */
export type Attempt = { id: number; test: string; pid: number; patience: number }

/** What is known before a run. */
export function createProgress(sample = ''): Progress {
  return { sample, outcomes: {}, unusable: [], done: [], tests: [] }
}

/** A bug that this many tests have reached without noticing it is not noticed. */
export const MAX_TRIES = 25

/** How the tests are run with `bugs`: those of `order`, each bug in at most `maxTries` of them. */
export type Run = {
  bugs: readonly PlantedBug[]
  order: readonly string[]
  progressFile: string
  maxTries: number
  /** For each bug, the test files that are nearest to it: they try it beyond `maxTries`. */
  near: Readonly<Record<number, readonly string[]>>
  /** A test is repeated with as many bugs as this time (ms) allows. */
  placesMs: number
}

const ROOT = join(import.meta.dirname, '../..')
/** Bugs of one file, so that long files do not make up the sample. */
const MAX_PER_FILE = 2
const LOOPS = /^src\/(jobs|notifications\/delivery|connectivity|forwards|hosts)\/|^src\/detectors\/evaluate/
const DOORS = /^src\/(intake|chat|command)\/|^src\/dispatcher\.ts$|^commands\//
const RULES = /^src\/(checks|alerts|detectors|notifications|probes|projects|logs|analysis|status-page|imports)\//
const TABLES =
  /^src\/(checks|probes|projects|alerts|notifications|status-page|hosts|analysis|connectivity|forwards)\/([\w-]+\/)?[\w-]+s\.ts$|\/(outbox|people|lifecycle)\.ts$|^src\/logs\/(searches|archives|log-formats|counters|window-counts|errors\/errors|sources)\.ts$/
/** What runs in threads and processes of its own, where a bug cannot be switched on, and what is no behaviour. */
const LEFT_OUT =
  /\.test\.ts$|\.testing\.ts$|-cases\.ts$|^src\/(testing|simulation|state|charts)\/|^src\/logs\/(embedded|contract)\/|\/openapi\/|\/index\.ts$|definition\.ts$|^src\/jobs\/scenarios/

/** `count` bugs by a seed; the same seed draws the same bugs from the same sources. */
export function drawSample(seed: number, count: number): PlantedBug[] {
  const random = createRandom(seed)
  const changes = listSources().flatMap(file => {
    const code = readFileSync(join(ROOT, file), 'utf8')
    const area = areaOf(file)
    return area === null ? [] : findChanges(code).map(change => ({ ...change, file, area, line: lineAt(code, change) }))
  })
  const chosen: Omit<PlantedBug, 'id'>[] = []
  const areas: Area[] = ['rules', 'tables', 'loops', 'doors']
  for (const [at, area] of areas.entries()) {
    const wanted = Math.floor((count * (at + 1)) / areas.length) - Math.floor((count * at) / areas.length)
    const pool = changes.filter(change => change.area === area)
    for (let drawn = 0; drawn < wanted && pool.length > 0; ) {
      const [candidate] = pool.splice(Math.floor(random() * pool.length), 1)
      const same = chosen.filter(({ file }) => file === candidate!.file)
      if (same.length >= MAX_PER_FILE || same.some(other => overlap(other, candidate!))) continue
      chosen.push(candidate!)
      drawn++
    }
  }
  return chosen.map((change, at) => ({ ...change, id: at + 1 }))
}

/** Every change of one file as a bug; `firstId` is the number of the first. */
export function listBugs(file: string, firstId: number): PlantedBug[] {
  const code = readFileSync(join(ROOT, file), 'utf8')
  return findChanges(code).map((change, at) => {
    return { ...change, id: firstId + at, file, area: areaOf(file) ?? 'rules', line: lineAt(code, change) }
  })
}

function areaOf(file: string): Area | null {
  if (LEFT_OUT.test(file)) return null
  if (DOORS.test(file)) return 'doors'
  if (TABLES.test(file)) return 'tables'
  if (LOOPS.test(file)) return 'loops'
  return RULES.test(file) ? 'rules' : null
}

function listSources(): string[] {
  return ['src', 'commands']
    .flatMap(folder => readdirSync(join(ROOT, folder), { recursive: true }).map(file => join(folder, String(file))))
    .filter(file => file.endsWith('.ts'))
    .sort()
}

function lineAt(code: string, { start }: Change): number {
  return code.slice(0, start).split('\n').length
}

function overlap(a: Change, b: Change): boolean {
  return a.start < b.end && b.start < a.end
}
