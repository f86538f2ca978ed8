// Receives alerts that other programs report, by any protocol: fires them, repeats them and resolves them.
import type { IncomingMessage } from 'node:http'
import { readNewestAlert } from '../../alerts/alerts.ts'
import { endAlert, fireAlert } from '../../alerts/lifecycle.ts'
import { Problem } from '../../problem.ts'
import type { Project } from '../../projects/projects.ts'
import type { Rates } from '../../projects/rates.ts'
import { releaseSignature } from '../../projects/signatures.ts'
import { nextTurn } from '../../slices.ts'
import type { State } from '../../state/database.ts'
import type { AlertProtocol, Reply } from '../protocols/protocol.ts'
import { alertKey, type ReportedAlert, toFinding } from '../protocols/reported-alert.ts'
import { authenticateAndRead, type ReceiveOptions, readParameters, readPath } from './authenticate.ts'
import { decompressFor } from './limits.ts'

/** Reported alerts that a project may send in a minute. */
const MAX_ALERTS_PER_MINUTE = 20_000
/** Alerts in one transaction. */
const BATCH_SIZE = 40

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
  const { raw, project, signature } = await authenticateAndRead(options, request, incoming, parameters, now)
  try {
    const body = await decompressFor(project, raw, headers.get('content-encoding'))
    const { reports, errors } = protocol.parse({ method, path: readPath(request.url), body, headers, parameters, now })
    takeFromLimit(options.rates, project, reports.length, now)
    return protocol.answer({ ...(await applyReports(options.state, project, protocol.detector, reports, now)), errors })
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
async function applyReports(
  state: State,
  project: Project,
  detector: string,
  reports: readonly ReportedAlert[],
  now: number,
) {
  const counts = { fired: 0, repeated: 0, resolved: 0, ignored: 0 }
  for (let start = 0; start < reports.length; start += BATCH_SIZE) {
    if (reports.length > BATCH_SIZE) await nextTurn()
    state.transaction(() => {
      for (const report of reports.slice(start, start + BATCH_SIZE))
        counts[applyReport(state, project, detector, report, now)]++
    })
  }
  return counts
}

function applyReport(state: State, project: Project, detector: string, report: ReportedAlert, now: number) {
  const key = alertKey(project.id, report.key)
  const newest = readNewestAlert(state, key)
  const isOpen = newest !== undefined && newest.state !== 'resolved'
  if (report.state === 'resolved') {
    if (isOpen) endAlert(state, key, null, now)
    return isOpen ? 'resolved' : 'ignored'
  }
  // Senders repeat for hours what a person resolved here by hand; only a new start is an alert again.
  const isSameStart = newest !== undefined && report.since !== null && newest.since === report.since
  if (!isOpen && isSameStart && newest.resolvedBy !== null) return 'ignored'
  const finding = toFinding(report, project, detector, !isOpen, now)
  fireAlert(state, isOpen ? { ...finding, since: newest.since } : finding, now)
  return isOpen ? 'repeated' : 'fired'
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
