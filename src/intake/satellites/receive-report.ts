// What satellites send: beats, log lines and results of probes are stored as if they had come here, at their own times, once.
import type { IncomingMessage } from 'node:http'
import { applyResults } from '../../alerts/lifecycle.ts'
import type { Arrival } from '../../checks/beat.ts'
import type { BeatKind } from '../../checks/check.ts'
import { extendSatelliteDeadlines } from '../../checks/deadlines.ts'
import { graceAfterDowntime } from '../../checks/downtimes.ts'
import { evaluateView } from '../../detectors/evaluate-viewpoints.ts'
import { lineSettings } from '../../logs/line-settings.ts'
import { longestRetention } from '../../logs/retention.ts'
import type { AppendResult, LogWriter } from '../../logs/store.ts'
import { readProbedCheck } from '../../probes/probes.ts'
import { Problem } from '../../problem.ts'
import type { EmitterLimits } from '../../projects/emitter-limit.ts'
import { readProjectById, retentionOf } from '../../projects/projects.ts'
import type { Rates } from '../../projects/rates.ts'
import { claimSignatureFor } from '../../projects/signatures.ts'
import {
  kindOf,
  type LinesRecord,
  type ReportAnswer,
  type ResultRecord,
  type SatelliteReport,
  type SentRecord,
} from '../../satellites/record.ts'
import { CLOCK_TOLERANCE_MS, type Satellite } from '../../satellites/satellite.ts'
import {
  admitRun,
  markSources,
  noteRival,
  type Received,
  readProgress,
  readSatellite,
  rivalProblem,
  saveProgress,
  saveReport,
  unknownKeyProblem,
} from '../../satellites/satellites.ts'
import { truncate } from '../../text.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { readClientAddress } from '../client-address.ts'
import { type PingOptions, recordPing } from '../pings/ping.ts'
import type { ReportChains } from './report-chains.ts'

export type ReceiveReportOptions = PingOptions & {
  /** Absent in an app without a log store. */
  logWriter?: LogWriter
  /** How long lines are kept where their project does not say, ms. */
  retentionMs: number
  /** Counts what was used of limits at every door. */
  rates: Rates
  emitterLimits?: EmitterLimits
  chains: ReportChains
  version: string
}

/** How many requests with log lines are stored at the same time. */
const MAX_STORING = 16
const MAX_REFUSAL_LENGTH = 200
/** A signed request is valid for five minutes before and after its time; see `src/intake/signed.ts`. */
const SIGNATURE_MEMORY_MS = 15 * MINUTE
/** A copy of a running satellite asks again after this long. */
const RIVAL_RETRY_MS = 10 * SECOND

/** What became of a record: how many lines it had, or why it is not stored. */
type Outcome = { lines: number; refusal: string | null }

/**
 * Stores what a satellite sent and answers how far all of it is on disk. A record that was stored before is not stored again,
 * whoever died in between: those of the state by their numbers, in the transaction that stores them; log lines by their key.
 * One that can never be stored, because its check or project was removed, is counted as refused. Throws `conflict`.
 */
export async function receiveReport(
  options: ReceiveReportOptions,
  satellite: Satellite,
  { report, records }: { report: SatelliteReport; records: readonly SentRecord[] },
  { request, incoming }: { request: Request; incoming: IncomingMessage | undefined },
): Promise<Omit<ReportAnswer, 'directory'>> {
  const { state, clock, commit, rates, chains, version } = options
  const { address } = readClientAddress(incoming, request.headers, options.trustedProxies)
  const rival = await commit(() => refuseRival(options, satellite, report, address))
  if (rival) throw rival
  const progress = readProgress(state, satellite.id, report.run)
  const fresh = records.filter(({ seq, record }) => seq > progress[kindOf(record)])
  const received: Received = { beats: 0, lines: 0, refused: 0, lastRefusal: null }
  await storeInState(options, satellite, report, fresh, received)
  const { storedTo, busy } = await storeLines(options, satellite, report, fresh, received)
  const now = clock.now()
  const lines = storedTo ?? records.findLast(({ record }) => record.kind === 'lines')?.seq ?? 0
  await commit(() => {
    saveProgress(state, satellite.id, report.run, { lines }, now)
    saveReport(state, satellite, { report, received, isWhole: busy === null, address }, now)
  })
  const door = `satellite ${satellite.id}`
  rates.setElsewhere(door, report.used, now)
  const through = storedTo ?? records.at(-1)?.seq ?? 0
  const token = chains.answer(satellite, report)
  return { through, token, version, now, used: rates.usedBeside(door, now), ...(busy === null ? {} : { busy }) }
}

/** Why a report is not taken: another run of the satellite reports, or another copy of the same one. */
function refuseRival(
  { state, clock, chains }: ReceiveReportOptions,
  { id }: Satellite,
  report: SatelliteReport,
  address: string,
): Problem | null {
  const now = clock.now()
  // Read again: the other stream of a new run may have begun it while this report was on its way.
  const satellite = readSatellite(state, id)
  if (!satellite) return unknownKeyProblem()
  const refusal = admitRun(state, satellite, report, now)
  if (!refusal && chains.follows(satellite, report)) {
    chains.begin(satellite, report)
    return null
  }
  if (!chains.isLate(satellite, report)) noteRival(state, id, address, now)
  return refusal ?? rivalProblem(satellite, RIVAL_RETRY_MS)
}

/** Stores beats, results and downtimes in one transaction; if one of them cannot be stored, each in its own. */
async function storeInState(
  options: ReceiveReportOptions,
  satellite: Satellite,
  report: SatelliteReport,
  records: readonly SentRecord[],
  received: Received,
): Promise<void> {
  const own = records.filter(({ record }) => record.kind !== 'lines')
  if (own.length === 0) return
  const store = (some: readonly SentRecord[]) =>
    options.commit(() => some.flatMap(sent => storeOnce(options, satellite, report, sent)))
  try {
    count(options, await store(own), received)
  } catch (error) {
    if (error instanceof Problem && error.isStorage) throw refuseAll(options, error)
    for (const sent of own) {
      try {
        count(options, await store([sent]), received)
      } catch (thrown) {
        if (thrown instanceof Problem && thrown.isStorage) throw refuseAll(options, thrown)
        options.logger.error('a record of a satellite cannot be stored', { satellite: satellite.name, error: thrown })
        count(
          options,
          [{ kind: null, refusal: 'a record that cannot be stored; the log of Vakt has the reason' }],
          received,
        )
        await options.commit(() => markStored(options, satellite, report, sent.seq))
      }
    }
  }
  options.storage.recordStored('beats', options.clock)
}

function refuseAll({ storage, clock }: ReceiveReportOptions, error: Problem): Problem {
  storage.recordRefusal('beats', error, clock.now())
  return error
}

type Stored = { kind: BeatKind | null; refusal: string | null }

/** Stores a record of the state, in the running transaction, unless it is there. */
function storeOnce(
  options: ReceiveReportOptions,
  satellite: Satellite,
  report: SatelliteReport,
  { seq, record, body }: SentRecord,
): Stored[] {
  const { state } = options
  if (seq <= readProgress(state, satellite.id, report.run).beats) return []
  markStored(options, satellite, report, seq)
  if (record.kind === 'downtime') {
    // A clock that was set there must not give checks years.
    const [from, to] = [record.from, record.to].map(at => Math.min(at, options.clock.now())) as [number, number]
    extendSatelliteDeadlines(state, satellite.id, from, to, to + graceAfterDowntime(from, to))
    return []
  }
  if (record.kind === 'result') {
    storeView(options, satellite, record, report)
    return []
  }
  if (record.kind !== 'beat') return []
  const arrival: Arrival = { ...record.arrival, body }
  const received = { at: record.at, satelliteId: satellite.id }
  const { answer, kind } = recordPing(options, record.ping, arrival, new URLSearchParams(record.query), received)
  return [{ kind, refusal: kind === null ? `a beat: ${answer.text}` : null }]
}

/** Counts what a probe from a satellite found, unless the check was changed meanwhile. */
function storeView(
  { state, clock }: ReceiveReportOptions,
  { name }: Satellite,
  { check: id, changedAt, result, at }: ResultRecord & { at: number },
  { now: nowThere }: SatelliteReport,
): void {
  const probed = readProbedCheck(state, id)
  if (!probed || probed.check.status === 'paused' || probed.probe.changedAt !== changedAt) return
  const now = clock.now()
  // A clock that is behind there would make every result too old to count.
  const behindMs = now - nowThere > CLOCK_TOLERANCE_MS ? now - nowThere : 0
  applyResults(state, evaluateView(state, probed, name, result, { at: Math.min(at + behindMs, now), now }), now)
}

function markStored(
  { state, clock }: ReceiveReportOptions,
  { id }: Satellite,
  { run }: SatelliteReport,
  seq: number,
): void {
  saveProgress(state, id, run, { beats: seq }, clock.now())
}

function count({ telemetry }: ReceiveReportOptions, stored: readonly Stored[], received: Received): void {
  for (const { kind, refusal } of stored) {
    if (kind !== null) {
      telemetry.beats[kind]++
      received.beats++
    }
    if (refusal !== null) refuse(received, refusal)
  }
}

/** Stores log lines, some requests at a time; `storedTo` is the last record before one that must be sent again. */
async function storeLines(
  options: ReceiveReportOptions,
  satellite: Satellite,
  report: SatelliteReport,
  records: readonly SentRecord[],
  received: Received,
): Promise<{ storedTo: number | null; busy: string | null }> {
  const before = new Map(records.map(({ seq }, i) => [seq, records[i - 1]?.seq ?? seq - 1]))
  const waiting = records.filter(({ record }) => record.kind === 'lines')
  let failed: { seq: number; message: string } | null = null
  for (let at = 0; at < waiting.length && failed === null; at += MAX_STORING) {
    const group = waiting.slice(at, at + MAX_STORING)
    const outcomes = await Promise.allSettled(group.map(sent => storeBatch(options, satellite, report, sent)))
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') {
        received.lines += outcome.value.lines
        if (outcome.value.refusal !== null) refuse(received, outcome.value.refusal)
      } else if (failed === null) failed = { seq: group[i]!.seq, message: String(outcome.reason?.message) }
    }
  }
  return failed === null ? { storedTo: null, busy: null } : { storedTo: before.get(failed.seq)!, busy: failed.message }
}

function refuse(received: Received, refusal: string): void {
  received.refused++
  received.lastRefusal = truncate(refusal, MAX_REFUSAL_LENGTH)
}

/** Stores one request with log lines. Rejects with what keeps it from being stored now. */
async function storeBatch(
  options: ReceiveReportOptions,
  satellite: Satellite,
  report: SatelliteReport,
  { seq, record, body }: SentRecord,
): Promise<Outcome> {
  const { state, timeZone, retentionMs, clock, logWriter } = options
  const {
    project: projectId,
    sender,
    zone,
    key,
    format,
    defaults,
    limits,
    at,
    signature,
  } = record as LinesRecord & {
    at: number
  }
  const own = `satellite ${satellite.id} ${report.run} ${seq}`
  const project = readProjectById(state, projectId)
  if (!project) return { lines: 0, refusal: 'log lines of a project that was removed' }
  if (!logWriter) return { lines: 0, refusal: 'log lines, and there is no log store' }
  const claim = () => claimSignatureFor(state, signature!, own, Math.max(at, clock.now()) + SIGNATURE_MEMORY_MS)
  if (signature !== undefined && !(await options.commit(claim)))
    return { lines: 0, refusal: 'log lines of a signed request that was accepted before, by another way' }
  try {
    const stored = await logWriter.append({
      body: new Uint8Array(body).buffer,
      format,
      ...lineSettings(state, project, zone, timeZone),
      sender,
      defaults,
      receivedAt: Math.min(at, clock.now()),
      limits,
      retentionMs: longestRetention(retentionOf(project, retentionMs)),
      idempotencyKey: key ?? own,
    })
    await noteSources(options, satellite, projectId, stored)
    if (project.emitterLimit > 0 && !stored.repeated)
      options.emitterLimits?.charge(projectId, stored.counts, project.emitterLimit, clock.now())
    return { lines: stored.repeated ? 0 : stored.accepted, refusal: null }
  } catch (error) {
    if (!(error instanceof Problem) || !NEVER_STORED.has(error.code)) throw error
    return { lines: 0, refusal: `log lines: ${error.message}` }
  }
}

/** Problems of what was sent: the same body is refused each time. */
const NEVER_STORED: ReadonlySet<string> = new Set(['invalid', 'too_large', 'not_a_log', 'unsupported', 'not_found'])

/** A source whose lines come from a satellite is not silent while the satellite is. */
async function noteSources(
  { state, commit }: ReceiveReportOptions,
  { id }: Satellite,
  projectId: number,
  { counts }: AppendResult,
): Promise<void> {
  if (counts.length === 0) return
  const names = new Set(counts.map(({ source }) => source))
  await commit(() => markSources(state, id, projectId, names))
}
