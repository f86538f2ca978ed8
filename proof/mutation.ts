// Makes every small change of ten rule files, one at a time, and counts how many of them the files' own tests notice.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MINUTE } from '../src/time.ts'
import { isEquivalent } from './planted/equivalents.ts'
import { runTests } from './planted/run-tests.ts'
import { createProgress, listBugs, type PlantedBug, type Progress } from './planted/sample.ts'

const MIN_SHARE = 0.85
const PLACES_MS = 120_000
/** The rule files, and the tests of each. */
const RULE_FILES: Readonly<Record<string, readonly string[]>> = {
  'src/alerts/alert.ts': [
    'src/alerts/alert.test.ts',
    'src/alerts/alert.story.test.ts',
    'src/alerts/reminders.story.test.ts',
    'src/notifications/delivery/deliver-once.test.ts',
  ],
  'src/checks/check.ts': [
    'src/checks/check.test.ts',
    'src/checks/check-life.test.ts',
    'src/checks/check-downtime.test.ts',
    'src/checks/heartbeat.story.test.ts',
  ],
  'src/checks/cron.ts': ['src/checks/cron.test.ts'],
  'src/alerts/matcher.ts': ['src/alerts/matcher.test.ts'],
  'src/notifications/routing/route.ts': ['src/notifications/routing/route.test.ts'],
  'src/notifications/routing/escalation.ts': ['src/notifications/routing/escalation.test.ts'],
  'src/alerts/suppression/suppression.ts': ['src/alerts/suppression/suppression.test.ts'],
  'src/detectors/rules/rule-state.ts': [
    'src/detectors/rules/rule-states.test.ts',
    'src/detectors/rules/decision.test.ts',
    'src/detectors/rules/rules.story.test.ts',
  ],
  'src/notifications/delivery/next-step.ts': ['src/notifications/delivery/next-step.test.ts'],
  'src/logs/redact/personal.ts': ['src/logs/redact/redact.test.ts'],
}

/** `--file` is a part of a path (default: all ten). Prints a score and the survivors of each file. */
export async function mutation({ file: part = '' }: Readonly<Record<string, string>>): Promise<boolean> {
  let holds = true
  for (const [file, tests] of Object.entries(RULE_FILES)) {
    if (!file.includes(part)) continue
    const bugs = listBugs(file, 1).filter(bug => !isEquivalent(bug))
    const survivors = await findSurvivors(bugs, tests)
    const share = 1 - survivors.length / bugs.length
    console.log(`${file}: ${bugs.length - survivors.length} of ${bugs.length} noticed (${(100 * share).toFixed(1)} %)`)
    for (const { line, kind, from, to } of survivors)
      console.log(`  ${line}: ${oneLine(from)} -> ${kind === 'removal' ? '(removed)' : oneLine(to)}`)
    if (share < MIN_SHARE) holds = false
  }
  return holds
}

async function findSurvivors(bugs: readonly PlantedBug[], tests: readonly string[]): Promise<PlantedBug[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-mutation-'))
  const progressFile = join(folder, 'progress.json')
  try {
    writeFileSync(progressFile, JSON.stringify(createProgress()))
    const run = { bugs, order: tests, progressFile, maxTries: Number.MAX_SAFE_INTEGER, placesMs: PLACES_MS, near: {} }
    await runTests(run, Date.now() + 30 * MINUTE)
    const { outcomes, done } = JSON.parse(readFileSync(progressFile, 'utf8')) as Progress
    if (done.length < tests.length) throw new Error(`Of ${tests.join(', ')} only ${done.length} ran to the end.`)
    if (Object.keys(outcomes).length === 0) throw new Error(`${tests.join(', ')} did not run: no bug was reached.`)
    return bugs.filter(({ id }) => (outcomes[id]?.noticedBy ?? null) === null)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 140)
}
