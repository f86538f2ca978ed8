// Reads a body of plain text: each line a record, stack traces joined to the line they belong to; JSON and logfmt are read.
import { clean } from './clean.ts'
import { guessLevel, syslogLevel } from './levels.ts'
import { readLogfmt } from './logfmt.ts'
import type { Fields } from './normalise.ts'
import { roleOf } from './roles.ts'
import { continues, openedBy, type Trace } from './stacks.ts'
import { leadingTimestamp } from './timestamps.ts'

/** The records of a text: objects with the names that `normalise` knows. Empty lines are none. */
export function textRecords(text: string, receivedAt: number): Fields[] {
  return entries(clean(text)).map(({ head, stack }) => record(head, stack, receivedAt))
}

type Entry = { head: string; stack: string[] }

function entries(text: string): Entry[] {
  const lines = text.split(/\r?\n/)
  const found: Entry[] = []
  let trace: Trace = 'none'
  let failed = false
  for (const [index, line] of lines.entries()) {
    const entry = found.at(-1)
    const following: Trace | null = entry ? continues(trace, line, lines[index + 1], failed) : null
    if (entry && following !== null) {
      entry.stack.push(line)
      trace = following
    } else if (line.trim() === '') {
      trace = 'none'
    } else {
      found.push({ head: line, stack: [] })
      trace = openedBy(line)
      failed = isFailure(line)
    }
  }
  return found
}

/** Whether a trace below the line would be its own. */
function isFailure(line: string): boolean {
  const level = guessLevel(line)
  return level === 'error' || level === 'fatal'
}

const cri = /^\S{10,40} (?:stdout|stderr) [FP] /
const criStream = /^(?:stdout|stderr) [FP] /
const priority = /^<(\d{1,3})>(1 )?/
const rfc5424 = /^(\S+) (\S+) (\S+) (\S+) (\S+) (?:-|(?:\[(?:[^\]\\]|\\.){0,2000}\])+) ?(?:\ufeff)?/
const syslogTag = /^([\w.:-]{1,100}) ([\w./-]{1,60})(?:\[(\d{1,10})\])?: /

/** One entry as a record. What its prefixes say goes to names of its own; the rest of the line is the message. */
function record(head: string, stack: readonly string[], receivedAt: number): Fields {
  const whole = readObject(head)
  if (whole) return { ...withMessage(whole, head), ...withStack(stack), ...whole }
  const said: { [name: string]: unknown } = {}
  let rest = head
  const number = priority.exec(rest)
  if (number) {
    rest = rest.slice(number[0].length)
    said.level = syslogLevel(Number(number[1]))
    if (number[2]) return syslogRecord(rest, said)
  }
  rest = readPrefix(rest, said, receivedAt)
  const inner = readObject(rest) ?? readLogfmt(rest)
  if (inner) return { ...said, ...withMessage(inner, rest), ...withStack(stack), ...inner }
  return { ...said, ...messageAndStack(rest, stack) }
}

/** Takes the time off the beginning, and what syslog and container runtimes put after it. */
function readPrefix(line: string, said: { [name: string]: unknown }, receivedAt: number): string {
  const time = leadingTimestamp(line, receivedAt)
  if (!time) return line
  said.timestamp = time.timestamp
  if (cri.test(line)) return time.rest.replace(criStream, '')
  // Only syslog's own clock, which begins with the month, is followed by a host and a tag.
  const tag = /^[A-Z]/.test(line) ? syslogTag.exec(time.rest) : null
  if (!tag) return time.rest
  Object.assign(said, { host: tag[1], source: tag[2] }, tag[3] === undefined ? {} : { pid: Number(tag[3]) })
  return time.rest.slice(tag[0].length)
}

function syslogRecord(rest: string, said: { [name: string]: unknown }): Fields {
  const found = rfc5424.exec(rest)
  if (!found) return { ...said, message: rest }
  const [all, timestamp, host, source, pid] = found
  const given = Object.entries({ timestamp, host, source, pid }).filter(([, value]) => value !== '-')
  return { ...said, ...Object.fromEntries(given), message: rest.slice(all.length) }
}

/**
 * The message of an entry with a trace. A Python traceback says at its end what happened, a Rust panic on its second line;
 * all others on the first.
 */
function messageAndStack(first: string, stack: readonly string[]): Fields {
  if (stack.length === 0) return { message: first }
  const trace = openedBy(first)
  if (trace === 'python') {
    const last = stack.findLast(line => /^\S/.test(line)) ?? first
    return { message: last, level: guessLevel(last) ?? 'error', stack: [first, ...stack].join('\n') }
  }
  if (trace === 'rust') return { message: `${first}\n${stack[0]}`, stack: stack.slice(1).join('\n') }
  return { message: first, stack: stack.join('\n') }
}

function withStack(stack: readonly string[]): Fields {
  return stack.length === 0 ? {} : { stack: stack.join('\n') }
}

/** Fields that say nothing in words are shown as they were written. */
function withMessage(fields: Fields, text: string): Fields {
  const speaks = Object.keys(fields).some(name => /^(?:message|error|stack)$/.test(roleOf(name)?.role ?? ''))
  return speaks ? {} : { message: text }
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
