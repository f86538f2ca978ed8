// The tables of a satellite of what it received and the main does not have yet: in order, encrypted, and within a limit of disk.
import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { readValue, writeValue } from '../state/key-value.ts'
import { MINUTE } from '../time.ts'
import { kindOf, type SatelliteRecord, type SentRecord, type StreamKind } from './record.ts'

/** What a row costs on disk beside its record, bytes. */
const ROW_OVERHEAD_BYTES = 60
/** Beats may use this much more than the limit: they are small, and each one counts. */
const BEAT_RESERVE = 1.1
/** How many records of an earlier version are labelled in one transaction. */
const LABELLED_AT_ONCE = 500

export type Spool = ReturnType<typeof openSpool>

/** A key of 32 bytes that follows from that of the satellite (HKDF, RFC 5869): for the spool, or for what the vault seals. */
export function deriveKey(satelliteKey: string, purpose: 'spool' | 'vault'): Buffer {
  return Buffer.from(hkdfSync('sha256', satelliteKey, '', `vakt satellite ${purpose} v1`, 32))
}

/**
 * The spool in a satellite's state. Records are encrypted (AES-256-GCM) with a key that follows from that of the satellite and
 * is never stored: what waits is not masked yet. `onDamage` is told of records that cannot be read again. Throws `conflict` when
 * something waits there under another key.
 */
export function openSpool(
  state: State,
  satelliteKey: string,
  limitBytes: number,
  onDamage: (records: number) => void = () => {},
) {
  const key = deriveKey(satelliteKey, 'spool')
  const { stream } = openStream(state, satelliteKey)
  labelAll(state, key, stream)
  let run: string = randomUUID()
  let refused = Number(readValue(state, 'satellite refused') ?? 0)
  let savedRefused = refused

  /** What waits of a kind; a rollback clears it, and it is counted again. */
  const totalsOf = (kind: StreamKind): Totals => {
    const cache = state.memory<Totals>('spool totals')
    const known = cache.get(kind) ?? state.prepare<[string], Totals>(COUNT_OF_KIND).get(kind)!
    cache.set(kind, known)
    return known
  }
  const totals = (): Totals => {
    const [beats, lines] = [totalsOf('beats'), totalsOf('lines')]
    return { records: beats.records + lines.records, bytes: beats.bytes + lines.bytes }
  }

  /** Removes records that the disk gave back otherwise than they were written: nothing behind them would ever be sent. */
  const removeDamaged = (kind: StreamKind, seqs: readonly number[]) => {
    state.transaction(() => {
      const remove = state.prepare('delete from spool where seq = ?')
      for (const seq of seqs) remove.run(seq)
      state.memory<Totals>('spool totals').delete(kind)
    })
    onDamage(seqs.length)
  }

  /**
   * The oldest records of a kind, all of one run, at least one if there is any, up to about `maxBytes` and `maxRecords`.
   * Without any, `run` is that of this process.
   */
  const read = (kind: StreamKind, maxBytes: number, maxRecords: number): { run: string; records: SentRecord[] } => {
    const rows = state.prepare<[string, number], { seq: number; bytes: number; run: string }>(OLDEST_OF_KIND)
    let size = 0
    const seqs: number[] = []
    let of: string | null = null
    for (const row of rows.all(kind, maxRecords)) {
      size += row.bytes
      if (seqs.length > 0 && (size > maxBytes || row.run !== of)) break
      of = row.run
      seqs.push(row.seq)
    }
    const sealed = state.prepare<[number], { sealed: Buffer }>('select sealed from spool where seq = ?')
    const opened = seqs.map(seq => ({ seq, whole: openWhole(key, sealed.get(seq)!.sealed) }))
    const records = opened.flatMap(({ seq, whole }) => (whole ? [{ seq, ...whole }] : []))
    const damaged = opened.filter(({ whole }) => whole === null).map(({ seq }) => seq)
    if (damaged.length > 0) removeDamaged(kind, damaged)
    return damaged.length > 0 && records.length === 0 ? read(kind, maxBytes, maxRecords) : { run: of ?? run, records }
  }

  return {
    /** The run of this process: its records have numbers of their own. */
    run: () => run,
    /**
     * Begins another run. The numbers of a folder or of a machine that was copied, or restored from an old copy, are given
     * twice; those of a run are not, because no copy that is started later is of the same run.
     */
    beginRun(): void {
      run = randomUUID()
    },
    /** Whether there is room for a record of about `size` bytes; that there is none is counted. */
    hasRoom(kind: SatelliteRecord['kind'], size: number): boolean {
      const limit = kind === 'lines' ? limitBytes : limitBytes * BEAT_RESERVE
      if (totals().bytes + size + ROW_OVERHEAD_BYTES <= limit) return true
      refused++
      return false
    },
    /** Adds a record, in the running transaction. */
    add(record: SatelliteRecord, body: Buffer): void {
      const sealed = seal(key, record, body)
      const size = sealed.length + ROW_OVERHEAD_BYTES
      const kind = kindOf(record)
      const { records, bytes } = totalsOf(kind)
      state.prepare(INSERT).run(record.at, size, kind, run, sealed)
      state.memory<Totals>('spool totals').set(kind, { records: records + 1, bytes: bytes + size })
    },
    read,
    /** Forgets what the main has: everything of a kind and a run up to `through`. */
    forget(kind: StreamKind, run: string, through: number): void {
      state.transaction(() => {
        const gone = state.prepare<[string, string, number], Totals>(COUNT_SENT).get(kind, run, through)!
        if (gone.records === 0) return
        const before = totalsOf(kind)
        state.prepare(`delete from spool ${SENT}`).run(kind, run, through)
        const left = { records: before.records - gone.records, bytes: before.bytes - gone.bytes }
        state.memory<Totals>('spool totals').set(kind, left)
      })
    },
    /** How many records of a kind wait. */
    count: (kind: StreamKind): number => totalsOf(kind).records,
    /** What waits: how many records, how many bytes, and since when. */
    waiting(): Totals & { since: number | null } {
      const since = state.prepare<[], { at: number }>(OLDEST).get()?.at ?? null
      return { ...totals(), since }
    },
    /** Whether the limit is reached for log lines. */
    isFull: () => totals().bytes >= limitBytes,
    limitBytes,
    /** How many requests were refused because of the limit, also before a restart. */
    refused(): number {
      if (refused !== savedRefused) writeValue(state, 'satellite refused', String(refused))
      savedRefused = refused
      return refused
    },
    /** The answer to a repeated request, or null; `since` is how far back it may be. */
    findReply(projectId: number, requestKey: string, since: number): string | null {
      const query = 'select reply from spool_replies where project_id = ? and key = ? and received_at >= ?'
      return (
        state.prepare<[number, string, number], { reply: string }>(query).get(projectId, requestKey, since)?.reply ??
        null
      )
    },
    /** Remembers an answer, in the running transaction. */
    saveReply(projectId: number, requestKey: string, receivedAt: number, reply: string): void {
      state.prepare(SAVE_REPLY).run(projectId, requestKey, receivedAt, reply)
    },
    /** Forgets answers before an instant, those of `bodyKey…` before another one. */
    pruneReplies(before: number, bodyKey: string, bodiesBefore: number): void {
      state.transaction(() => {
        state.prepare('delete from spool_replies where received_at < ?').run(before)
        state
          .prepare('delete from spool_replies where received_at < ? and substr(key, 1, ?) = ?')
          .run(bodiesBefore, bodyKey.length, bodyKey)
      })
    },
  }
}

/** The refusal of what does not fit any more. */
export function spoolFull(): Problem {
  return new Problem(
    'busy',
    'The disk limit of this satellite (SATELLITE_DISK_BUDGET) is reached, because its main does not take what waits here. Send it again later.',
    { retryAfterMs: MINUTE },
  )
}

type Totals = { records: number; bytes: number }

const COUNT = 'select count(*) as records, coalesce(sum(bytes), 0) as bytes from spool'
const SENT = 'where kind = ? and run = ? and seq <= ?'
const OLDEST = 'select received_at as at from spool order by seq limit 1'
const OLDEST_OF_KIND = 'select seq, bytes, run from spool where kind = ? order by seq limit ?'
const COUNT_OF_KIND = `${COUNT} where kind = ?`
const COUNT_SENT = `${COUNT} ${SENT}`
/** What is asked of many rows at a time: answered by an index alone. */
export const SPOOL_QUERIES: readonly string[] = [OLDEST_OF_KIND, COUNT_OF_KIND, COUNT_SENT]
const INSERT = 'insert into spool (received_at, bytes, kind, run, sealed) values (?, ?, ?, ?, ?)'
const SAVE_REPLY = `insert into spool_replies (project_id, key, received_at, reply) values (?, ?, ?, ?)
  on conflict (project_id, key) do update set received_at = excluded.received_at, reply = excluded.reply`

/** The id of this data folder, which counted as the run of an earlier version. Another key begins a new one. */
function openStream(state: State, satelliteKey: string): { stream: string } {
  const digest = hash('sha256', `vakt satellite ${satelliteKey}`, 'hex')
  const known = JSON.parse(readValue(state, 'satellite') ?? 'null') as { stream: string; digest: string } | null
  if (known?.digest === digest) return known
  const { n } = state.prepare<[], { n: number }>('select count(*) as n from spool').get()!
  if (n > 0)
    throw new Problem(
      'conflict',
      `${n} requests wait in this data folder, received with another key. Start the satellite with that key until they are sent, or choose another DATA_DIR.`,
    )
  const stream = randomUUID()
  writeValue(state, 'satellite', JSON.stringify({ stream, digest }))
  return { stream }
}

/** Writes their kind and run beside records that an earlier version left: those are inside what is encrypted. */
function labelAll(state: State, key: Buffer, run: string): void {
  const unlabelled = state.prepare<[number], { seq: number; sealed: Buffer }>(
    'select seq, sealed from spool where kind is null order by seq limit ?',
  )
  const label = state.prepare('update spool set kind = ?, run = ? where seq = ?')
  for (let rows = unlabelled.all(LABELLED_AT_ONCE); rows.length > 0; rows = unlabelled.all(LABELLED_AT_ONCE))
    state.transaction(() => {
      for (const { seq, sealed } of rows) label.run(kindOf(open(key, sealed).record), run, seq)
    })
}

function seal(key: Buffer, record: SatelliteRecord, body: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify(record))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(json.length)
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const sealed = [nonce, cipher.update(length), cipher.update(json), cipher.update(body), cipher.final()]
  return Buffer.concat([...sealed, cipher.getAuthTag()])
}

/** The record; null when it is not what was written. */
function openWhole(key: Buffer, sealed: Buffer): ReturnType<typeof open> | null {
  try {
    return open(key, sealed)
  } catch {
    return null
  }
}

function open(key: Buffer, sealed: Buffer): { record: SatelliteRecord; body: Buffer } {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
  decipher.setAuthTag(sealed.subarray(-16))
  const plain = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
  const end = 4 + plain.readUInt32BE(0)
  return { record: JSON.parse(plain.toString('utf8', 4, end)), body: plain.subarray(end) }
}
