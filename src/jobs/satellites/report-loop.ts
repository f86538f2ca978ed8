// Sends what a satellite received to its main, in order, until the main has it on disk; and keeps its list of keys and checks.
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type BackOff, backOff } from '../../backoff.ts'
import { MEBIBYTE } from '../../bytes.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import type { Vault } from '../../projects/vault.ts'
import type { Directory } from '../../satellites/directories.ts'
import { saveDirectory } from '../../satellites/mirrors.ts'
import { encodeReport, type ReportAnswer, type SentRecord } from '../../satellites/record.ts'
import { REPORT_INTERVAL_MS } from '../../satellites/satellite.ts'
import type { Spool } from '../../satellites/spools.ts'
import type { State } from '../../state/database.ts'
import { errorMessage } from '../../text.ts'
import { SECOND } from '../../time.ts'

/** A request to the main; rejects when there is no answer. */
export type SendToMain = (path: string, init: RequestInit) => Promise<Response>

export type ReportLoopOptions = {
  state: State
  vault: Vault
  spool: Spool
  clock: Clock
  logger: Logger
  version: string
  /** The key of this satellite. */
  key: string
  send: SendToMain
  /** Called before each report, which tells the main that it has everything: adds what is not in the spool yet. */
  onReport(): void
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
const DIRECTORY_TIMEOUT_MS = 15 * SECOND
/** The list is good for this long without asking again when a key or check is unknown, ms. */
const DIRECTORY_FRESH_MS = SECOND
const MAX_REASON_LENGTH = 300
const COMPRESSION = { level: 1 }
const MIN_COMPRESSED_BYTES = 4 * 1024

export type ReportLoop = ReturnType<typeof createReportLoop>

/** The loop of a satellite. Nothing is sent before `start`. */
export function createReportLoop(options: ReportLoopOptions) {
  const { state, vault, spool, clock, logger, version, key } = options
  let isRunning = false
  let isSending = false
  let current: Promise<void> = Promise.resolve()
  let failures = 0
  let cancel = () => {}
  let wakeAt = Number.POSITIVE_INFINITY
  /** The version of the list that is stored; null before the first. */
  let held: string | null = null
  let directoryAt = Number.NEGATIVE_INFINITY
  let fetching: Promise<void> | null = null
  let isRemoved = false
  let lastSuccessAt: number | null = null
  let failure: string | null = null

  const request = async (path: string, init: RequestInit, timeoutMs: number): Promise<Response> => {
    const headers = { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string> | undefined) }
    const response = await options.send(path, { ...init, headers, signal: AbortSignal.timeout(timeoutMs) })
    if (response.ok) {
      isRemoved = false
      return response
    }
    const { reason, code } = await readRefusal(response)
    // A proxy in between may ask for a password; only the main knows whether it removed this satellite.
    isRemoved = code === 'unauthorized'
    if (code !== null && response.status < 500) throw new RefusedByMain(reason)
    throw new Error(reason)
  }

  const fetchDirectory = async () => {
    const response = await request('/api/satellite/directory', { method: 'GET' }, DIRECTORY_TIMEOUT_MS)
    const directory = (await response.json()) as Directory
    // Whoever shows unknown keys makes it ask each second.
    if (directory.version !== held) saveDirectory(state, vault, directory)
    held = directory.version
    directoryAt = clock.now()
  }

  /** Fetches the list; requests at the same time share one. */
  const refresh = (): Promise<void> => {
    fetching ??= fetchDirectory().finally(() => {
      fetching = null
    })
    return fetching
  }

  const report = async (): Promise<{ answer: ReportAnswer; isMore: boolean }> => {
    options.onReport()
    const records = spool.read(MAX_REQUEST_BYTES, MAX_REQUEST_RECORDS)
    const now = clock.now()
    const waiting = spool.waiting()
    const isAll = records.length === waiting.records
    const rest = restOf(waiting, records, isAll)
    const completeTo = isAll ? now : records.at(-1)!.record.at - 1
    const { stream } = spool
    const about = { version, stream, now, completeTo, waiting: rest, refused: spool.refused() }
    const plain = encodeReport(about, records)
    const isLarge = plain.length >= MIN_COMPRESSED_BYTES
    const body = new Uint8Array(isLarge ? await promisify(gzip)(plain, COMPRESSION) : plain)
    const headers = { 'content-type': 'application/octet-stream', ...(isLarge ? { 'content-encoding': 'gzip' } : {}) }
    const response = await request('/api/satellite/report', { method: 'POST', headers, body }, TIMEOUT_MS)
    const answer = (await response.json()) as ReportAnswer
    spool.forget(answer.through)
    return { answer, isMore: !isAll }
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
    if (held === null) await refresh()
    const { answer, isMore } = await report()
    if (answer.directory !== held) await refresh()
    if (answer.busy !== undefined) throw new RefusedByMain(answer.busy)
    if (failures > 0) logger.info('the main takes reports again', { failures })
    failures = 0
    failure = null
    lastSuccessAt = clock.now()
    options.onAttempt(null, lastSuccessAt)
    // What came meanwhile waits for others, unless there is plenty.
    if (isMore) return 0
    return spool.waiting().records > 0 ? GATHERING_MS : REPORT_INTERVAL_MS
  }

  const recordFailure = (error: unknown): number => {
    const reason = describe(error)
    failures++
    failure = reason
    if (failures === 1) logger.warn('the main does not take reports; they wait here', { reason })
    // A fault of this machine, such as a full disk, says nothing about the main.
    if (!(error instanceof Problem)) options.onAttempt(error instanceof RefusedByMain ? null : reason, clock.now())
    return backOff(failures, RETRY)
  }

  const scheduleIn = (ms: number) => {
    if (!isRunning || isSending) return
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
    /** Sends once more what waits, if the main answers. */
    async stop() {
      cancel()
      isRunning = false
      await current
      if (failures === 0 && lastSuccessAt !== null && spool.waiting().records > 0) await report().catch(() => {})
    },
    /** Something new waits. */
    wake() {
      if (failures === 0) scheduleIn(GATHERING_MS)
    },
    /**
     * Fetches the list of keys and checks because something is not in it. Resolves with whether it is up to date now; false
     * while the main does not answer.
     */
    async isUpToDate(): Promise<boolean> {
      if (clock.now() - directoryAt < DIRECTORY_FRESH_MS && held !== null) return true
      // The loop itself tries again every few seconds.
      if (failures > 0) return false
      try {
        await refresh()
        return true
      } catch (error) {
        logger.warn('the list of keys and checks cannot be fetched', { reason: describe(error) })
        return false
      }
    },
    status: () => ({ isRemoved, hasDirectory: held !== null, failures, failure, lastSuccessAt }),
  }
}

/** What waits beside the records of a request. */
function restOf(
  waiting: { records: number; bytes: number; since: number | null },
  records: readonly SentRecord[],
  isAll: boolean,
) {
  if (isAll) return { records: 0, bytes: 0, since: null }
  const sent = records.reduce((sum, { body }) => sum + body.length, 0)
  return {
    records: waiting.records - records.length,
    bytes: Math.max(0, waiting.bytes - sent),
    since: records.at(-1)!.record.at,
  }
}

/** The main is up, and does not take a report: its satellite was removed, it has no room for log lines, and the like. */
class RefusedByMain extends Error {}

/** Why an answer is none of success; `code` is null when it is not of Vakt. */
async function readRefusal(response: Response): Promise<{ reason: string; code: string | null }> {
  const text = await response.text().catch(() => '')
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } }
    return { reason: `${response.status}: ${error.message}`.slice(0, MAX_REASON_LENGTH), code: error.code }
  } catch {
    return { reason: `status ${response.status}, which is no answer of Vakt`, code: null }
  }
}

function describe(error: unknown): string {
  if (error instanceof Problem) return error.message
  if (error instanceof Error && error.name === 'TimeoutError') return 'it did not answer in time'
  if (error instanceof TypeError && error.cause instanceof Error) return errorMessage(error.cause)
  return errorMessage(error)
}
