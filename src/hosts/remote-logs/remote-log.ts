// The rules of a log that is read on a host: how it is named, and what a reading of it holds. Pure.
import { invalid, Problem } from '../../problem.ts'
import type { FilePosition, LogPosition, remoteLogs } from '../../state/schema/index.ts'
import type { Host } from '../host.ts'

export type RemoteLog = typeof remoteLogs.$inferSelect

/** A batch has so many lines at the most. */
export const MOST_LINES = 5_000

/** A reading: the whole lines that came, as the log store takes them, and where the next one begins. */
export type Reading = {
  lines: number
  body: string
  format: 'text' | 'ndjson'
  /** Where it began, to know it again; null for a journal. */
  start: { inode: string; offset: number } | null
  until: LogPosition | null
  /** Whether more is waiting. */
  more: boolean
  /** Whether what was written before rotation could not be found any more. */
  lost: boolean
}

/** Throws `invalid` for what can be no path of a log file; nothing in it means anything to the shell. */
export function refusePath(path: string): void {
  const odd = [...path].some(letter => letter < ' ' || letter === '\u007f')
  if (path.startsWith('/') && path.length <= 500 && !odd && !path.endsWith('/')) return
  throw invalid('file', 'Write the whole path of one file, such as /var/log/nginx/error.log.')
}

/** Throws `invalid` for what can name no unit of systemd; `*` is the whole journal. */
export function refuseUnit(unit: string): void {
  if (unit === '*' || /^[a-zA-Z0-9][\w@.:\\-]{0,200}$/.test(unit)) return
  throw invalid('journal', 'Write a unit of systemd, such as nginx.service, or * for the whole journal.')
}

/** The source that lines have when nobody says: `nginx/error` for /var/log/nginx/error.log. */
export function usualSource(kind: RemoteLog['kind'], target: string): string {
  if (kind === 'journal') return target === '*' ? 'journal' : target.replace(/\.service$/, '')
  return target.replace(/^\/(?:var\/log\/)?/, '').replace(/\.log$/, '')
}

/**
 * What the script for files said. `until` is where an earlier reading was cut, so that the very same batch is made again.
 * Throws the sentence for what it complained of.
 */
export function readFileAnswer(host: Host, path: string, answer: Buffer, until: number | null = null): Reading {
  const { header, rest } = headerOf(host, path, answer)
  const [, inode, bytes, offset, head, sum = '', which] =
    /^@@file (\d+) (\d+) (\d+) (\d+) ([\da-f]*) (now|old|lost)$/.exec(header) ?? []
  if (inode === undefined) throw strange(host)
  const begins = Number(offset)
  const atEnd = begins + rest.length >= Number(bytes)
  const length = until === null ? wholeLines(rest, which === 'old' && atEnd) : until - begins
  const taken = rest.subarray(0, length)
  const position: FilePosition = { inode, offset: begins + taken.length, head: Number(head), sum }
  const body = taken.toString('utf8')
  return {
    lines: body.split('\n').filter(line => line.trim() !== '').length,
    ...{ body, format: 'text', start: { inode, offset: begins }, until: { file: position } },
    // After what was put aside comes what followed it.
    more: which === 'old' || !atEnd || rest.indexOf(10, taken.length) >= 0,
    lost: which === 'lost',
  }
}

/** What the script for journals said; `until` as in `readFileAnswer`. Each line of a journal names its own place. */
export function readJournalAnswer(
  host: Host,
  unit: string,
  answer: Buffer,
  said: string,
  until: string | null = null,
): Reading {
  const { header, rest } = headerOf(host, unit, answer)
  if (header !== '@@journal') throw strange(host)
  const text = rest.subarray(0, rest.lastIndexOf(10) + 1).toString('utf8')
  const entries = text.split('\n').flatMap(entryOf)
  if (entries.length === 0 && /insufficient permission|not seeing messages/i.test(said)) throw noJournal(host)
  const cut = until === null ? entries.length : entries.findIndex(entry => entry.cursor === until) + 1
  const taken = entries.slice(0, cut > 0 ? cut : entries.length)
  const last = taken.at(-1)
  return {
    lines: taken.length,
    body: taken.map(entry => JSON.stringify(entry.line)).join('\n'),
    ...{ format: 'ndjson', start: null, until: last ? { cursor: last.cursor } : null },
    more: entries.length >= 1_000 || rest.length > text.length || taken.length < entries.length,
    lost: false,
  }
}

/** The cursor of the first line of a first answer, from which reading begins; null when there is no line yet. */
export function firstCursor(host: Host, unit: string, answer: Buffer, said: string): string | null {
  const { until, body } = readJournalAnswer(host, unit, answer, said)
  if (until === null || body === '') return null
  const line = answer.toString('utf8').split('\n').flatMap(entryOf)[0]
  return line?.cursor ?? null
}

/** How many bytes the whole lines take: up to the last line break, up to the limit of lines; one endless line is cut. */
function wholeLines(bytes: Buffer, all: boolean): number {
  let end = 0
  for (let lines = 0; lines < MOST_LINES; lines++) {
    const next = bytes.indexOf(10, end)
    if (next < 0) return all || (end === 0 && bytes.length >= ENDLESS) ? bytes.length : end
    end = next + 1
  }
  return end
}

/** A line longer than a reading is taken in pieces. */
export const ENDLESS = 256 * 1024

const LEVELS = ['fatal', 'fatal', 'fatal', 'error', 'warn', undefined, undefined, 'debug'] as const

type Entry = { cursor: string; line: Record<string, unknown> }

/** One line of `journalctl -o json` (systemd.journal-fields(7)); a message that is no UTF-8 comes as numbers. */
function entryOf(text: string): Entry[] {
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
  const level = LEVELS[Number(PRIORITY ?? 6)]
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

function headerOf(host: Host, target: string, answer: Buffer): { header: string; rest: Buffer } {
  const end = answer.indexOf(10)
  const header = answer.subarray(0, Math.max(0, end)).toString('utf8')
  if (header.startsWith('@@problem ')) throw complaint(host, target, header.slice('@@problem '.length))
  return { header, rest: answer.subarray(end + 1) }
}

function complaint(host: Host, target: string, said: string): Problem {
  const user = host.local ? 'the user that runs Vakt' : host.user
  if (said === 'no journalctl')
    return new Problem(
      'not_found',
      `There is no journalctl on ${host.name}. Read a file instead: hosts logs add ${host.name} --file PATH`,
    )
  if (/permission denied/i.test(said))
    return new Problem(
      'forbidden',
      `${user} may not read ${target} on ${host.name}. Let it there: sudo setfacl -m u:${host.local ? 'USER' : host.user}:r ${target}, or put it into the group that may (often adm).`,
    )
  if (/regular file/.test(said))
    return new Problem('invalid', `${target} on ${host.name} is no file with lines. Name one that is.`)
  return new Problem(
    'not_found',
    `There is no file ${target} on ${host.name}. Check the path; "hosts logs list" shows what is read.`,
  )
}

function noJournal(host: Host): Problem {
  return new Problem(
    'forbidden',
    `${host.local ? 'The user that runs Vakt' : host.user} may not read the journal on ${host.name}. Let it there: sudo usermod -aG systemd-journal ${host.local ? 'USER' : host.user}`,
  )
}

function strange(host: Host): Problem {
  return new Problem(
    'conflict',
    `${host.name} ran something else than Vakt asked for. If a forced command is set for the key of Vakt there, it must allow this (docs/actions.md).`,
  )
}
