// Runs each test as usual, then again with each planted bug that it reaches and that no test has noticed yet.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type RunnerTask, type RunnerTestCase, type RunnerTestFile, TestRunner } from 'vitest'
import { SECOND } from '../../src/time.ts'
import { isNamedLike } from './covering-tests.ts'
import type { Attempt, Outcome, Progress, Run } from './sample.ts'
import { Switchboard } from './switchboard.ts'

declare global {
  // One for all test files of the process; each file has a runner of its own.
  var __planted: Switchboard
  var __plantedProgress: Progress
}

const { bugs, progressFile, maxTries, placesMs, near } = JSON.parse(
  readFileSync(process.env.PLANTED_SAMPLE!, 'utf8'),
) as Run
/** A slow test is tried with no fewer bugs than these, although they take longer than `placesMs`. */
const MIN_BUGS = 3
/** Repetitions of one test at most: each bug may need one more without it; it ends when no bug is left. */
const MAX_REPEATS = 2 * bugs.length
/** What is known is written this often, so that a run that is ended loses little. */
const SAVE_MS = 2000
/** How long a test may take with a bug: this and some times what it takes without. */
const PATIENCE_SECONDS = 10
const PATIENCE_FACTOR = 8
const PLAIN_PATIENCE_SECONDS = 600
const attemptFile = `${progressFile}.attempt`

const NAMESAKE_FACTOR = 3
const fileOf = new Map(bugs.map(({ id, file }) => [id, file]))

globalThis.__planted ??= new Switchboard(bugs)
globalThis.__plantedProgress ??= JSON.parse(readFileSync(progressFile, 'utf8')) as Progress
const board = globalThis.__planted
let savedAt = 0

export default class PlantedRunner extends TestRunner {
  readonly #progress = globalThis.__plantedProgress
  #repeat = 0
  #queue: number[] = []
  /** The bug that is tried (0: none), until it is known what came of it. */
  #current: number | null = null
  #begunAt = 0
  #baseMs = 0
  /** The bug that the run before noticed, until a run without it has passed. */
  #suspect = 0

  override onBeforeTryTask(test: RunnerTestCase, options: { retry: number; repeats: number }): void {
    this.#repeat = options.repeats
    board.switchTo(0)
    super.onBeforeTryTask(test, options)
    // What a test prepares before each run belongs to it.
    if (this.#repeat === 0) {
      board.reached.clear()
      this.#queue = []
      this.#begunAt = performance.now()
      noteAttempt({ id: 0, test: nameOf(test), patience: PLAIN_PATIENCE_SECONDS })
      return
    }
    this.#current = this.#queue.shift() ?? null
    if (this.#current === null) return
    // What a bug leaves behind may make the run after it hang.
    noteAttempt({ id: this.#current || this.#suspect, test: nameOf(test), patience: this.#patience })
    board.switchTo(this.#current)
  }

  override async onBeforeRunTask(test: RunnerTask): Promise<void> {
    if (test.type === 'test' && !test.concurrent) test.repeats = MAX_REPEATS
    if (Date.now() - savedAt > SAVE_MS) this.#save()
    await super.onBeforeRunTask(test)
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    const run = TestRunner.getTestFn(test)
    if (this.#repeat === 0) return this.#runPlain(test, run)
    if (this.#current === null) {
      this.#progress.tests.push(test.id)
      return test.context.skip()
    }
    try {
      await inTime(run, this.#patience)
      this.#passed(this.#current)
    } catch (error) {
      this.#failed(this.#current, nameOf(test), error)
    } finally {
      this.#endAttempt()
    }
  }

  override async onAfterRetryTask(
    test: RunnerTestCase,
    options: Parameters<TestRunner['onAfterRetryTask']>[1],
  ): Promise<void> {
    if (this.#current !== null) this.#failed(this.#current, nameOf(test), 'what comes before the test failed')
    this.#endAttempt()
    await super.onAfterRetryTask(test, options)
  }

  /** Runs a test without a bug, and notes which bugs it reaches. */
  async #runPlain(test: RunnerTestCase, run: () => unknown): Promise<void> {
    try {
      await run()
    } finally {
      this.#endAttempt()
    }
    this.#baseMs = performance.now() - this.#begunAt
    if (this.#progress.tests.includes(test.id)) return
    const open = [...board.reached].filter(id => this.#isOpen(id, test.file.name))
    const places = Math.max(MIN_BUGS, Math.floor(placesMs / this.#baseMs))
    this.#queue = open.sort((a, b) => this.#outcome(a).tries - this.#outcome(b).tries).slice(0, places)
  }

  #endAttempt(): void {
    this.#current = null
    board.switchTo(0)
    rmSync(attemptFile, { force: true })
  }

  override onAfterRunFiles(files: RunnerTestFile[]): void {
    this.#progress.done.push(...files.map(file => file.name))
    this.#progress.tests = []
    this.#save()
    super.onAfterRunFiles(files)
  }

  #save(): void {
    writeFileSync(`${progressFile}.new`, JSON.stringify(this.#progress))
    renameSync(`${progressFile}.new`, progressFile)
    savedAt = Date.now()
  }

  /** Many tests reach some code by the way; those that are near it or named like it may try more. */
  #isOpen(id: number, testFile: string): boolean {
    const { noticedBy, tries } = this.#outcome(id)
    if (noticedBy !== null) return false
    if (tries < maxTries || near[id]?.includes(testFile)) return true
    return tries < NAMESAKE_FACTOR * maxTries && isNamedLike(testFile, fileOf.get(id)!)
  }

  get #patience(): number {
    return PATIENCE_SECONDS + Math.ceil((PATIENCE_FACTOR * this.#baseMs) / SECOND)
  }

  #outcome(id: number): Outcome {
    this.#progress.outcomes[id] ??= { noticedBy: null, tries: 0 }
    return this.#progress.outcomes[id]
  }

  #passed(id: number): void {
    if (id !== 0) this.#outcome(id).tries++
    this.#suspect = 0
  }

  #failed(id: number, name: string, error: unknown): void {
    if (id === 0) {
      // The test fails without any bug: what it said before does not count.
      if (this.#suspect !== 0) this.#outcome(this.#suspect).noticedBy = null
      this.#progress.unusable.push(`${name}: ${error}`)
      this.#queue = []
      this.#suspect = 0
      return
    }
    this.#outcome(id).noticedBy = name
    this.#suspect = id
    this.#queue.unshift(0)
  }
}

function nameOf(test: RunnerTestCase): string {
  return `${test.file.name} > ${test.name}`
}

/** Notes what is tried, for the process that watches this one. */
function noteAttempt(attempt: Omit<Attempt, 'pid'>): void {
  writeFileSync(attemptFile, JSON.stringify({ ...attempt, pid: process.pid } satisfies Attempt))
}

/** Rejects when `run` takes longer than `seconds`; they are counted one by one, so that a pause of the process is none. */
function inTime(run: () => unknown, seconds: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((_, reject) => {
    let passed = 0
    timer = setInterval(() => {
      if (++passed > seconds) reject(new Error('too late'))
    }, SECOND)
  })
  return Promise.race([(async () => run())(), late]).finally(() => clearInterval(timer))
}
