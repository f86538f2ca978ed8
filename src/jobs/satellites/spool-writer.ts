// The log writer of a satellite: what it takes waits in the spool, and is answered as the main would answer it.
import type { Clock } from '../../clock.ts'
import { readBatch } from '../../logs/intake/read-batch.ts'
import type { NewLine } from '../../logs/line.ts'
import { BODY_KEY } from '../../logs/repeat-memory.ts'
import { type AppendResult, type Batch, EMITTER_FIELD, type LineCount, type LogWriter } from '../../logs/store.ts'
import { emitterOf } from '../../projects/emitter-limit.ts'
import { findProject } from '../../projects/projects.ts'
import { pruneSignatures } from '../../projects/signatures.ts'
import { type Spool, spoolFull } from '../../satellites/spools.ts'
import type { State } from '../../state/database.ts'
import type { GroupCommit } from '../../state/group-commit.ts'
import { DAY, MINUTE } from '../../time.ts'

export type SpoolWriterOptions = {
  state: State
  commit: GroupCommit
  spool: Spool
  clock: Clock
  /** Called when something is on disk. */
  onStored(): void
}

/** How long answers are remembered for clients that repeat a request: with its key, and by its body alone. */
const KEY_RETENTION_MS = DAY
const BODY_RETENTION_MS = 15 * MINUTE
const PRUNE_INTERVAL_MS = MINUTE

/**
 * A writer to the spool. Lines are read here only to answer how many are accepted; the main reads them again, because only it
 * masks and groups them.
 */
export function createSpoolWriter({ state, commit, spool, clock, onStored }: SpoolWriterOptions): LogWriter {
  let prunedAt = Number.NEGATIVE_INFINITY

  const prune = (now: number) => {
    if (Math.abs(now - prunedAt) < PRUNE_INTERVAL_MS) return
    prunedAt = now
    pruneSignatures(state, now)
    spool.pruneReplies(now - KEY_RETENTION_MS, BODY_KEY, now - BODY_RETENTION_MS)
  }

  const findReply = (projectId: number, { idempotencyKey: key, receivedAt }: Batch): AppendResult | null => {
    if (key === null) return null
    const since = receivedAt - (key.startsWith(BODY_KEY) ? BODY_RETENTION_MS : KEY_RETENTION_MS)
    const reply = spool.findReply(projectId, key, since)
    return reply === null ? null : { ...(JSON.parse(reply) as AppendResult), repeated: true }
  }

  return {
    async append(batch) {
      const { id } = findProject(state, batch.project)
      const known = findReply(id, batch)
      if (known) return known
      const { lines, rejected } = readBatch(batch)
      const body = Buffer.from(batch.body)
      if (!spool.hasRoom('lines', body.length)) throw spoolFull()
      const { idempotencyKey: key, receivedAt, format, defaults, limits, sender = '', zones, signature } = batch
      const result: AppendResult = {
        accepted: lines.length,
        rejected: rejected.length,
        errors: rejected,
        repeated: false,
        counts: countByEmitter(lines, batch),
      }
      // What an emitter may not send now is sent again later.
      if (lines.length === 0) return result
      const stored = await commit(() => {
        // The same request may have come twice at once.
        const repeated = findReply(id, batch)
        if (repeated) return repeated
        spool.add(
          {
            ...{ kind: 'lines', at: receivedAt, project: id, sender, format, defaults, limits, lines: lines.length },
            key: key?.startsWith(BODY_KEY) ? null : key,
            zone: zones?.fixed ?? null,
            ...(signature === undefined ? {} : { signature }),
          },
          body,
        )
        const isLater = rejected.some(({ field }) => field === EMITTER_FIELD)
        if (key !== null && !isLater) spool.saveReply(id, key, receivedAt, JSON.stringify({ ...result, counts: [] }))
        return result
      })
      onStored()
      prune(clock.now())
      return stored
    },
  }
}

/** How many lines of each source and host: what limits of emitters need. */
function countByEmitter(lines: readonly NewLine[], { receivedAt, project }: Batch): LineCount[] {
  const counts = new Map<string, LineCount>()
  for (const { source, host } of lines) {
    const emitter = emitterOf({ source, host })
    const known = counts.get(emitter)
    if (known) known.count++
    else
      counts.set(emitter, {
        ...{ minute: receivedAt, project, source, host, group: '', level: 'info', fingerprint: '' },
        ...{ count: 1, latest: receivedAt, sample: null },
      })
  }
  return [...counts.values()]
}
