// What a satellite sends: records in the order in which it received them, and a report about itself in front. Pure.
import type { Arrival, Signal } from '../checks/beat.ts'
import type { Batch } from '../logs/store.ts'
import type { ProbeResult } from '../probes/probe.ts'
import { Problem } from '../problem.ts'

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
  version: string
  /** Which data folder it has: numbers of records count within it. */
  stream: string
  /** Its clock when it made the request. */
  now: number
  /** It has sent everything that it received up to here, this request included. */
  completeTo: number
  /** What waits beside this request. */
  waiting: { records: number; bytes: number; since: number | null }
  /** How many requests it refused because its disk limit was reached. */
  refused: number
}

/** The answer: everything up to `through` is stored, and may be forgotten. */
export type ReportAnswer = {
  through: number
  /** Which projects, keys, checks and probes there are; fetched again when it changes. */
  directory: string
  /** The clock of the main, epoch ms. */
  now: number
  /** The main could not store the rest now. */
  busy?: string
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

/** Reads such a request. Throws `invalid` for anything else; a part of a request is none. */
export function decodeReport(bytes: Buffer): { report: SatelliteReport; records: SentRecord[] } {
  const frames = [...readFrames(bytes)]
  const report = frames[0]?.meta as SatelliteReport | undefined
  if (typeof report?.stream !== 'string' || !Number.isFinite(report.now) || !Number.isFinite(report.completeTo))
    throw malformed()
  const records = frames.slice(1).map(({ meta, body }): SentRecord => {
    const { seq, ...record } = meta as SatelliteRecord & { seq: number }
    if (!Number.isSafeInteger(seq) || !Number.isFinite(record.at) || typeof record.kind !== 'string') throw malformed()
    return { seq, record: record as SatelliteRecord, body }
  })
  if (records.some(({ seq }, i) => i > 0 && seq <= records[i - 1]!.seq)) throw malformed()
  return { report, records }
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
    'This is no report of a satellite, or it broke off. Both sides must run the same version of Vakt.',
    { fields: { body: 'is no report' } },
  )
}
