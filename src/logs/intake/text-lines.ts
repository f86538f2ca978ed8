// Parses plain text: each line is a record, stack traces join the line they belong to; JSON and logfmt lines are parsed.
import { clean } from './clean.ts'
import { fieldRoleOf } from './field-roles.ts'
import { detectLevel, syslogLevel } from './levels.ts'
import { readLogfmt } from './logfmt.ts'
import type { Fields } from './normalise.ts'
import { continueTrace, type TraceState, traceStartedBy } from './stacks.ts'
import { leadingTimestamp } from './timestamps.ts'

/** The records of a text, with the names that `normalise` knows; null when there are more than `limit`. Empty lines are skipped. */
export function textRecords(text: string, receivedAt: number, limit: number): Fields[] | null {
  const found = entries(clean(text), limit)
  return found.length > limit ? null : found.map(({ head, stack }) => record(head, stack, receivedAt))
}

type Entry = { head: string; stack: string[] }

/** The entries of a text; it stops at the first beyond the limit. */
function entries(text: string, limit: number): Entry[] {
  const found: Entry[] = []
  const lines = linesOf(text)
  let trace: TraceState = 'none'
  let failed = false
  let next = lines.next()
  while (!next.done && found.length <= limit) {
    const line = next.value
    next = lines.next()
    const entry = found.at(-1)
    const following: TraceState | null = entry
      ? continueTrace(trace, line, next.done ? undefined : next.value, failed)
      : null
    if (entry && following !== null) {
      entry.stack.push(line)
      trace = following
    } else if (line.trim() === '') {
      trace = 'none'
    } else {
      found.push({ head: line, stack: [] })
      trace = traceStartedBy(line)
      failed = isFailure(line)
    }
  }
  return found
}

/** The lines of a text, one at a time: a text with far too many is never split as a whole. */
function* linesOf(text: string): Generator<string, undefined> {
  for (let start = 0; start <= text.length; ) {
    const end = text.indexOf('\n', start)
    if (end < 0) {
      yield text.slice(start)
      return
    }
    yield text.slice(start, text.charCodeAt(end - 1) === 13 && end > start ? end - 1 : end)
    start = end + 1
  }
}

/** Whether a trace below the line belongs to it. */
function isFailure(line: string): boolean {
  const level = detectLevel(line)
  return level === 'error' || level === 'fatal'
}

const cri = /^\S{10,40} (?:stdout|stderr) [FP] /
const criStream = /^(?:stdout|stderr) [FP] /
const priority = /^<(\d{1,3})>(1 )?/
const rfc5424 = /^(\S+) (\S+) (\S+) (\S+) (\S+) (?:-|(?:\[(?:[^\]\\]|\\.){0,2000}\])+) ?(?:\ufeff)?/
const syslogTag = /^([\w.:-]{1,100}) ([\w./-]{1,60})(?:\[(\d{1,10})\])?: /

/** One entry as a record: its prefixes become fields, the rest of the line is the message. */
function record(head: string, stack: readonly string[], receivedAt: number): Fields {
  const whole = readObject(head)
  if (whole) return { ...withMessage(whole, head), ...withStack(stack), ...whole }
  const fields: { [name: string]: unknown } = {}
  let rest = head
  const number = priority.exec(rest)
  if (number) {
    rest = rest.slice(number[0].length)
    fields.level = syslogLevel(Number(number[1]))
    if (number[2]) return syslogRecord(rest, fields)
  }
  rest = readPrefix(rest, fields, receivedAt)
  const inner = readObject(rest) ?? readLogfmt(rest)
  if (inner) return { ...fields, ...withMessage(inner, rest), ...withStack(stack), ...inner }
  return { ...fields, ...messageAndStack(rest, stack) }
}

/** Removes the time at the beginning, and what syslog and container runtimes put after it. */
function readPrefix(line: string, fields: { [name: string]: unknown }, receivedAt: number): string {
  const time = leadingTimestamp(line, receivedAt)
  if (!time) return line
  fields.timestamp = time.timestamp
  if (cri.test(line)) return time.rest.replace(criStream, '')
  // Only the time format of syslog, which begins with the month, is followed by a host and a tag.
  const tag = /^[A-Z]/.test(line) ? syslogTag.exec(time.rest) : null
  if (!tag) return time.rest
  Object.assign(fields, { host: tag[1], source: tag[2] }, tag[3] === undefined ? {} : { pid: Number(tag[3]) })
  return time.rest.slice(tag[0].length)
}

function syslogRecord(rest: string, fields: { [name: string]: unknown }): Fields {
  const found = rfc5424.exec(rest)
  if (!found) return { ...fields, message: rest }
  const [all, timestamp, host, source, pid] = found
  const present = Object.entries({ timestamp, host, source, pid }).filter(([, value]) => value !== '-')
  return { ...fields, ...Object.fromEntries(present), message: rest.slice(all.length) }
}

/**
 * The message of an entry with a trace. A Python traceback has it at its end, a Rust panic on its second line, all others
 * on the first.
 */
function messageAndStack(first: string, stack: readonly string[]): Fields {
  if (stack.length === 0) return { message: first }
  const trace = traceStartedBy(first)
  if (trace === 'python') {
    const last = stack.findLast(line => /^\S/.test(line)) ?? first
    return { message: last, level: detectLevel(last) ?? 'error', stack: [first, ...stack].join('\n') }
  }
  if (trace === 'rust') return { message: `${first}\n${stack[0]}`, stack: stack.slice(1).join('\n') }
  return { message: first, stack: stack.join('\n') }
}

function withStack(stack: readonly string[]): Fields {
  return stack.length === 0 ? {} : { stack: stack.join('\n') }
}

/** Fields without a message are shown as they were written. */
function withMessage(fields: Fields, text: string): Fields {
  const hasMessage = Object.keys(fields).some(name => /^(?:message|error|stack)$/.test(fieldRoleOf(name)?.role ?? ''))
  return hasMessage ? {} : { message: text }
}

function readObject(text: string): Fields | null {
  if (!text.startsWith('{')) return null
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null
  } catch {
    return null
  }
}
