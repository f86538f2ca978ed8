// Decides about probes: a target does not answer as expected, answers again, or shows a certificate that ends soon. Pure.
import type { Field, Text } from '../card.ts'
import type { Beat } from '../checks/beats.ts'
import type { BeatEffect, Check } from '../checks/check.ts'
import { quoteWord } from '../command/command-line.ts'
import { redact } from '../logs/redact/redact.ts'
import { DEFAULT_STATUSES, daysUntil, type Probe, type ProbeResult } from '../probes/probe.ts'
import type { Labels } from '../state/schema/index.ts'
import { firstLine, plural, truncate } from '../text.ts'
import { aboutDuration, formatDuration } from '../time.ts'
import { withTemplates } from './check-templates.ts'
import type { DetectionResult, Finding } from './finding.ts'
import { beatStrip, checkKey } from './missed-beat.ts'

/** What is stored about a probe beside its rows. */
export type ProbeFacts = {
  project: string
  /** The latest results, newest first. */
  recentBeats: readonly Beat[]
  /** How often the project reminds people of an alert, ms. */
  remindEvery: number
}

const MAX_TITLE_MESSAGE_LENGTH = 90
const MAX_EXCERPT_LENGTH = 200

/** The key of the alert about the certificate of a probe. */
export function certificateKey(check: Pick<Check, 'id'>): string {
  return `check:${check.id}:certificate`
}

/**
 * What a result means to people. `check` and `probe` are as the result left them, `lastMessage` is that of the result before;
 * `readFacts` is only called for a result.
 */
export function evaluateProbe(
  { check, probe, effect }: { check: Check; probe: Probe; effect: BeatEffect },
  result: ProbeResult,
  lastMessage: string | null,
  readFacts: () => ProbeFacts,
): DetectionResult[] {
  // While it goes on for the same reason there is nothing new to show.
  if (effect === 'none' || (effect === 'failed again' && lastMessage === result.message)) return []
  const facts = readFacts()
  if (effect === 'recovered') {
    const observation = { lines: [recovery(check, result)], fields: fields(check, facts.recentBeats) }
    return [{ kind: 'resolved', key: checkKey(check), observation }]
  }
  return [{ kind: 'firing', finding: failure(check, probe, result, facts) }]
}

/**
 * What the certificate of an https probe means to people at `now`: it ends within the days that the check allows. `before` is
 * the probe before the result. Empty unless something about it changed.
 */
export function evaluateCertificate(
  check: Check,
  before: Pick<Probe, 'lastAt' | 'certificateEndsAt'>,
  probe: Probe,
  now: number,
  readFacts: () => ProbeFacts,
): DetectionResult[] {
  const ends = probe.certificateEndsAt
  // The failure of a tls probe is this very thing.
  if (ends === null || probe.kind !== 'http' || probe.certDays === 0) return []
  const days = daysUntil(ends, now)
  const isUnchanged =
    before.lastAt !== null && before.certificateEndsAt === ends && daysUntil(ends, before.lastAt) === days
  if (isUnchanged) return []
  if (days >= probe.certDays) return [{ kind: 'resolved', key: certificateKey(check) }]
  const { project, remindEvery } = readFacts()
  const host = URL.parse(probe.target)?.host ?? check.name
  const left = days < 0 ? 'has expired' : `ends in ${plural(days, 'day')}`
  return [
    {
      kind: 'firing',
      finding: withTemplates(check, {
        ...{ key: certificateKey(check), detector: 'certificate', projectId: check.projectId, severity: 'warning' },
        title: `The certificate of ${host} ${left}`,
        since: now,
        isSinceEstimated: true,
        occurrences: 0,
        labels: labelsOf(check, probe),
        owner: check.owner,
        remindEvery: check.remindEvery ?? remindEvery,
        observation: {
          lines: [
            ['It ends ', { time: ends, style: 'moment' }, `. Renew it; the check ${check.name} looks again by itself.`],
          ],
          buttons: [probeButton(check, project)],
        },
      }),
    },
  ]
}

function failure(
  check: Check,
  probe: Probe,
  result: ProbeResult,
  { recentBeats, remindEvery, project }: ProbeFacts,
): Finding {
  const message = truncate(firstLine(redact(result.message)), MAX_TITLE_MESSAGE_LENGTH)
  return withTemplates(check, {
    key: checkKey(check),
    checkId: check.id,
    detector: 'probe',
    projectId: check.projectId,
    severity: check.severity,
    title: probe.kind === 'tls' ? `${check.name}: ${message}` : `${check.name} is down: ${message}`,
    since: firstFailureAt(check, recentBeats),
    occurrences: 1,
    labels: labelsOf(check, probe),
    owner: check.owner,
    remindEvery: check.remindEvery ?? remindEvery,
    observation: {
      lines: [expectation(probe), ...resultLines(check, result)],
      fields: fields(check, recentBeats),
      buttons: [probeButton(check, project)],
    },
  })
}

/** When the failures in a row began: the outage is at least that old. */
function firstFailureAt(check: Check, recentBeats: readonly Beat[]): number {
  const results = recentBeats.filter(({ kind }) => kind === 'success' || kind === 'fail')
  const failures = results.findIndex(({ kind }) => kind === 'success')
  const first = results.slice(0, Math.min(failures < 0 ? results.length : failures, check.misses)).at(-1)
  return first?.receivedAt ?? check.missedAt!
}

/** What a probe asks and expects, in a sentence. */
export function expectation(probe: Probe): Text {
  const { kind, target, command, expect, expectStatus, timeout, method } = probe
  const wanted = expect === '' ? [] : expect.split('\n').map(text => `"${text}"`)
  const status = kind === 'http' ? [`status ${expectStatus ?? DEFAULT_STATUSES}`] : []
  const expected = [...status, ...wanted]
  const what: Text =
    kind === 'command'
      ? ['Runs ', { code: command ?? '' }, ` on ${target}`]
      : [`${kind === 'http' && method !== 'GET' ? `${method} ` : ''}`, { code: redact(target) }]
  return [
    ...what,
    expected.length > 0 ? `, expects ${expected.join(' and ')}` : '',
    ` within ${formatDuration(timeout)}.`,
  ]
}

function resultLines(check: Check, result: ProbeResult): Text[] {
  const took = result.durationMs === null ? '' : ` after ${writeMilliseconds(result.durationMs)}`
  const from = result.address === null ? '' : ` from ${result.address}`
  const excerpt = truncate(
    redact(result.excerpt ?? '')
      .replaceAll(/\s+/g, ' ')
      .trim(),
    MAX_EXCERPT_LENGTH,
  )
  return [
    ['Got: ', { bold: redact(result.message) }, `${took}${from}.`],
    ...(result.viewpoints === undefined ? [] : [redact(result.viewpoints)]),
    ...(excerpt === '' ? [] : [['The answer begins: ', { code: excerpt }] as Text]),
    ...(check.after > 1 ? [`${plural(check.misses, 'failure')} in a row; it alerts after ${check.after}.`] : []),
  ]
}

function recovery(check: Check, { message, durationMs, viewpoints }: ProbeResult): Text {
  const took = durationMs === null ? '' : ` in ${writeMilliseconds(durationMs)}`
  return [
    'It answers again since ',
    { time: check.lastBeatAt!, style: 'moment' },
    `: ${redact(message)}${took}.${viewpoints === undefined ? '' : ` ${redact(viewpoints)}`}`,
  ]
}

function fields(check: Check, recentBeats: readonly Beat[]): Field[] {
  return [{ name: 'Last probes', value: beatStrip(check, recentBeats) }]
}

function probeButton(check: Check, project: string) {
  return { label: 'Probe now', line: `checks probe ${quoteWord(check.name)} --project ${project}` }
}

function labelsOf({ name, host, dependsOn, lan }: Check, { kind, target }: Probe): Labels {
  const on = kind === 'command' ? target : host
  return {
    check: name,
    probe: kind,
    ...(on === null ? {} : { host: on }),
    ...(dependsOn === null ? {} : { depends_on: dependsOn }),
    ...(lan ? { lan: 'yes' } : {}),
  }
}

/** A response time as people read it: `0.4 ms`, `45 ms`, `1.2 s`. */
export function writeMilliseconds(ms: number): string {
  if (ms >= 10_000) return aboutDuration(ms)
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}
