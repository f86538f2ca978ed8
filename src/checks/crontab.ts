// Reads cron lines as people paste them, and whole crontabs: user field, zone, command, comments. Pure.
import { invalid } from '../problem.ts'
import { plainTyping } from '../text.ts'
import { timeZoneId } from '../time-zone.ts'
import { isCronField, parseCron } from './cron.ts'

/** A cron expression out of a pasted text, the zone that the text names, and what it holds beside them. */
export type CronLine = { expression: string; timeZone: string | null; rest: string }

/**
 * Reads what people paste for `--cron`: an expression, or a line of a crontab with `CRON_TZ=`, user and command. Characters
 * that cannot be seen are left out. Throws `invalid` (field `cron`) for what cannot be read.
 */
export function readCronLine(text: string): CronLine {
  const { words, timeZone } = splitZone(plainTyping(text))
  if (words[0]?.startsWith('@') || words.length < 5) return { ...checked(words.join(' ')), timeZone, rest: '' }
  // Six fields are an expression with seconds; a sixth word that is no field is the user or the command.
  const count = words.length >= 6 && words.slice(0, 6).every(isCronField) && words.length < 8 ? 6 : 5
  if (words.length === 7 && words.every(isCronField)) {
    throw invalid(
      'cron',
      `"${words.join(' ')}" has seven fields, as Quartz writes them. Leave out the seconds and the year: "${words.slice(1, 6).join(' ')}".`,
    )
  }
  const rest = words.slice(count).join(' ')
  return { ...checked(words.slice(0, count).join(' ')), timeZone, rest }
}

function checked(expression: string): { expression: string } {
  parseCron(expression, 'UTC')
  return { expression }
}

/** `CRON_TZ=Europe/Oslo 0 2 * * *`, as Go and Kubernetes write it, also with `TZ=`. */
function splitZone(text: string): { words: string[]; timeZone: string | null } {
  const words = text.trim().split(/\s+/).filter(Boolean)
  const zone = /^(?:CRON_)?TZ=(.+)$/.exec(words[0] ?? '')?.[1]
  if (zone === undefined) return { words, timeZone: null }
  return { words: words.slice(1), timeZone: timeZoneId(zone) }
}

/** A job of a crontab; `line` is its number, from 1. */
export type CrontabJob = {
  line: number
  text: string
  expression: string
  timeZone: string | null
  user: string | null
  command: string
}
/** A line that is no job, and why it is left as it is. */
export type SkippedLine = { line: number; text: string; why: string }

/** Names of users that stand in crontabs of the system. */
const SYSTEM_USERS =
  /^(?:root|nobody|daemon|bin|sys|www-data|apache|nginx|httpd|postgres|mysql|redis|backup|git|list|mail|news|munin|smmsp|amavis|logcheck|ubuntu|debian|admin|_\w+)$/

/**
 * The jobs of a crontab, in order, and the lines that are none. `hasUser`: whether a user stands before each command, as in
 * /etc/crontab and /etc/cron.d; by default that is so when the sixth word of every job is the name of a system user.
 */
export function readCrontab(text: string, hasUser?: boolean): { jobs: CrontabJob[]; skipped: SkippedLine[] } {
  const lines = text.split(/\r?\n/).map((line, i) => ({ line: i + 1, text: line.trim() }))
  const entries = lines.filter(({ text }) => text !== '' && !text.startsWith('#'))
  const found = { jobs: [] as CrontabJob[], skipped: [] as SkippedLine[] }
  const isJob = ({ text }: { text: string }) => VARIABLE.exec(text) === null
  const withUser =
    hasUser ?? (entries.some(isJob) && entries.filter(isJob).every(({ text }) => SYSTEM_USERS.test(userOf(text))))
  let timeZone: string | null = null
  for (const entry of entries) {
    const variable = VARIABLE.exec(entry.text)
    if (variable) {
      if (/^(?:CRON_)?TZ$/.test(variable[1]!)) timeZone = readZone(variable[2]!) ?? timeZone
      continue
    }
    const job = readJob(entry.text, withUser)
    if ('why' in job) found.skipped.push({ ...entry, ...job })
    else found.jobs.push({ ...entry, ...job, timeZone })
  }
  return found
}

const VARIABLE = /^([A-Za-z_]\w*)\s*=\s*(.*)$/

function readZone(value: string): string | null {
  try {
    return timeZoneId(value.replace(/^["']|["']$/g, ''))
  } catch {
    return null
  }
}

/** The schedule of a line, `@daily` or five fields, and what follows it. */
function splitSchedule(text: string): [schedule: string, rest: string] {
  const [, schedule = '', rest = ''] = /^(@\w+|(?:\S+\s+){4}\S+)\s*(.*)$/.exec(text) ?? []
  return [schedule, rest]
}

function userOf(text: string): string {
  return splitSchedule(text)[1].split(/\s+/, 1)[0]!
}

function readJob(
  text: string,
  hasUser: boolean,
): { why: string } | Pick<CrontabJob, 'expression' | 'user' | 'command'> {
  const [schedule, rest] = splitSchedule(plainTyping(text))
  if (/^@reboot$/i.test(schedule)) return { why: 'it runs when the machine starts, so no beat can be late' }
  try {
    parseCron(schedule === '' ? text : schedule, 'UTC')
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  }
  const [, user, command] = hasUser ? (/^(\S+)\s+(.*)$/.exec(rest) ?? [null, null, '']) : [null, null, rest]
  if (!command) return { why: 'it has no command' }
  if (/\/ping\/[\w-]+/.test(command)) return { why: 'it sends a beat already' }
  return { expression: schedule, user: user ?? null, command }
}

/** A name for the check of a job: that of the program that does the work, without its folder and ending. */
export function nameOfJob(command: string): string {
  const words = command
    .replaceAll(/\\%/g, '%')
    .split(/[;|&]+/)[0]!
    .trim()
    .split(/\s+/)
  const program = words.find(
    word =>
      !/^(?:[A-Z_]\w*=.*|-\S*|sudo|nice|ionice|timeout|flock|env|cd|exec|test|\[|\d+[smh]?|(?:ba|da|z)?sh|\S*\/(?:ba|da|z)?sh|\S*python3?|\S*perl|\S*php|\S*node|\S*ruby)$/.test(
        word,
      ),
  )
  const base = (program ?? words[0] ?? 'job').replace(/\/+$/, '').split('/').at(-1)!
  return (
    base
      .replace(/\.(?:sh|py|pl|php|rb|js|bash)$/, '')
      .replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
      .slice(0, 60) || 'job'
  )
}

/**
 * The line of a crontab that also reports the exit status of its command to `pingUrl`. What cron passes to standard input (after
 * the first %) stays behind the whole, and a comment stays at the end.
 */
export function pingingLine(text: string, pingUrl: string): string {
  // A \% is a percent sign; any other one ends the command.
  const end = /(?<!\\)%/.exec(text)?.index ?? text.length
  const comment = /\s#[^'"]*$/.exec(text.slice(0, end))?.index ?? end
  const command = text.slice(0, comment).replace(/[\s;]+$/, '')
  const ping = `curl -fsS -m 10 --retry 5 -o /dev/null ${pingUrl}/$?`
  const joint = command.endsWith('&') ? ' ' : '; '
  return `${command}${joint}${ping}${text.slice(comment)}`
}
