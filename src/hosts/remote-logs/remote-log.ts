// The rules of a remote log, a file or journal read on a host: its target, and how the scripts' answers are parsed. Pure.
import { KIBIBYTE } from '../../bytes.ts'
import { invalid, Problem } from '../../problem.ts'
import type { FilePosition, LogPosition, remoteLogs } from '../../state/schema/index.ts'
import type { Host } from '../host.ts'
import { findAnswer, notRunProblem } from '../script-answer.ts'

export type RemoteLog = typeof remoteLogs.$inferSelect

export const MAX_BATCH_LINES = 5_000

/** The complete lines of one answer, in a format of the log store, and where the next reading begins. */
export type LogReading = {
  lines: number
  /** Entries that are left out, because they cannot be read at all. */
  unreadable: number
  body: string
  format: 'text' | 'ndjson'
  /** Where the reading began, to recognize a repeated one; null for a journal. */
  start: { inode: string; offset: number } | null
  until: LogPosition | null
  /** Whether there is more to read. */
  more: boolean
  /** Whether lines written before a rotation could not be found. */
  lost: boolean
}

/** Throws `invalid` on the field `file` unless the text is an absolute path of one file. */
export function refusePath(path: string): void {
  const hasControlCharacter = [...path].some(letter => letter < ' ' || letter === '\u007f')
  if (path.startsWith('/') && path.length <= 500 && !hasControlCharacter && !path.endsWith('/')) return
  throw invalid('file', 'Write the absolute path of one file, such as /var/log/nginx/error.log.')
}

/** Throws `invalid` on the field `journal` unless the text is a systemd unit, or `*` for the whole journal. */
export function refuseUnit(unit: string): void {
  if (unit === '*' || /^[a-zA-Z0-9][\w@.:\\-]{0,200}$/.test(unit)) return
  throw invalid('journal', 'Write a systemd unit, such as nginx.service, or * for the whole journal.')
}

/** The default source of the lines: `nginx/error` for /var/log/nginx/error.log. */
export function defaultSource(kind: RemoteLog['kind'], target: string): string {
  if (kind === 'journal') return target === '*' ? 'journal' : target.replace(/\.service$/, '')
  return target.replace(/^\/(?:var\/log\/)?/, '').replace(/\.log$/, '')
}

const FILE_HEADER = /@@(?:file (\d+) (\d+) (\d+) (\d+) ([\da-f]*) (now|old|lost)|problem .*)(?=\r?\n)/
const JOURNAL_HEADER = /@@(?:journal|problem .*)(?=\r?\n)/

/**
 * Parses the answer of the file script. `until` is the byte where an earlier reading of the same batch ended, so that the
 * repeated batch is identical. Throws a `Problem` for an error of the script.
 */
export function parseFileAnswer(
  host: Host,
  path: string,
  answer: Buffer,
  until: number | null = null,
  stderr = '',
): LogReading {
  const { header, rest: printed } = splitHeader(host, path, answer, stderr, FILE_HEADER)
  const [, inode = '', bytes, offset, head, sum = '', which] = FILE_HEADER.exec(`${header}\n`)!
  const startOffset = Number(offset)
  // What follows the size that the script saw, or the most that it prints, was printed by a shell that ends.
  const rest = printed.subarray(0, Math.max(0, Math.min(Number(bytes) - startOffset, MAX_READ_BYTES)))
  const isAtEnd = startOffset + rest.length >= Number(bytes)
  const length = until === null ? measureWholeLines(rest, which === 'old' && isAtEnd) : until - startOffset
  const batch = rest.subarray(0, length)
  const position: FilePosition = { inode, offset: startOffset + batch.length, head: Number(head), sum }
  const body = batch.toString('utf8')
  return {
    lines: body.split('\n').filter(line => line.trim() !== '').length,
    unreadable: 0,
    ...{ body, format: 'text', start: { inode, offset: startOffset }, until: { file: position } },
    // A rotated file is followed by the next one.
    more: which === 'old' || !isAtEnd || rest.indexOf(10, batch.length) >= 0,
    lost: which === 'lost',
  }
}

/** Parses the answer of the file script to a request without a position: where the first reading begins. */
export function parseFileStart(host: Host, path: string, answer: Buffer, stderr = ''): LogPosition {
  const { until, start } = parseFileAnswer(host, path, answer, null, stderr)
  // The script prints nothing of the file, so what follows its header is the shell's.
  return { file: { ...(until as { file: FilePosition }).file, offset: start!.offset } }
}

/** Parses the answer of the journal script; `until` as in `parseFileAnswer`, but a cursor. */
export function parseJournalAnswer(
  host: Host,
  unit: string,
  answer: Buffer,
  stderr: string,
  until: string | null = null,
): LogReading {
  const { rest } = splitHeader(host, unit, answer, stderr, JOURNAL_HEADER)
  const text = rest.subarray(0, rest.lastIndexOf(10) + 1).toString('utf8')
  const read = text
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(parseEntry)
  const entries = read.flat()
  // What follows the last entry that is read comes again.
  const passed = read.slice(0, read.findLastIndex(found => found.length > 0) + 1)
  if (entries.length === 0 && /insufficient permission|not seeing messages/i.test(stderr))
    throw journalForbiddenProblem(host)
  const cut = until === null ? entries.length : entries.findIndex(entry => entry.cursor === until) + 1
  const taken = entries.slice(0, cut > 0 ? cut : entries.length)
  const last = taken.at(-1)
  return {
    lines: taken.length,
    unreadable: taken.length === entries.length ? passed.length - entries.length : 0,
    body: taken.map(entry => JSON.stringify(entry.line)).join('\n'),
    ...{ format: 'ndjson', start: null, until: last ? { cursor: last.cursor } : null },
    more: entries.length >= 1_000 || rest.length > text.length || taken.length < entries.length,
    lost: false,
  }
}

/** The cursor of the first line of an answer; null without a line. */
export function findFirstCursor(host: Host, unit: string, answer: Buffer, stderr: string): string | null {
  const { until, body } = parseJournalAnswer(host, unit, answer, stderr)
  if (until === null || body === '') return null
  const line = answer.toString('utf8').split('\n').flatMap(parseEntry)[0]
  return line?.cursor ?? null
}

/** The length in bytes of the complete lines, up to the limit of lines. A line that fills the whole reading is cut. */
function measureWholeLines(bytes: Buffer, isFinal: boolean): number {
  let end = 0
  for (let lines = 0; lines < MAX_BATCH_LINES; lines++) {
    const next = bytes.indexOf(10, end)
    if (next < 0) return isFinal || (end === 0 && bytes.length >= MAX_READ_BYTES) ? bytes.length : end
    end = next + 1
  }
  return end
}

export const MAX_READ_BYTES = 256 * KIBIBYTE
/** JSON entries of a journal are about four times as long as their messages. */
export const MAX_JOURNAL_BYTES = 4 * MAX_READ_BYTES

/** Levels by syslog priority (RFC 5424, 6.2.1), from emergency to debug; notice and informational have none. */
const LEVEL_BY_PRIORITY = ['fatal', 'fatal', 'fatal', 'error', 'warn', undefined, undefined, 'debug'] as const

type JournalEntry = { cursor: string; line: Record<string, unknown> }

/** Parses a line of `journalctl -o json` (systemd.journal-fields(7)); a message that is not UTF-8 is an array of bytes. */
function parseEntry(text: string): JournalEntry[] {
  if (!text.startsWith('{')) return []
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(text)
  } catch {
    return []
  }
  const { MESSAGE, PRIORITY, __CURSOR: cursor, __REALTIME_TIMESTAMP: micros } = fields
  if (typeof cursor !== 'string') return []
  const message = Array.isArray(MESSAGE) ? Buffer.from(MESSAGE as number[]).toString('utf8') : String(MESSAGE ?? '')
  const level = LEVEL_BY_PRIORITY[Number(PRIORITY ?? 6)]
  const extra = { unit: fields._SYSTEMD_UNIT, identifier: fields.SYSLOG_IDENTIFIER, pid: fields._PID }
  const known = Object.fromEntries(Object.entries(extra).filter(([, value]) => typeof value === 'string'))
  const timestamp = new Date(Number(micros) / 1000)
  return [
    {
      cursor,
      line: {
        message: message === '' ? '(empty)' : message,
        ...(Number.isNaN(timestamp.getTime()) ? {} : { timestamp: timestamp.toISOString() }),
        ...(level === undefined ? {} : { level }),
        attributes: known,
      },
    },
  ]
}

function splitHeader(
  host: Host,
  target: string,
  output: Buffer,
  stderr: string,
  pattern: RegExp,
): { header: string; rest: Buffer } {
  const { printed, answer } = findAnswer(output, pattern)
  if (answer === null)
    throw notRunProblem(
      host,
      `${printed}\n${stderr}`,
      "If Vakt's key has a forced command there, it must allow this (docs/actions.md).",
    )
  const end = answer.indexOf(10)
  const header = answer.subarray(0, end).toString('utf8').trimEnd()
  if (header.startsWith('@@problem ')) throw fileProblem(host, target, header.slice('@@problem '.length))
  return { header, rest: answer.subarray(end + 1) }
}

function fileProblem(host: Host, target: string, message: string): Problem {
  const user = host.local ? 'The user that runs Vakt' : host.user
  if (message === 'no journalctl')
    return new Problem(
      'not_found',
      `${host.name} has no journalctl. Read a file instead: hosts logs add ${host.name} --file PATH`,
    )
  if (/permission denied/i.test(message))
    return new Problem(
      'forbidden',
      `${user} may not read ${target} on ${host.name}. Allow it there: sudo setfacl -m u:${host.local ? 'USER' : host.user}:r ${target}, or add the user to the group of the file (often adm).`,
    )
  if (/regular file/.test(message))
    return new Problem('invalid', `${target} on ${host.name} is not a regular file. Choose a log file.`)
  return new Problem(
    'not_found',
    `There is no file ${target} on ${host.name}. Check the path; "hosts logs list" shows the logs that are read.`,
  )
}

function journalForbiddenProblem(host: Host): Problem {
  return new Problem(
    'forbidden',
    `${host.local ? 'The user that runs Vakt' : host.user} may not read the journal on ${host.name}. Allow it there: sudo usermod -aG systemd-journal ${host.local ? 'USER' : host.user}`,
  )
}
