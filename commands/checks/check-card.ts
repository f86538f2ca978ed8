// How checks are shown: in full, in one line, and to scripts.
import type { Evidence, Field, Span, Text, Tone } from '../../src/card.ts'
import { type Beat, listBeats } from '../../src/checks/beats.ts'
import { type Check, type ShownStatus, shownStatus } from '../../src/checks/check.ts'
import { slugOf, slugOwner } from '../../src/checks/checks.ts'
import { unknownDependencies } from '../../src/checks/dependencies.ts'
import { expressionsOf } from '../../src/checks/due.ts'
import { readCalendarRow } from '../../src/checks/exceptions/calendars.ts'
import { readExcept } from '../../src/checks/exceptions/exception.ts'
import { clockDifference, hourOffset } from '../../src/checks/hour-offset.ts'
import { describeProbing, describeSchedule } from '../../src/checks/schedule.ts'
import { uniqueKey } from '../../src/checks/unique-key.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { beatStrip, RECENT_BEATS } from '../../src/detectors/missed-beat.ts'
import { redact } from '../../src/logs/redact/redact.ts'
import { redactionMark } from '../../src/logs/redact/tokens.ts'
import { readProbe } from '../../src/probes/probes.ts'
import { readProjectById } from '../../src/projects/projects.ts'
import { plural } from '../../src/text.ts'
import { formatDuration, formatMoment, isoTime } from '../../src/time.ts'
import { type Context, hidesPingUrls } from '../context.ts'
import { fullProbeResult, probeFields, probeLines, probeResult } from './probe-card.ts'

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

const STATUS_ICONS = { new: '⚪', up: '🟢', late: '🟡', down: '🔴', paused: '⏸️' }

/**
 * A check in the machine-readable form that every command answers with. Whoever knows the ping URL can send beats, so
 * viewers get neither it nor the uuid: `unique_key` identifies the check for them, as in Healthchecks.
 */
export function checkResult(context: Context, check: Check) {
  const project = readProjectById(context.state, check.projectId)
  const isHidden = hidesPingUrls(context)
  return {
    check: {
      id: check.id,
      name: check.name,
      slug: check.slug,
      uuid: isHidden ? null : check.uuid,
      unique_key: uniqueKey(check),
      ping_url: isHidden || check.probed ? null : pingUrl(check, context),
      project: project?.name ?? null,
      status: shownStatus(check, context.now),
      started: check.lastStartAt !== null,
      last_beat_at: isoTime(check.lastBeatAt),
      last_duration_ms: check.lastDuration,
      late_at: isoTime(check.lateAt),
      down_at: isoTime(check.downAt),
      beats: check.beats,
      misses: check.misses,
      last_early_ms: check.earlyMs,
      early_beats: check.earlyBeats,
      schedule: {
        every_ms: check.every,
        every_days: check.every === null ? null : check.everyDays,
        // The first expression; `crons` has all of them.
        cron: expressionsOf(check.cron)[0] ?? null,
        crons: expressionsOf(check.cron),
        on_calendar: expressionsOf(check.onCalendar),
        except: expressionsOf(check.except),
        tz: check.timeZone,
        grace_ms: check.grace,
        early_ms: check.early,
        max_runtime_ms: check.maxRuntime,
        after: check.after,
        active: check.active,
      },
      watch_duration: check.watchDuration,
      watch_size: check.watchSize,
      severity: check.severity,
      owner: check.owner,
      title: check.alertTitle,
      note: check.alertNote,
      remind_every_ms: check.remindEvery ?? project?.remindEvery ?? 0,
      depends_on: withoutUuids(check.dependsOn, context),
      host: check.host,
      lan: check.lan,
      probe: probeResult(context, check),
    },
  }
}

/** The same for one check, with the response times and the availability of a probe. */
export function fullCheckResult(context: Context, check: Check) {
  const { check: result } = checkResult(context, check)
  return { check: { ...result, probe: fullProbeResult(context, check) } }
}

/** A beat of a check in the machine-readable form; its body, which may be the trace of a script, as viewers may see it. */
export function beatResult(beat: Beat, check: Check, context: Context) {
  return {
    id: beat.id,
    kind: beat.kind,
    received_at: isoTime(beat.receivedAt),
    method: beat.method,
    scheme: beat.scheme,
    remote_address: beat.remoteAddress,
    user_agent: beat.userAgent,
    exit_status: beat.exitStatus,
    rid: beat.rid,
    duration_ms: beat.duration,
    output_bytes: beat.outputBytes,
    body_bytes: beat.bodyBytes,
    body: shownBody(beat, check, context),
  }
}

/** The card of a check: status, deadlines, settings and the curl line; of a probe its results. */
export function checkCard(check: Check, context: Context) {
  const recent = listBeats(context.state, check.id, RECENT_BEATS)
  const status = shownStatus(check, context.now)
  const probe = check.probed ? readProbe(context.state, check.id) : undefined
  if (probe) {
    const named = nameInLine(check, context)
    const mayChange = context.by.role !== 'viewer'
    return {
      ...statusHeading(check, status),
      lines: [
        ...probeLines(check, probe, context),
        beatStrip(check, recent),
        `Probes ${describeProbing(check)}.`,
        ...dependencyLines(check, context),
      ],
      fields: probeFields(check, context),
      ...settingParts(check, context),
      buttons: [
        ...(mayChange ? [{ label: 'Probe now', line: `checks probe ${named}` }] : []),
        { label: 'Graph', line: `checks graph ${named}` },
        { label: 'Results', line: `checks beats ${named}` },
        ...(mayChange ? changeButtons(check.status, named) : []),
      ],
      footer: plural(check.beats, 'probe'),
    }
  }
  return {
    ...statusHeading(check, status),
    lines: [
      beatsLine(check),
      beatStrip(check, recent),
      `Expects ${describeSchedule(check)}, with a grace period of ${formatDuration(check.grace)}.`,
      ...clockLines(check, recent),
      ...dependencyLines(check, context),
    ],
    ...settingParts(check, context),
    ...(hidesPingUrls(context) ? publicPart(check, context) : privatePart(check, context)),
    footer: `${plural(check.beats, 'beat')} received`,
  }
}

/** What the calendars of a check could not be read for, and how many days they have. */
function exceptionsText(check: Check, { state, config }: Context): string | null {
  if (check.except === null) return null
  const count = `${plural(check.exceptions?.days.length ?? 0, 'span')} of days`
  const times = check.exceptions?.times.length ?? 0
  const failed = readExcept(check.except)
    .calendars.map(source => readCalendarRow(state, source))
    .find(row => row?.failedAt)
  const problem = failed
    ? `. ${failed.source} cannot be read since ${formatMoment(failed.failedAt!, config.timeZone)}: ${failed.error}`
    : ''
  return `${count}${times === 0 ? '' : ` and ${plural(times, 'time')}`} known${problem}`
}

/** A steady difference between the clocks of Vakt and of the job's machine, and beats whole hours off. */
function clockLines(check: Check, recent: readonly Beat[]): string[] {
  return [hourOffset(check, recent) ?? clockDifference(check, recent)].filter(line => line !== null)
}

/** Explains a slug that is not the one of the name alone, because another check of the project has that. */
export function slugLines(check: Check, { state }: Context): string[] {
  const wanted = slugOf(check.name)
  if (check.slug === wanted) return []
  const owner = slugOwner(state, check.projectId, wanted, check.id)
  if (owner === undefined) return []
  return [`Its slug is ${check.slug}, because the check "${owner}" has the slug ${wanted}.`]
}

function statusHeading(check: Check, status: ShownStatus): { title: string; tone: Tone } {
  const tones = { up: 'good', late: 'warning', new: 'muted', paused: 'muted' } as const
  return { title: `${check.name}: ${status}`, tone: status === 'down' ? check.severity : tones[status] }
}

/** Settings that most checks have alike. */
const SMALL_PRINT = ['Severity', 'Owner', 'Reminders']

/** The settings of a check: a table, and the usual ones in small print. */
function settingParts(check: Check, context: Context): { evidence?: Evidence[]; facts: Field[] } {
  const settings = Object.entries(otherSettings(check, context))
  const cells = settings.filter(([name]) => !SMALL_PRINT.includes(name))
  return {
    ...(cells.length === 0 ? {} : { evidence: [{ kind: 'table', columns: [{ name: '' }, { name: '' }], cells }] }),
    facts: settings.filter(([name]) => SMALL_PRINT.includes(name)).map(([name, value]) => ({ name, value })),
  }
}

/** What came last, what is due next, and how long a run takes. */
function beatsLine({ lastBeatAt, lateAt, lastStartAt, lastDuration }: Check): Text {
  if (lastBeatAt === null && lastStartAt === null) return 'No beats yet.'
  const parts: Span[][] = [
    ...(lastBeatAt === null ? [] : [['Last beat ', { time: lastBeatAt, style: 'relative' as const }]]),
    ...(lateAt === null ? [] : [['next beat due ', { time: lateAt, style: 'moment' as const }]]),
    ...(lastStartAt === null ? [] : [['running since ', { time: lastStartAt, style: 'relative' as const }]]),
    ...(lastDuration === null ? [] : [[`the last run took ${formatDuration(lastDuration)}`]]),
  ]
  return [...parts.flatMap((part, i) => (i === 0 ? part : [' · ', ...part])), '.']
}

/** What to do next, without the uuid: for viewers, and where everybody reads the answer. */
function publicPart(check: Check, context: Context) {
  const named = nameInLine(check, context)
  const buttons = [{ label: 'Beats', line: `checks beats ${named}` }]
  return { buttons: context.by.role === 'viewer' ? buttons : [...buttons, ...changeButtons(check.status, named)] }
}

/** How the command line of a button names a check: by the uuid, unless those who see the button must not know it. */
export function nameInLine({ uuid, name, projectId }: Check, context: Context): string {
  if (!hidesPingUrls(context)) return uuid
  return `${quoteWord(name)} --project ${readProjectById(context.state, projectId)?.name ?? ''}`
}

function privatePart(check: Check, context: Context) {
  return {
    code: { text: curlLine(check, context), language: 'sh' },
    buttons: [{ label: 'Beats', line: `checks beats ${check.uuid}` }, ...changeButtons(check.status, check.uuid)],
  }
}

function changeButtons(status: Check['status'], named: string) {
  return [
    status === 'paused'
      ? { label: 'Resume', line: `checks resume ${named}` }
      : { label: 'Pause', line: `checks pause ${named}` },
    { label: 'Remove', line: `checks remove ${named}`, tone: 'danger' as const },
  ]
}

/** The output of a job as the actor may see it; null without one. */
export function shownBody({ body }: Beat, check: Check, context: Context): string | null {
  if (body === null) return null
  const text = body.toString('utf8')
  return hidesPingUrls(context) ? withoutPingSecrets(text, check, context) : text
}

/** A text of a job without what would let its readers send beats. */
function withoutPingSecrets(text: string, { uuid, projectId }: Check, { state }: Context): string {
  const pingKey = readProjectById(state, projectId)?.pingKey
  const shown = redact(text).replaceAll(uuid, uniqueKey({ uuid }))
  return pingKey ? shown.replaceAll(pingKey, redactionMark('ping key')) : shown
}

/** A dependency may be named by the uuid of another check, which viewers must not see. */
function withoutUuids<T extends string | null>(text: T, { by }: Context): T {
  if (text === null || !hidesPingUrls({ by })) return text
  return text.replace(UUID, uuid => uniqueKey({ uuid: uuid.toLowerCase() })) as T
}

/** Warns about dependencies that no check has: a typo there would go unnoticed until an outage. */
export function dependencyLines(check: Check, context: Context): string[] {
  return unknownDependencies(context.state, check).map(
    name =>
      `It depends on "${withoutUuids(name, context)}", but its project has no check of that name, so no alert is inhibited by it yet.`,
  )
}

function otherSettings(check: Check, context: Context): Record<string, string> {
  const projectDefault = readProjectById(context.state, check.projectId)?.remindEvery ?? 0
  const settings: Record<string, string | null | false> = {
    Severity: check.severity,
    Owner: check.owner,
    'Alert title': check.alertTitle,
    Note: check.alertNote,
    Exceptions: exceptionsText(check, context),
    'May be early by': check.early === null ? null : check.early === 0 ? 'nothing' : formatDuration(check.early),
    'Warns about': [
      ...(check.watchDuration ? ['unusual durations'] : []),
      ...(check.watchSize ? ['smaller outputs'] : []),
    ].join(' and '),
    'Max runtime': check.maxRuntime === null ? null : formatDuration(check.maxRuntime),
    'Alerts after': check.after > 1 && `${check.after} ${check.probed ? 'failures' : 'misses'}`,
    'Start keywords': check.startKeywords,
    'Success keywords': check.successKeywords,
    'Failure keywords': check.failureKeywords,
    'No keyword': check.defaultFail && 'counts as a failure',
    Methods: check.methods,
    Resumes: check.manualResume && 'only manually',
    Host: check.host,
    'Depends on': withoutUuids(check.dependsOn, context),
    'While Vakt is offline': check.lan ? 'still evaluated (local network)' : null,
    Reminders:
      check.remindEvery === null ? `${reminderText(projectDefault)} (project)` : reminderText(check.remindEvery),
  }
  return Object.fromEntries(Object.entries(settings).filter((entry): entry is [string, string] => Boolean(entry[1])))
}

function reminderText(every: number): string {
  return every === 0 ? 'never' : `every ${formatDuration(every)}`
}

/** A check in one line. */
export function checkLine(check: Check, now: number): Text {
  const status = shownStatus(check, now)
  const last: Text =
    check.lastBeatAt === null
      ? [check.probed ? 'not probed yet' : 'no beat yet']
      : [check.probed ? 'last probe ' : 'last beat ', { time: check.lastBeatAt, style: 'relative' }]
  return [`${STATUS_ICONS[status]} `, { bold: check.name }, ` ${status}, `, ...last]
}

function pingUrl(check: Check, context: Context): string {
  return `${context.publicUrl}/ping/${check.uuid}`
}

/** Whether only this machine can reach a URL. */
export function isLoopback(url: string): boolean {
  const name = URL.parse(url)?.hostname ?? ''
  return name === 'localhost' || name === '[::1]' || name.startsWith('127.')
}

/** The line for the end of a job; it prints errors only, because cron mails everything that is printed. */
export function curlLine(check: Check, context: Context): string {
  return `curl -fsS -m 10 --retry 5 --retry-connrefused -o /dev/null ${pingUrl(check, context)}`
}
