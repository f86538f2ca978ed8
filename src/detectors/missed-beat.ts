// Finds checks whose beat did not come, came as a failure, or whose run did not finish.
import type { Field, Text } from '../card.ts'
import { type Beat, listBeats } from '../checks/beats.ts'
import { applyDeadline, type BeatEffect, type Check, type CheckChanges } from '../checks/check.ts'
import { updateCheck } from '../checks/checks.ts'
import { nextDeadline, overdueChecks, type Reachable } from '../checks/deadlines.ts'
import { hourOffset } from '../checks/hour-offset.ts'
import { describeSchedule } from '../checks/schedule.ts'
import { readProjectById } from '../projects/projects.ts'
import type { State } from '../state/database.ts'
import { aboutDuration, formatDuration } from '../time.ts'
import type { DetectionResult, Finding, Labels } from './finding.ts'
import { cut } from './logs/error-finding.ts'

const STRIP_LENGTH = 12

/** The key of a check's alert: by id, because names are given to others again. */
export function checkKey(check: Check): string {
  return `check:${check.id}`
}

/** Judges up to `limit` checks whose deadline has passed at `now`, the longest overdue first; only those that are `heard`. */
export function detectMissedBeats(
  state: State,
  now: number,
  limit: number,
  heard: Reachable = 'all',
): DetectionResult[] {
  if ((nextDeadline(state, heard) ?? Number.POSITIVE_INFINITY) > now) return []
  return overdueChecks(state, now, limit, heard).flatMap(check => {
    const { changes, outcomes } = judge(state, check)
    updateCheck(state, check.id, changes)
    return outcomes
  })
}

/** One check that cannot be worked out (its time zone is no more, say) must not stop all the others: it is down. */
function judge(state: State, check: Check): { changes: CheckChanges; outcomes: DetectionResult[] } {
  try {
    const { changes, turn } = applyDeadline(check)
    return { changes, outcomes: checkOutcome(state, { ...check, ...changes }, turn) }
  } catch (error) {
    const missed = { misses: check.misses + 1, missKind: 'silent', missedAt: check.downAt } as const
    const changes = { ...missed, status: 'down' as const, lateAt: null, downAt: null }
    const why = `When it is due next cannot be worked out: ${(error as Error).message}`
    const found = finding(state, { ...check, ...changes }, listBeats(state, check.id, STRIP_LENGTH * 2), why)
    return { changes, outcomes: [{ kind: 'found', finding: found }] }
  }
}

/** What a turn of a check (after a beat or a deadline) is to people: a finding, its end, or nothing. */
export function checkOutcome(state: State, check: Check, turn: BeatEffect): DetectionResult[] {
  if (turn === 'none') return []
  const recent = listBeats(state, check.id, STRIP_LENGTH * 2)
  if (turn === 'recovered')
    return [
      { kind: 'gone', key: checkKey(check), observation: { lines: [recovery(check)], fields: fields(check, recent) } },
    ]
  const hint = check.missKind === 'silent' ? hourOffset(check, recent) : null
  return [{ kind: 'found', finding: finding(state, check, recent, hint) }]
}

function finding(state: State, check: Check, recent: readonly Beat[], hint: string | null): Finding {
  const project = readProjectById(state, check.projectId)
  const last = recent[0]
  const titles = {
    silent: `${check.name} sent no beat`,
    unfinished: `${check.name} started and did not finish`,
    failed: `${check.name} ${last?.exitStatus ? `failed with exit status ${last.exitStatus}` : 'reported a failure'}`,
  }
  return {
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
    remindEvery: check.remindEvery ?? project?.remindEvery ?? 0,
    observation: {
      lines: [expectation(check), ...whatCame(check, last), ...(hint ? [hint] : [])],
      fields: fields(check, recent),
    },
  }
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

function whatCame(check: Check, last: Beat | undefined): Text[] {
  const lines: Text[] = []
  if (check.missKind === 'failed') {
    const said = last?.body?.toString('utf8').trim().split('\n').at(-1)
    lines.push(said ? ['It said: ', { code: cut(said, 200) }] : 'It said nothing more.')
  } else if (check.lastBeatAt === null) lines.push('No beat ever came.')
  else
    lines.push([
      'Last beat ',
      { time: check.lastBeatAt, style: 'relative' },
      ', at ',
      { time: check.lastBeatAt, style: 'moment' },
      '.',
    ])
  if (check.after > 1) lines.push(`${check.misses} misses in a row; it alerts after ${check.after}.`)
  return lines
}

function recovery(check: Check): Text {
  const ran = check.lastDuration === null ? '' : ` It ran for ${aboutDuration(check.lastDuration)}.`
  return ['A beat came at ', { time: check.lastBeatAt!, style: 'moment' }, `.${ran}`]
}

function fields(check: Check, recent: readonly Beat[]): Field[] {
  return [{ name: 'Last beats', value: beatStrip(check, recent) }]
}

/** The last beats, oldest first, as squares: green came, red failed, white did not come. */
export function beatStrip(check: Check, recent: readonly Beat[]): string {
  const squares = recent
    .filter(beat => beat.kind === 'success' || beat.kind === 'fail')
    .map(beat => (beat.kind === 'success' ? '🟩' : '🟥'))
    .slice(0, STRIP_LENGTH)
    .reverse()
  const silent = check.missKind !== null && check.missKind !== 'failed' ? '⬜' : ''
  return squares.join('') + silent || 'none yet'
}
