// Receives alerts that other programs report, by any protocol: fires them, repeats them and resolves them.
import type { IncomingMessage } from 'node:http'
import { readNewestAlert } from '../../alerts/alerts.ts'
import { endAlert, fireAlert } from '../../alerts/lifecycle.ts'
import { lastSentAt, recordReport } from '../../alerts/reported-alerts.ts'
import { Problem } from '../../problem.ts'
import type { Project } from '../../projects/projects.ts'
import type { Rates } from '../../projects/rates.ts'
import { releaseSignature } from '../../projects/signatures.ts'
import { nextTurn } from '../../slices.ts'
import type { State } from '../../state/database.ts'
import { DAY, MINUTE, parseDuration } from '../../time.ts'
import { pathIn } from '../access/paths.ts'
import { inUtf8 } from '../protocols/content-type.ts'
import type { AlertProtocol, Reply } from '../protocols/protocol.ts'
import { alertKey, type ReportedAlert, toFinding } from '../protocols/reported-alert.ts'
import { authenticateAndRead, type ReceiveOptions, readParameters } from './authenticate.ts'
import { decompressFor } from './limits.ts'

/** Reported alerts that a project may send in a minute. */
const MAX_ALERTS_PER_MINUTE = 20_000
/** Alerts in one transaction. */
const BATCH_SIZE = 40
/** What `?resolve_after=` may be. */
const MIN_SILENCE_MS = MINUTE
const MAX_SILENCE_MS = 400 * DAY

const NOTHING_APPLIED = { fired: 0, repeated: 0, resolved: 0, ignored: 0 }

/** Whose alerts they are, and how long they may stay without a report by the URL (null: for ever; undefined: it does not say). */
type From = { project: Project; protocol: AlertProtocol; silenceMs: number | null | undefined }

/** Applies the alerts of one request; senders, limits and encodings are those of log lines. */
export async function receiveAlerts(
  options: ReceiveOptions,
  protocol: AlertProtocol,
  request: Request,
  incoming: IncomingMessage | undefined,
): Promise<Reply> {
  const { method, headers } = request
  const now = options.clock.now()
  const parameters = readParameters(request.url)
  const { raw, project, signature, isRepeated } = await authenticateAndRead(
    options,
    request,
    incoming,
    parameters,
    now,
    {
      webhook: protocol.signature,
    },
  )
  try {
    const body = inUtf8(await decompressFor(project, raw, headers.get('content-encoding')), headers)
    const silenceMs = readSilence(parameters)
    const { reports, errors } = protocol.parse({ method, path: pathIn(request.url), body, headers, parameters, now })
    takeFromLimit(options.rates, project, reports.length, now)
    // A repetition of a signed webhook, such as a redelivery, must not fire again what ended meanwhile.
    if (isRepeated) return protocol.answer({ ...NOTHING_APPLIED, ignored: reports.length, errors })
    const from = { project, protocol, silenceMs }
    return protocol.answer({ ...(await applyReports(options.state, from, reports, now)), errors })
  } catch (error) {
    if (error instanceof Problem) options.telemetry.refusedBatches.add(1, project.name, error.code)
    // The same signature is accepted again for a request that was refused.
    if (signature !== null) options.state.transaction(() => releaseSignature(options.state, signature))
    throw error
  }
}

/**
 * Fires and resolves what was reported, in order, some in each transaction so that thousands delay nothing else. Repeats
 * change nothing, so a sender whose request failed half-way sends all of it again.
 */
async function applyReports(state: State, from: From, reports: readonly ReportedAlert[], now: number) {
  const counts = { ...NOTHING_APPLIED }
  for (let start = 0; start < reports.length; start += BATCH_SIZE) {
    if (reports.length > BATCH_SIZE) await nextTurn()
    state.transaction(() => {
      for (const report of reports.slice(start, start + BATCH_SIZE)) counts[applyReport(state, from, report, now)]++
    })
  }
  return counts
}

function applyReport(state: State, from: From, report: ReportedAlert, now: number) {
  const { project, protocol } = from
  const key = alertKey(project.id, report.key)
  const newest = readNewestAlert(state, key)
  const isOpen = newest !== undefined && newest.state !== 'resolved'
  const { sentAt = null, endsAt = null } = report
  const isStale = newest !== undefined && sentAt !== null && sentAt < (lastSentAt(state, newest.id) ?? sentAt)
  if (isStale) return 'ignored'
  if (report.state === 'resolved' || (endsAt !== null && endsAt <= now)) {
    if (newest && sentAt !== null) recordReport(state, newest.id, { sentAt, endsAt: null }, now)
    if (isOpen) endAlert(state, key, null, now)
    return isOpen ? 'resolved' : 'ignored'
  }
  // Senders repeat for hours what a person resolved here by hand; only a start after that is an alert again. The start alone
  // does not tell: that of a sender whose clock is ahead is stored as the time of its first report.
  const isKnownStart = newest?.resolvedBy != null && report.since !== null && report.since <= newest.resolvedAt!
  if (!isOpen && isKnownStart) return 'ignored'
  const finding = toFinding(report, project, protocol.detector, !isOpen, now)
  const { id } = fireAlert(state, isOpen ? { ...finding, since: newest.since } : finding, now)
  recordReport(state, id, { sentAt, endsAt: endOf(report, from, now) }, now)
  return isOpen ? 'repeated' : 'fired'
}

/** When an alert ends without another report, epoch ms; null is never. What the URL asks for goes first. */
function endOf({ endsAt, silenceMs }: ReportedAlert, from: From, now: number): number | null {
  if (from.silenceMs !== undefined) return from.silenceMs === null ? null : now + from.silenceMs
  const allowed = silenceMs ?? from.protocol.silenceMs
  return endsAt ?? (allowed === undefined ? null : now + allowed)
}

/** `?resolve_after=`: ms, null for never, undefined where the URL does not say. Throws `invalid`. */
function readSilence(parameters: URLSearchParams): number | null | undefined {
  const text = parameters.get('resolve_after')
  if (text === null || text === '') return undefined
  if (/^(?:never|0)$/i.test(text)) return null
  const ms = parseDuration(text)
  if (ms !== null && ms >= MIN_SILENCE_MS && ms <= MAX_SILENCE_MS) return ms
  throw new Problem('invalid', `resolve_after=${text.slice(0, 20)} must be from 1m to 400d, such as 12h, or never.`, {
    fields: { resolve_after: 'must be a duration from 1m to 400d, or never' },
  })
}

function takeFromLimit(rates: Rates, project: Project, count: number, now: number): void {
  const taken = rates.take(`alerts of ${project.id}`, count, MAX_ALERTS_PER_MINUTE, now)
  if (taken.ok) return
  throw new Problem(
    'limited',
    `The project ${project.name} may report ${MAX_ALERTS_PER_MINUTE} alerts a minute, and they are used up.`,
    { retryAfterMs: taken.retryAfterMs },
  )
}
