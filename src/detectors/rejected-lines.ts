// Detects that log lines of a project are rejected again and again, so that somebody corrects what sends them. Pure.
import type { Text } from '../card.ts'
import { originText, type RejectionKind } from '../telemetry.ts'
import { plural } from '../text.ts'
import { MINUTE } from '../time.ts'
import type { DetectionResult, Finding } from './finding.ts'

/** So many minutes with rejected lines are reported, within this time. */
const MIN_MINUTES = 10
const WINDOW_MS = 30 * MINUTE
/** After this time without rejected lines it is over. */
const QUIET_MS = 10 * MINUTE
const MAX_SHOWN_KINDS = 5

const REMEDIES: Record<string, (project: string) => string> = {
  unreadable: () =>
    'Send each line as a text or a JSON object; the answer of /api/logs names the lines that hold nothing.',
  limited: project =>
    `Send less, or raise the limit: projects edit ${project} --rate-limit LINES (or --address-limit LINES; 0 is no limit).`,
  too_large: project =>
    `Send smaller requests, or raise the limits: projects edit ${project} --max-body 20MB --max-lines 100000.`,
}
const OTHER_REMEDY = 'Correct what is sent: docs/logs.md shows the bodies and headers that Vakt takes.'

/** The project of the lines, as it is named now. */
export type NamedProject = { id: number; name: string }

/**
 * A result for each project whose lines are rejected in ten minutes of half an hour, and for each that had none for ten
 * minutes. Vakt, which counts since `startedAt` (epoch ms), ends nothing before it has seen ten minutes.
 */
export function detectRejectedLines(
  projects: readonly NamedProject[],
  kinds: readonly RejectionKind[],
  now: number,
  startedAt: number,
): DetectionResult[] {
  return projects.flatMap((project): DetectionResult[] => {
    const recent = kinds.filter(kind => kind.project === project.name && kind.lastAt > now - WINDOW_MS)
    const lastAt = Math.max(startedAt, ...recent.map(kind => kind.lastAt))
    if (now - lastAt >= QUIET_MS) return [{ kind: 'resolved', key: keyOf(project) }]
    const minutes = new Set(recent.flatMap(kind => kind.minutes).filter(minute => minute > now - WINDOW_MS))
    if (minutes.size < MIN_MINUTES) return []
    return [{ kind: 'firing', finding: rejectedFinding(project, recent, Math.min(...minutes)) }]
  })
}

function rejectedFinding(project: NamedProject, kinds: readonly RejectionKind[], since: number): Finding {
  const reasons = [...new Set(kinds.map(kind => kind.reason))]
  const remedies = new Set(reasons.map(reason => REMEDIES[reason]?.(project.name) ?? OTHER_REMEDY))
  return {
    key: keyOf(project),
    detector: 'rejected-lines',
    projectId: project.id,
    severity: 'warning',
    title: `Log lines of ${project.name} are not stored`,
    since,
    isSinceEstimated: true,
    owner: null,
    remindEvery: 0,
    occurrences: 0,
    observation: {
      lines: [
        ...kinds.slice(0, MAX_SHOWN_KINDS).map(rejectionText),
        ...(kinds.length > MAX_SHOWN_KINDS ? [`… and ${plural(kinds.length - MAX_SHOWN_KINDS, 'other kind')}.`] : []),
        ...remedies,
        '"logs status" shows what is not stored. This resolves ten minutes after the last such line.',
      ],
    },
    labels: {},
  }
}

/** Rejections of one kind as a line of a card. */
export function rejectionText(kind: RejectionKind): Text {
  const { lines, requests, reason, message } = kind
  const amounts = [
    ...(lines > 0 ? [plural(lines, 'line')] : []),
    ...(requests > 0 ? [plural(requests, 'request')] : []),
  ].join(' and ')
  return [{ bold: originText(kind) }, `: ${amounts} (${reason.replaceAll('_', ' ')}). ${message}`]
}

function keyOf({ id }: NamedProject): string {
  return `rejected-lines:${id}`
}
