// The routes by which other programs report alerts: their own form of JSON in, findings and their ends out.
import { setImmediate } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { readNewestAlert } from '../alerts/alerts.ts'
import { endAlert, fireAlert } from '../alerts/lifecycle.ts'
import { Problem } from '../problem.ts'
import type { Project } from '../projects/projects.ts'
import { releaseSignature } from '../projects/signatures.ts'
import type { State } from '../state/database.ts'
import { queryOf, receive, type SenderOptions } from './authenticate.ts'
import { readClientAddress } from './client-address.ts'
import { decompress } from './compression.ts'
import { readAlertmanager } from './protocols/alertmanager.ts'
import { readGeneric } from './protocols/generic-alerts.ts'
import { findingOf, keyOf, type ReadReports, type ReportedAlert } from './protocols/reported-alert.ts'

export type AlertRoutesOptions = SenderOptions

/** Reported alerts that a project may send in a minute. */
const PER_MINUTE = 20_000
const MOST_TOLD = 100
/** So many are taken in one transaction. */
const AT_ONCE = 100

const PROTOCOLS: { path: string; detector: string; read(body: unknown): ReadReports }[] = [
  { path: '/alertmanager', detector: 'alertmanager', read: readAlertmanager },
  { path: '/', detector: 'reported', read: readGeneric },
]

/** The routes below `/api/alerts`: authentication and limits are those of the log intake. */
export function alertRoutes(options: AlertRoutesOptions) {
  const app = new Hono<{ Bindings: HttpBindings }>()
  for (const { path, detector, read } of PROTOCOLS) {
    app.post(path, async c => {
      const now = options.clock.now()
      const peer = readClientAddress(c.env?.incoming, c.req.raw.headers, options.trustedProxies)
      const sender = await receive(options, c.req.raw, queryOf(c.req.url), peer.address, now)
      try {
        const body = await decompress(sender.raw, c.req.header('content-encoding') ?? null, sender.project.bodyLimit)
        const { reports, errors } = read(parse(body))
        holdToLimit(options, sender.project, reports.length, now)
        const taken = await take(options.state, sender.project, detector, reports, now)
        const status = reports.length === 0 && errors.length > 0 ? 422 : 200
        return c.json({ ...taken, rejected: errors.length, errors: errors.slice(0, MOST_TOLD) }, status)
      } catch (error) {
        // What was not accepted may be sent again with the same signature.
        const { signature } = sender
        if (signature !== null) options.state.transaction(() => releaseSignature(options.state, signature))
        throw error
      }
    })
  }
  return app
}

/**
 * Fires and ends what was reported, in its order, some in one transaction so that nothing else waits for thousands. A
 * repeat of what is known changes nothing: who sent more than was taken sends all of it again.
 */
async function take(state: State, project: Project, detector: string, reports: readonly ReportedAlert[], now: number) {
  const taken = { fired: 0, repeated: 0, resolved: 0, ignored: 0 }
  for (let i = 0; i < reports.length; i += AT_ONCE) {
    if (i > 0) await setImmediate()
    state.transaction(() => {
      for (const report of reports.slice(i, i + AT_ONCE)) taken[takeOne(state, project, detector, report, now)]++
    })
  }
  return taken
}

function takeOne(state: State, project: Project, detector: string, report: ReportedAlert, now: number) {
  const key = keyOf(project.id, report.key)
  const newest = readNewestAlert(state, key)
  const open = newest !== undefined && newest.state !== 'resolved'
  if (report.state === 'resolved') {
    if (open) endAlert(state, key, null, now)
    return open ? 'resolved' : 'ignored'
  }
  // Senders repeat for hours what somebody here has ended by hand; only what began anew is an alert again.
  const known = newest !== undefined && report.since !== null && newest.since === report.since
  if (!open && known && newest.resolvedBy !== null) return 'ignored'
  const finding = findingOf(report, project, detector, !open, now)
  fireAlert(state, open ? { ...finding, since: newest.since } : finding, now)
  return open ? 'repeated' : 'fired'
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw new Problem('invalid', `The body is not JSON (${(error as Error).message}).`, {
      fields: { body: 'is not JSON' },
    })
  }
}

function holdToLimit({ rates }: AlertRoutesOptions, project: Project, count: number, now: number): void {
  const taken = rates.take(`alerts of ${project.id}`, count, PER_MINUTE, now)
  if (!taken.ok)
    throw new Problem(
      'limited',
      `The project ${project.name} may report ${PER_MINUTE} alerts a minute and has used them.`,
      {
        retryAfterMs: taken.retryAfterMs,
      },
    )
}
