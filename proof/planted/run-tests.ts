// Runs the tests with planted bugs in a process of its own, which is ended and started again after a bug that it hangs in.
import { spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SECOND } from '../../src/time.ts'
import type { Attempt, Progress, Run } from './sample.ts'

const ROOT = join(import.meta.dirname, '../..')
/** What a test has beside its own patience: an endless loop keeps it from looking at a timer. */
const MARGIN_TICKS = 5

/**
 * Runs the tests until all are done or it is `until` (epoch ms); what is known then is in the progress file. A bug that makes a
 * test hang or ends its process counts as noticed.
 */
export async function runTests(run: Run, until: number): Promise<void> {
  for (;;) {
    const { done } = JSON.parse(readFileSync(run.progressFile, 'utf8')) as Progress
    const order = run.order.filter(file => !done.includes(file))
    if (order.length === 0) return
    const broken = await runOnce({ ...run, order }, until)
    if (broken === null || Date.now() >= until) return
    noteNoticed(run.progressFile, broken)
  }
}

/** Resolves with the attempt in which the process hung or broke, null when it ended by itself or in time. */
async function runOnce(run: Run, until: number): Promise<Attempt | null> {
  const file = `${run.progressFile}.run`
  const attemptFile = `${run.progressFile}.attempt`
  rmSync(attemptFile, { force: true })
  writeFileSync(file, JSON.stringify(run))
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
  const words = [vitest, 'run', '--config', join(ROOT, 'proof/planted/vitest.config.ts')]
  const child = spawn(process.execPath, words, {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, PLANTED_SAMPLE: file, CI: '1' },
  })
  const timer = setTimeout(() => child.kill('SIGTERM'), until - Date.now())
  const watch = watchAttempts(attemptFile, ({ pid }) => {
    kill(pid)
    child.kill('SIGKILL')
  })
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', () => resolve())
    })
    return readAttempt(attemptFile)
  } finally {
    clearTimeout(timer)
    clearInterval(watch)
    for (const name of [file, attemptFile]) rmSync(name, { force: true })
  }
}

/** Counts its own seconds, so that a pause of all processes is no hanging. */
function watchAttempts(attemptFile: string, onHang: (attempt: Attempt) => void): NodeJS.Timeout {
  let last = ''
  let ticks = 0
  return setInterval(() => {
    const attempt = readAttempt(attemptFile)
    const now = JSON.stringify(attempt)
    ticks = now === last ? ticks + 1 : 0
    last = now
    if (attempt && ticks > attempt.patience + MARGIN_TICKS) onHang(attempt)
  }, SECOND)
}

/** What the process tries now; null between two bugs. */
function readAttempt(attemptFile: string): Attempt | null {
  try {
    return JSON.parse(readFileSync(attemptFile, 'utf8')) as Attempt
  } catch {
    return null
  }
}

function noteNoticed(progressFile: string, { id, test }: Attempt): void {
  const progress = JSON.parse(readFileSync(progressFile, 'utf8')) as Progress
  if (id === 0) throw new Error(`${test} does not end, or ends the process, without any bug.`)
  const tries = progress.outcomes[id]?.tries ?? 0
  progress.outcomes[id] = { noticedBy: `${test} (it does not end)`, tries }
  writeFileSync(progressFile, JSON.stringify(progress))
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
