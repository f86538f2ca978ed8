// Decides about checks: a beat did not come, reported a failure, or belongs to a run that did not finish. Pure.
import type { Button, Evidence, Field, Text } from '../card.ts'
import type { Beat } from '../checks/beats.ts'
import { applyDeadline, type BeatEffect, type Check, type CheckChanges } from '../checks/check.ts'
import { hourOffset } from '../checks/hour-offset.ts'
import { describeSchedule } from '../checks/schedule.ts'
import { quoteWord } from '../command/command-line.ts'
import { redact } from '../logs/redact/redact.ts'
import { redactionMark } from '../logs/redact/tokens.ts'
import type { Labels } from '../state/schema/index.ts'
import { errorMessage, truncate } from '../text.ts'
import { aboutDuration, formatDuration } from '../time.ts'
import { withTemplates } from './check-templates.ts'
import type { DetectionResult, Finding } from './finding.ts'

/** What is stored about a check beside its row. */
export type CheckFacts = {
  /** The latest beats, newest first. */
  recentBeats: readonly Beat[]
  /** How often the project reminds people of an alert, ms. */
  remindEvery: number
}

/** How many of the latest beats a decision needs. */
export const RECENT_BEATS = 24
const STRIP_LENGTH = 12
const MAX_OUTPUT_LENGTH = 200
/** How much of an output a card shows above its last line. */
const MAX_EVIDENCE_LINES = 12
const MAX_EVIDENCE_LENGTH = 900

/** The key of a check's alert: by id, because the name of a removed check may be used again. */
export function checkKey(check: Check): string {
  return `check:${check.id}`
}

/**
 * What becomes of a check whose deadline has passed. A check whose next deadline cannot be computed, because its time zone
 * does not exist any more for example, is down; it must not stop the others. `readFacts` is only called for a result.
 */
export function evaluateDeadline(
  check: Check,
  readFacts: () => CheckFacts,
): { changes: CheckChanges; results: DetectionResult[] } {
  try {
    const { changes, turn: effect } = applyDeadline(check)
    return { changes, results: evaluateEffect({ ...check, ...changes }, effect, readFacts) }
  } catch (error) {
    const missed = { misses: check.misses + 1, missKind: 'silent', missedAt: check.downAt } as const
    const changes = { ...missed, status: 'down' as const, lateAt: null, downAt: null }
    const line = `The next deadline cannot be computed: ${errorMessage(error)}`
    return { changes, results: [{ kind: 'firing', finding: finding({ ...check, ...changes }, readFacts(), line) }] }
  }
}

/** What the effect of a beat or a deadline on a check means to people; `readFacts` is only called for a result. */
export function evaluateEffect(check: Check, effect: BeatEffect, readFacts: () => CheckFacts): DetectionResult[] {
  if (effect === 'none') return []
  const facts = readFacts()
  const { recentBeats } = facts
  if (effect === 'recovered') {
    const observation = { lines: [recovery(check)], facts: smallFacts(check, recentBeats) }
    return [{ kind: 'resolved', key: checkKey(check), observation }]
  }
  const hint = check.missKind === 'silent' ? hourOffset(check, recentBeats) : null
  return [{ kind: 'firing', finding: finding(check, facts, hint) }]
}

function finding(check: Check, { recentBeats, remindEvery }: CheckFacts, hint: string | null): Finding {
  const last = recentBeats[0]
  const { lines, evidence } =
    check.missKind === 'failed' ? failure(check, last) : { lines: silence(check), evidence: [] }
  const titles = {
    silent: `${check.name} sent no beat`,
    unfinished: `${check.name} started and did not finish`,
    failed: `${check.name} ${last?.exitStatus ? `failed with exit status ${last.exitStatus}` : 'reported a failure'}`,
  }
  return withTemplates(check, {
    key: checkKey(check),
    checkId: check.id,
    detector: 'missed-beat',
    projectId: check.projectId,
    severity: check.severity,
    title: titles[check.missKind!],
    since: check.missedAt!,
    occurrences: 1,
    labels: labelsOf(check),
    owner: check.owner,
    remindEvery: check.remindEvery ?? remindEvery,
    observation: {
      lines: [...lines, ...missesLines(check), ...(hint ? [hint] : [])],
      ...(evidence.length > 0 ? { evidence } : {}),
      facts: smallFacts(check, recentBeats),
      ...(check.missKind === 'failed' && last?.body ? { buttons: [outputButton(check, last)] } : {}),
    },
  })
}

/** Leads to all that the job wrote. */
function outputButton({ name }: Check, { id }: Beat): Button {
  return { label: 'Output', line: `checks output ${quoteWord(name)} --beat ${id}` }
}

function labelsOf({ name, missKind, host, dependsOn, lan }: Check): Labels {
  return {
    check: name,
    ...(missKind === null ? {} : { miss: missKind }),
    ...(host === null ? {} : { host }),
    ...(dependsOn === null ? {} : { depends_on: dependsOn }),
    ...(lan ? { lan: 'yes' } : {}),
  }
}

function expectation(check: Check): Text {
  if (check.missKind === 'unfinished') {
    const limit = check.maxRuntime ?? check.grace
    return [
      'Expected to finish within ',
      { bold: formatDuration(limit) },
      ' of its start at ',
      { time: check.lastStartAt ?? check.missedAt! - limit, style: 'moment' },
      '.',
    ]
  }
  return `Expected ${describeSchedule(check)}, with ${formatDuration(check.grace)} of grace.`
}

/** What was expected of a check that sent nothing or did not finish, and what came last. */
function silence(check: Check): Text[] {
  const last: Text =
    check.lastBeatAt === null
      ? 'It has never sent a beat.'
      : [
          'Last beat ',
          { time: check.lastBeatAt, style: 'relative' },
          ', at ',
          { time: check.lastBeatAt, style: 'moment' },
          '.',
        ]
  return [expectation(check), last]
}

/** The last line of what the job wrote, and before it the end of the rest. */
function failure(check: Check, last: Beat | undefined): { lines: Text[]; evidence: Evidence[] } {
  // The card goes to chats; scripts print their own ping URL with `set -x`.
  const output = redact(last?.body?.toString('utf8') ?? '').replaceAll(check.uuid, redactionMark('ping key'))
  const written = output.replaceAll('\r\n', '\n').trimEnd().split('\n')
  const end = written.pop()!.trim()
  if (end === '') return { lines: ['It sent no output.'], evidence: [] }
  const text = lastLines(written)
  return {
    lines: [[{ code: truncate(end, MAX_OUTPUT_LENGTH) }]],
    evidence: text === '' ? [] : [{ kind: 'output', name: 'Output before that', text }],
  }
}

/** The end of an output, in whole lines where they are not too long. */
function lastLines(lines: readonly string[]): string {
  let text = ''
  for (const line of lines.slice(-MAX_EVIDENCE_LINES).reverse()) {
    const shown = truncate(line.trimEnd(), MAX_OUTPUT_LENGTH)
    if (text.length + shown.length > MAX_EVIDENCE_LENGTH) break
    text = text === '' ? shown : `${shown}\n${text}`
  }
  return text.replace(/^\n+/, '').trimEnd()
}

function missesLines({ after, misses }: Check): Text[] {
  return after > 1 ? [`${misses} misses in a row; it alerts after ${after}.`] : []
}

function recovery(check: Check): Text {
  const ran = check.lastDuration === null ? '' : ` It ran for ${aboutDuration(check.lastDuration)}.`
  return ['A beat came at ', { time: check.lastBeatAt!, style: 'moment' }, `.${ran}`]
}

/** What the job did before, and what is expected of it where the card does not say it. */
function smallFacts(check: Check, recentBeats: readonly Beat[]): Field[] {
  const isExpectationShown = check.missKind === 'silent'
  return [
    { name: 'Last beats', value: beatStrip(check, recentBeats) },
    ...(isExpectationShown ? [] : [{ name: 'Expects', value: describeSchedule(check) }]),
  ]
}

/** The latest beats, oldest first, as squares: green is a success, red a failure, white a missed beat. */
export function beatStrip(check: Check, recentBeats: readonly Beat[]): string {
  const squares = recentBeats
    .filter(beat => beat.kind === 'success' || beat.kind === 'fail')
    .map(beat => (beat.kind === 'success' ? '🟩' : '🟥'))
    .slice(0, STRIP_LENGTH)
    .reverse()
  const missed = check.missKind !== null && check.missKind !== 'failed' ? '⬜' : ''
  return squares.join('') + missed || 'none yet'
}
