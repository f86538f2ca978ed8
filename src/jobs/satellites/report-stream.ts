// Sends one stream of a satellite's records to its main, in order, until the main has them on disk. Beats and log lines have one
// each, so that neither waits for the other.
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type BackOff, backOff } from '../../backoff.ts'
import { MEBIBYTE } from '../../bytes.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import type { Rates } from '../../projects/rates.ts'
import {
  encodeReport,
  REPORT_PROTOCOL,
  type ReportAnswer,
  type SentRecord,
  type StreamKind,
} from '../../satellites/record.ts'
import { REPORT_INTERVAL_MS } from '../../satellites/satellite.ts'
import type { Spool } from '../../satellites/spools.ts'
import { SECOND } from '../../time.ts'
import { describeFailure, type MainClient, RefusedByMain } from './main-client.ts'

export type ReportStreamOptions = {
  kind: StreamKind
  spool: Spool
  rates: Pick<Rates, 'used' | 'setElsewhere'>
  clock: Clock
  logger: Logger
  version: string
  /** The data folder and the boot of this machine; null when it cannot be told. */
  place: string | null
  client: MainClient
  /**
   * Called before each report of beats, which tells the main that it has all of them: adds what is not in the spool yet. Returns
   * since when that cannot be told (epoch ms); null when it can.
   */
  onReport(): number | null
  /** Called with each answer. */
  onAnswer(answer: ReportAnswer): Promise<void>
  /** Called after every attempt to reach the main; `failure` is why the main did not answer, null when it did, be it by a refusal. */
  onAttempt(failure: string | null, now: number): void
}

/** How much one request takes along. */
const MAX_REQUEST_BYTES = 4 * MEBIBYTE
const MAX_REQUEST_RECORDS = 2_000
/** New records wait this long for others, ms. */
const GATHERING_MS = 100
/** The main is asked again soon after it is back, so that nothing looks silent for long. */
const RETRY: BackOff = { baseMs: SECOND / 2, maxMs: 10 * SECOND }
const TIMEOUT_MS = 60 * SECOND
const COMPRESSION = { level: 1 }
const MIN_COMPRESSED_BYTES = 4 * 1024
/** Reports whose answers may have been lost; after more of them the main begins a chain again. */
const MAX_UNANSWERED = 100
/** The door of the main, as the counters of limits name it. */
const MAIN_DOOR = 'main'

export type ReportStream = ReturnType<typeof createReportStream>

/** One stream. Beats report every few seconds, also without any; log lines only when there are some. */
export function createReportStream(options: ReportStreamOptions) {
  const { kind, spool, rates, clock, logger, version, place, client } = options
  let isRunning = false
  let isSending = false
  let current: Promise<void> = Promise.resolve()
  let failures = 0
  let failure: string | null = null
  let lastSuccessAt: number | null = null
  let cancel = () => {}
  let wakeAt = Number.POSITIVE_INFINITY
  let token: string | null = null
  let unanswered: string[] = []
  let instance = spool.run()

  /** A new run begins a chain of its own. */
  const nextLink = () => {
    if (instance !== spool.run()) {
      instance = spool.run()
      token = null
      unanswered = []
    }
    const link = { id: randomUUID().slice(0, 8), after: token, unanswered: unanswered.slice(-MAX_UNANSWERED) }
    unanswered.push(link.id)
    return link
  }

  const report = async (isLast: boolean): Promise<ReportAnswer & { isMore: boolean }> => {
    const unknownSince = options.onReport()
    const { run, records } = spool.read(kind, MAX_REQUEST_BYTES, MAX_REQUEST_RECORDS)
    const now = clock.now()
    const isMore = records.length < spool.count(kind)
    const complete = Math.min(isMore ? records.at(-1)!.record.at - 1 : now, unknownSince ?? now)
    const chain = nextLink()
    const about = {
      ...{ protocol: REPORT_PROTOCOL, version, kind, run, instance, place, chain, now },
      isLast: isLast && !isMore,
      completeTo: kind === 'beats' ? complete : null,
      linesCompleteTo: kind === 'lines' ? complete : spool.count('lines') === 0 ? now : null,
      waiting: restOf(spool.waiting(), records),
      refused: spool.refused(),
      used: rates.used(now),
    }
    const response = await client.request('/api/satellite/report', await post(encodeReport(about, records)), TIMEOUT_MS)
    const answer = (await response.json()) as ReportAnswer
    token = answer.token
    unanswered = []
    rates.setElsewhere(MAIN_DOOR, answer.used, clock.now())
    spool.forget(kind, run, answer.through)
    return { ...answer, isMore: spool.count(kind) > 0 && isMore }
  }

  const run = async () => {
    cancel()
    wakeAt = Number.POSITIVE_INFINITY
    if (isSending || !isRunning) return
    isSending = true
    let next: number
    try {
      next = await exchange()
    } catch (error) {
      next = recordFailure(error)
    }
    isSending = false
    scheduleIn(next)
  }

  /** Sends one report and follows its answer; resolves with how long to wait for the next one, ms. */
  const exchange = async (): Promise<number> => {
    if (kind === 'lines' && spool.count(kind) === 0) return Number.POSITIVE_INFINITY
    const { isMore, ...answer } = await report(false)
    await options.onAnswer(answer)
    if (answer.busy !== undefined) throw new RefusedByMain(answer.busy)
    if (failures > 0) logger.info('the main takes reports again', { stream: kind, failures })
    failures = 0
    failure = null
    lastSuccessAt = clock.now()
    options.onAttempt(null, lastSuccessAt)
    // What came meanwhile waits for others, unless there is plenty.
    if (isMore) return 0
    if (spool.count(kind) > 0) return GATHERING_MS
    return kind === 'beats' ? REPORT_INTERVAL_MS : Number.POSITIVE_INFINITY
  }

  const recordFailure = (error: unknown): number => {
    const reason = describeFailure(error)
    const isOwnFault = error instanceof Problem
    failures++
    failure = isOwnFault ? `This satellite cannot report: ${reason}` : reason
    const message = isOwnFault ? 'this satellite cannot report' : 'the main does not take reports; they wait here'
    if (failures === 1) logger.warn(message, { stream: kind, reason })
    const isRefused = error instanceof RefusedByMain
    // A fault of this machine, such as a full disk, says nothing about the main.
    if (!isOwnFault) options.onAttempt(isRefused ? null : reason, clock.now())
    const ms = backOff(failures, RETRY)
    return isRefused && error.retryAfterMs !== null ? Math.min(error.retryAfterMs, RETRY.maxMs!) : ms
  }

  const scheduleIn = (ms: number) => {
    if (!isRunning || isSending || ms === Number.POSITIVE_INFINITY) return
    const at = clock.now() + ms
    if (at >= wakeAt) return
    cancel()
    wakeAt = at
    cancel = clock.at(at, () => {
      current = run()
    })
  }

  return {
    start() {
      isRunning = true
      scheduleIn(0)
    },
    /** Ends the loop; resolves once no report is under way. */
    async end() {
      cancel()
      isRunning = false
      await current
    },
    /** Sends once more, if the main answers; `isLast` says that nothing follows. */
    async sendLast(isLast: boolean) {
      if (failures === 0 && lastSuccessAt !== null && (isLast || spool.count(kind) > 0))
        await report(isLast).catch(() => {})
    },
    /** Something new waits. */
    wake() {
      if (failures === 0) scheduleIn(GATHERING_MS)
    },
    status: () => ({ failures, failure, lastSuccessAt }),
  }
}

/** A request with `plain` as its body, compressed when that is worth it. */
async function post(plain: Buffer): Promise<RequestInit> {
  const isLarge = plain.length >= MIN_COMPRESSED_BYTES
  const body = new Uint8Array(isLarge ? await promisify(gzip)(plain, COMPRESSION) : plain)
  const headers = { 'content-type': 'application/octet-stream', ...(isLarge ? { 'content-encoding': 'gzip' } : {}) }
  return { method: 'POST', headers, body }
}

/** What waits beside the records of a request. */
function restOf(
  { records, bytes, since }: { records: number; bytes: number; since: number | null },
  sent: readonly SentRecord[],
) {
  const left = records - sent.length
  if (left <= 0) return { records: 0, bytes: 0, since: null }
  const sentBytes = sent.reduce((sum, { body }) => sum + body.length, 0)
  return { records: left, bytes: Math.max(0, bytes - sentBytes), since: sent.at(-1)?.record.at ?? since }
}
