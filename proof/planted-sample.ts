// Plants a fresh sample of bugs in the sources, one at a time, and counts how many of them the tests notice.
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MINUTE } from '../src/time.ts'
import { listCoveringTests } from './planted/covering-tests.ts'
import { isEquivalent } from './planted/equivalents.ts'
import { runTests } from './planted/run-tests.ts'
import { createProgress, drawSample, MAX_TRIES, type PlantedBug, type Progress } from './planted/sample.ts'

const ROOT = join(import.meta.dirname, '..')
const MIN_SHARE = 0.85
/** How long one test is repeated with bug after bug, ms. */
const PLACES_MS = 10_000
/** So many of the nearest test files try a bug, however many tests did before. */
const NEAR_FILES = 15
const AREAS = ['rules', 'tables', 'loops', 'doors'] as const

/**
 * Draws `--count` bugs (default: 112) by `--seed` (default: a new one) and runs the tests that reach their files, the nearest first, for
 * at most `--minutes` (default: 60). `--only 3,17` plants these alone; `--progress FILE` goes on where an earlier run
 * with the same seed ended. Resolves with whether at least 85 % of those that change
 * behaviour are noticed.
 */
export async function plantedSample(options: Readonly<Record<string, string>>): Promise<boolean> {
  const seed = Number(options.seed ?? Date.now() % 1_000_000)
  const only = options.only?.split(',').map(Number)
  const drawn = drawSample(seed, Number(options.count ?? 112))
  const bugs = only ? drawn.filter(({ id }) => only.includes(id)) : drawn
  const folder = mkdtempSync(join(tmpdir(), 'vakt-planted-'))
  const progressFile = options.progress ?? join(folder, 'progress.json')
  const sample = createHash('sha256').update(JSON.stringify(bugs)).digest('hex')
  if (!existsSync(progressFile)) writeFileSync(progressFile, JSON.stringify(createProgress(sample)))
  const { done, sample: started, outcomes } = JSON.parse(readFileSync(progressFile, 'utf8')) as Progress
  if (started !== sample)
    throw new Error(`${progressFile} is of another seed, or the sources changed since. Start again with another file.`)
  const isOpen = ({ id }: PlantedBug) =>
    (outcomes[id]?.noticedBy ?? null) === null && (outcomes[id]?.tries ?? 0) < MAX_TRIES
  const open = new Set(bugs.filter(isOpen).map(({ file }) => file))
  const order = listCoveringTests(ROOT, [...open]).filter(file => !done.includes(file))
  console.log(`planted-sample: seed ${seed}, ${bugs.length} bugs, ${order.length} test files`)
  try {
    const until = Date.now() + Number(options.minutes ?? 60) * MINUTE
    const near = Object.fromEntries(
      bugs.map(({ id, file }) => [id, listCoveringTests(ROOT, [file]).slice(0, NEAR_FILES)]),
    )
    await runTests({ bugs, order, progressFile, maxTries: MAX_TRIES, placesMs: PLACES_MS, near }, until)
    return report(bugs, JSON.parse(readFileSync(progressFile, 'utf8')) as Progress, order)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Prints what was missed; until every test file has run, a bug that too few tests have reached is open and does not count. */
function report(
  bugs: readonly PlantedBug[],
  { outcomes, unusable, done }: Progress,
  order: readonly string[],
): boolean {
  const left = order.filter(file => !done.includes(file))
  const isOver = left.length === 0
  const isNoticed = ({ id }: PlantedBug) => (outcomes[id]?.noticedBy ?? null) !== null
  const triesOf = ({ id }: PlantedBug) => outcomes[id]?.tries ?? 0
  const kept = bugs.filter(bug => !isEquivalent(bug))
  const counted = kept.filter(bug => isOver || isNoticed(bug) || triesOf(bug) >= MAX_TRIES)
  for (const bug of counted.filter(bug => !isNoticed(bug))) {
    const tries = triesOf(bug)
    console.log(`  missed ${bug.id} ${bug.area} ${bug.file}:${bug.line} (${tries} tests reach it)`)
    console.log(`    ${shorten(bug.from)}\n    -> ${bug.kind === 'removal' ? '(removed)' : shorten(bug.to)}`)
  }
  for (const area of [...AREAS, null]) {
    const selected = counted.filter(bug => area === null || bug.area === area)
    const noticed = selected.filter(isNoticed).length
    const share = selected.length === 0 ? '-' : `${((100 * noticed) / selected.length).toFixed(1)} %`
    console.log(`${(area ?? 'all').padEnd(8)} ${noticed} of ${selected.length} noticed (${share})`)
  }
  console.log(
    `${bugs.length - kept.length} change nothing; ${unusable.length} tests cannot be repeated and were left out`,
  )
  if (!isOver)
    console.log(
      `${done.length} test files ran, ${left.length} may follow; ${kept.length - counted.length} bugs are open: go on with --progress`,
    )
  return isOver && counted.filter(isNoticed).length / counted.length >= MIN_SHARE
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 140 ? `${line.slice(0, 140)} …` : line
}
