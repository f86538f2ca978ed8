// Who did what, and whether anybody changed the record of it.
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { Problem } from '../../src/problem.ts'
import { type AuditRow, readAudit, verifyAudit } from '../../src/projects/audit.ts'
import { escapeControls, plural } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
import { command } from '../context.ts'

const audit = command({
  name: 'audit',
  summary: 'Show who changed what, newest first',
  examples: ['audit', 'audit --limit 50'],
  role: 'admin',
  changes: false,
  args: {
    limit: z.number().int().min(1).max(200).optional().describe('Number of rows (default: 15)'),
    before: z.number().int().positive().optional().describe('Only rows with a smaller number'),
  },
  run({ limit = 15, before }, { state }) {
    const rows = readAudit(state, limit, before)
    const older = rows.length === limit ? rows.at(-1) : undefined
    return {
      card: {
        title: rows.length === 0 ? 'Nothing was changed yet' : 'Changes, newest first',
        tone: 'plain',
        lines: rows.map(row => [
          { time: row.at, style: 'moment' },
          ` · ${escapeControls(row.actorName)} (${origin(row)}) · `,
          { code: escapeControls(row.line) },
          row.count === null ? '' : ` · ${row.count.toLocaleString('en')} ${doneTo(row.line)}`,
          row.outcome === 'done' ? '' : ` · refused: ${escapeControls(row.outcome)}`,
        ]),
        buttons: older ? [{ label: 'Older', line: `audit --limit ${limit} --before ${older.id}` }] : [],
      },
      result: {
        audit: rows.map(row => ({
          id: row.id,
          at: isoTime(row.at),
          platform: row.platform,
          actor: row.actorName,
          actor_id: row.actorId,
          line: row.line,
          outcome: row.outcome,
          address: row.address,
          key: row.keyId,
          count: row.count,
          hash: row.hash,
        })),
      },
    }
  },
})

const verify = command({
  name: 'audit verify',
  summary: 'Check that no row of the audit was changed or removed',
  details: 'Compare the hash with the one in an earlier report or backup: it covers every row up to its number.',
  examples: ['audit verify'],
  role: 'admin',
  changes: false,
  args: {},
  async run(_, { state }) {
    const { rows, head, broken } = await inSlices(verifyAudit(state))
    if (broken)
      throw new Problem(
        'conflict',
        `The audit is not whole: row ${broken.id} does not fit, because ${broken.reason}. Compare it with a backup.`,
      )
    return {
      card: {
        title: rows === 0 ? 'The audit is empty' : `The audit is whole: ${plural(rows, 'row')}`,
        tone: 'good',
        lines: rows === 0 ? [] : [['Row ', { bold: String(head.id) }, ' has the hash ', { code: head.hash }]],
      },
      result: { ok: true, rows, head },
    }
  },
})

export const auditCommands = [audit, verify]

/** The outcome of work that yields now and then; between its parts everything else runs. */
async function inSlices<T>(work: Generator<undefined, T>): Promise<T> {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
    await setImmediate()
  }
}

/** The platform, with the address and key where they are known. */
function origin({ platform, address, keyId }: AuditRow): string {
  return [platform, ...(address === null ? [] : [address]), ...(keyId === null ? [] : [keyId])].join(', ')
}

/** What a command did to the things that its row counts. */
function doneTo(line: string): string {
  if (/^ack\b/.test(line)) return 'acknowledged'
  return /^(checks )?import\b/.test(line) ? 'added' : 'removed'
}
