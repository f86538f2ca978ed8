// What a satellite sends: records in the order in which it received them, and a report about itself in front. Pure.
import type { Arrival, Signal } from '../checks/beat.ts'
import type { Batch } from '../logs/store.ts'
import type { ProbeResult } from '../probes/probe.ts'
import { Problem } from '../problem.ts'
import type { UsedRate } from '../projects/rates.ts'

/** The version of the reports that this Vakt sends; it reads those of the versions before, too. */
export const REPORT_PROTOCOL = 2

/**
 * Records are sent in two streams, each in order and with positions of its own, so that log lines that the main cannot store
 * now hold no beat up: `beats` has everything of the state (beats, results, downtimes).
 */
export type StreamKind = 'beats' | 'lines'

/** The stream of a record. */
export function kindOf({ kind }: Pick<SatelliteRecord, 'kind'>): StreamKind {
  return kind === 'lines' ? 'lines' : 'beats'
}

/** A ping URL that was asked, as `Ping` of the intake. */
export type SentPing = { signal: Signal; exitStatus: number | null } & (
  | { uuid: string }
  | { pingKey: string; slug: string }
)

/** A beat; its body is that of the record. `query` is that of the URL. */
export type BeatRecord = { kind: 'beat'; ping: SentPing; arrival: Omit<Arrival, 'body'>; query: string }

/** Log lines as they were received; their text is the body of the record. `project` is the id at the main. */
export type LinesRecord = {
  kind: 'lines'
  project: number
  /** The name of the key that sent them. */
  sender: string
  /** The key of the client for the request; null without one. */
  key: string | null
  /** The zone that the request names. */
  zone: string | null
  lines: number
  /** What a signed request used up, which no other door may accept; absent without one. */
  signature?: string
} & Pick<Batch, 'format' | 'defaults' | 'limits'>

/** What a probe from the satellite found. `check` is the id at the main; `changedAt` is which settings were asked. */
export type ResultRecord = { kind: 'result'; check: number; changedAt: number; result: ProbeResult }

/** A time in which the satellite could take nothing; its checks are not to blame for it. */
export type DowntimeRecord = { kind: 'downtime'; from: number; to: number }

export type SatelliteRecord = (BeatRecord | LinesRecord | ResultRecord | DowntimeRecord) & {
  /** When the satellite received it, by its clock, epoch ms. */
  at: number
}

/** A record with its number and its body. */
export type SentRecord = { seq: number; record: SatelliteRecord; body: Buffer }

/** What a satellite says about itself with each request. */
export type SatelliteReport = {
  /** The version of this format. A report of version 1 has both streams in one order, and `stream` in place of `run`. */
  protocol: number
  version: string
  /** Which records it brings; null in a report of version 1, which may bring any. */
  kind: StreamKind | null
  /** The run that received its records: their numbers count within it. */
  run: string
  /** The run of the process that sends them. */
  instance: string
  /** Its data folder and the boot of its machine; null when it cannot be told. */
  place: string | null
  chain: ReportChain | null
  /** Nothing follows: the process stops. */
  isLast: boolean
  /** Its clock when it made the request. */
  now: number
  /** It has sent all beats that it received up to here, this request included; null when it does not say. */
  completeTo: number | null
  /** The same of log lines. */
  linesCompleteTo: number | null
  /** What waits beside this request. */
  waiting: { records: number; bytes: number; since: number | null }
  /** How many requests it refused because its disk limit was reached. */
  refused: number
  /** What was used there of limits per minute. */
  used: readonly UsedRate[]
}

/**
 * How a report follows the one before it, so that the main notices two copies of one process: `after` is the token of the
 * last answer, and `unanswered` has the ids of the reports since then, whose answers may have been lost.
 */
export type ReportChain = { id: string; after: string | null; unanswered: readonly string[] }

/** The answer: everything of the stream up to `through` is stored, and may be forgotten. */
export type ReportAnswer = {
  through: number
  /** What the next report of the stream names. */
  token: string
  /** The version of the main. */
  version: string
  /** Which projects, keys, checks and probes there are; fetched again when it changes. */
  directory: string
  /** The clock of the main, epoch ms. */
  now: number
  /** The main could not store the rest now. */
  busy?: string
  /** What was used of limits per minute elsewhere: at the main and at other satellites. */
  used: readonly UsedRate[]
}

const HEADER_BYTES = 8

/** A request: the report, then the records, each as two lengths (big-endian, 4 bytes), JSON and body. */
export function encodeReport(report: SatelliteReport, records: readonly SentRecord[]): Buffer {
  const frames = [frame(report, NO_BODY), ...records.map(({ seq, record, body }) => frame({ ...record, seq }, body))]
  return Buffer.concat(frames.flat())
}

const NO_BODY = Buffer.alloc(0)

function frame(meta: object, body: Buffer): Buffer[] {
  const json = Buffer.from(JSON.stringify(meta))
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(json.length, 0)
  header.writeUInt32BE(body.length, 4)
  return [header, json, body]
}

/**
 * Reads such a request, also of earlier versions. Throws `invalid` for anything else; a part of a request is none, and one of
 * a later version is refused as a whole, so that what this one does not know waits there.
 */
export function decodeReport(bytes: Buffer): { report: SatelliteReport; records: SentRecord[] } {
  const frames = [...readFrames(bytes)]
  const report = readReport(frames[0]?.meta)
  const records = frames.slice(1).map(({ meta, body }): SentRecord => {
    const { seq, ...record } = meta as SatelliteRecord & { seq: number }
    if (!Number.isSafeInteger(seq) || !Number.isFinite(record.at) || typeof record.kind !== 'string') throw malformed()
    if (!KINDS.has(record.kind)) throw tooNew(report.version)
    if (report.kind !== null && kindOf(record) !== report.kind) throw malformed()
    return { seq, record: record as SatelliteRecord, body }
  })
  if (records.some(({ seq }, i) => i > 0 && seq <= records[i - 1]!.seq)) throw malformed()
  return { report, records }
}

const KINDS: ReadonlySet<string> = new Set<SatelliteRecord['kind']>(['beat', 'lines', 'result', 'downtime'])
const MAX_USED_RATES = 2_000
const MAX_UNANSWERED = 100

function readReport(meta: unknown): SatelliteReport {
  const sent = meta as (Partial<SatelliteReport> & { stream?: string }) | undefined
  const version = String(sent?.version ?? '').slice(0, 50)
  const protocol = sent?.protocol ?? 1
  if (typeof protocol === 'number' && protocol > REPORT_PROTOCOL) throw tooNew(version)
  const run = protocol === 1 ? sent?.stream : sent?.run
  const isWhole =
    typeof run === 'string' &&
    Number.isFinite(sent?.now) &&
    isInstant(sent?.completeTo) &&
    Number.isFinite(sent?.waiting?.records) &&
    Number.isFinite(sent?.waiting?.bytes) &&
    isInstant(sent?.waiting?.since) &&
    Number.isFinite(sent?.refused)
  if (!isWhole) throw malformed()
  const { now, completeTo = null, waiting, refused } = sent as SatelliteReport
  const base = { protocol, version, run, now, completeTo, waiting, refused }
  if (protocol === 1)
    return {
      ...base,
      ...{ kind: null, instance: run, place: null, chain: null, isLast: false, linesCompleteTo: completeTo, used: [] },
    }
  const { kind, instance, place, chain, linesCompleteTo, used } = sent as SatelliteReport
  if (kind !== 'beats' && kind !== 'lines') throw malformed()
  if (typeof instance !== 'string' || !isInstant(linesCompleteTo) || !isChain(chain)) throw malformed()
  return {
    ...base,
    ...{ kind, instance, chain, place: typeof place === 'string' ? place : null },
    isLast: sent?.isLast === true,
    linesCompleteTo: linesCompleteTo ?? null,
    used: Array.isArray(used) ? used.filter(isUsedRate).slice(0, MAX_USED_RATES) : [],
  }
}

function isInstant(value: unknown): boolean {
  return value === null || value === undefined || Number.isFinite(value)
}

function isChain(chain: ReportChain | null | undefined): boolean {
  return (
    typeof chain?.id === 'string' &&
    (chain.after === null || typeof chain.after === 'string') &&
    Array.isArray(chain.unanswered) &&
    chain.unanswered.length <= MAX_UNANSWERED
  )
}

function isUsedRate(rate: unknown): rate is UsedRate {
  const { key, minute, used } = (rate ?? {}) as UsedRate
  return typeof key === 'string' && Number.isSafeInteger(minute) && Number.isFinite(used)
}

function* readFrames(bytes: Buffer): Generator<{ meta: unknown; body: Buffer }> {
  for (let at = 0; at < bytes.length; ) {
    if (at + HEADER_BYTES > bytes.length) throw malformed()
    const metaEnd = at + HEADER_BYTES + bytes.readUInt32BE(at)
    const bodyEnd = metaEnd + bytes.readUInt32BE(at + 4)
    if (bodyEnd > bytes.length) throw malformed()
    try {
      yield {
        meta: JSON.parse(bytes.toString('utf8', at + HEADER_BYTES, metaEnd)),
        body: bytes.subarray(metaEnd, bodyEnd),
      }
    } catch (error) {
      throw error instanceof Problem ? error : malformed()
    }
    at = bodyEnd
  }
}

function malformed(): Problem {
  return new Problem(
    'invalid',
    'This is no report of a satellite that this version of Vakt can read, or it broke off.',
    {
      fields: { body: 'is no report' },
    },
  )
}

function tooNew(version: string): Problem {
  return new Problem(
    'conflict',
    `The satellite runs Vakt ${version}, whose reports this one cannot read. Update the main Vakt first; what the satellite received waits there.`,
  )
}
