// Reads plain text: prefixes of engines and syslog come off, stack traces join the line they belong to, and what is left has a
// format, or is JSON, logfmt or prose.
import type { Fields } from '../formats/format.ts'
import type { FormatReader } from '../formats/format-reader.ts'
import { readColumnNames, readColumns } from '../formats/web/w3c-columns.ts'
import { KnownTime, leadingClock, leadingTime } from '../times/timestamps.ts'
import { contextOf, type TimeContext } from '../times/zones.ts'
import { clean } from './clean.ts'
import { parseJson } from './json-numbers.ts'
import { detectLevel, readLevel } from './levels.ts'
import { readLogfmt } from './logfmt.ts'
import { fieldRoleOf } from './roles/field-roles.ts'
import { continueTrace, type TraceState, traceStartedBy } from './stacks.ts'

/** How a text is read: the times in it, and the formats that are known. */
export type TextContext = TimeContext & { formats: FormatReader }

/** How many prefixes a line may have: an engine's, a shipper's and syslog's. */
const MAX_PREFIXES = 3
/** How many programs may write to one text at the same time with their traces kept apart. */
const MAX_STREAMS = 200

/** The records of a text, with the names that `normalise` knows; null when there are more than `limit`. Empty lines are skipped. */
export function textRecords(text: string, context: TextContext, limit: number): Fields[] | null {
  const entries = findEntries(linesOf(clean(text)), context, limit)
  return entries.length > limit ? null : readEntries(entries, context)
}

/** Each entry as a record; below the header of a W3C extended log by its columns. */
function readEntries(entries: readonly Entry[], context: TextContext): Fields[] {
  let columns: readonly string[] | null = null
  return entries.map(entry => {
    if (entry.head.charCodeAt(0) === HASH) columns = readColumnNames(entry.head) ?? columns
    else if (columns !== null && entry.prefix === NO_PREFIX && entry.stack.length === 0)
      return readColumns(entry.head, columns) ?? readEntry(entry, context)
    return readEntry(entry, context)
  })
}

const HASH = 35

/**
 * The records of texts that came one by one, as the frames of syslog do; null when there are more than `limit`. A frame that
 * goes on with the stack trace of the one before it joins it; line breaks inside a frame belong to its message.
 */
export function frameRecords(frames: readonly string[], context: TextContext, limit: number): Fields[] | null {
  const entries = findEntries(frames.values().map(clean), context, limit, true)
  return entries.length > limit ? null : entries.map(entry => readEntry(entry, context))
}

/** A line with what its prefixes say, and the lines that continue it. */
type Entry = {
  prefix: { [name: string]: unknown }
  head: string
  /** The head when it has no prefix for sure. */
  bare: string | null
  stack: string[]
  trace: TraceState
  /** Whether a trace below the line belongs to it; null until a line asks. */
  isFailure: boolean | null
  /** Whether the next line of the same stream goes on where this one was cut. */
  isPartial: boolean
}

/** The entries of lines or frames; it stops at the first beyond the limit. A frame without a text may still have a header. */
function findEntries(lines: Iterator<string>, context: TextContext, limit: number, areFrames = false): Entry[] {
  const ahead: PeeledLine[] = []
  const entries: Entry[] = []
  const open = new Map<string, Entry>()
  while (entries.length <= limit) {
    while (ahead.length < MAX_LOOKAHEAD) {
      const line = lines.next()
      if (line.done) break
      ahead.push(peel(line.value, context))
    }
    const line = ahead.shift()
    if (line === undefined) break
    const entry = open.get(line.stream)
    if (entry && continueEntry(entry, line, ahead, context)) continue
    if (line.text.trim() === '' && !hasHeaderToShow(line, areFrames)) continue
    const created = line.text.includes('\n') ? createFrameEntry(line, context) : createEntry(line)
    if (open.size >= MAX_STREAMS) open.clear()
    open.set(line.stream, created)
    entries.push(created)
  }
  return entries
}

/**
 * Whether a line without a text is one after all: a frame with a header, or the header of a daemon, which may be all. What an
 * engine puts before a blank line of a program makes it no line.
 */
function hasHeaderToShow({ prefix }: PeeledLine, isFrame: boolean): boolean {
  if (isFrame) return prefix !== NO_PREFIX
  if (prefix.host !== undefined || prefix.level !== undefined) return true
  const attributes = (prefix.attributes ?? NO_PREFIX) as Fields
  return attributes.facility !== undefined || Object.values(attributes).some(isObject)
}

/** How many lines ahead the next one of the same stream is looked for. */
const MAX_LOOKAHEAD = 20

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

/** Whether a line belongs to the entry above it in its stream; then it is added. */
function continueEntry(entry: Entry, line: PeeledLine, ahead: readonly PeeledLine[], context: TextContext): boolean {
  if (entry.isPartial) {
    completePartial(entry, line)
    return true
  }
  if (isTimeAlone(entry.head) && entry.stack.length === 0 && line.text.trim() !== '' && !isTimeAlone(line.text)) {
    Object.assign(
      entry,
      createEntry({ ...line, prefix: { ...line.prefix, timestamp: entry.head.replace(/[[\]]/g, '') } }),
    )
    return true
  }
  const next = ahead.find(candidate => candidate.stream === line.stream)?.text
  const hasFailed = () => {
    entry.isFailure ??= isFailure(entry.head, context)
    return entry.isFailure
  }
  const following = continueTrace(entry.trace, line.text, next, hasFailed)
  if (following === null) {
    if (line.text.trim() === '') entry.trace = 'none'
    return false
  }
  if (isMessageOfHead(entry.trace, following)) {
    entry.head = `${entry.head.trimEnd()} ${line.text.trim()}`
    entry.isFailure = null
  } else entry.stack.push(following === 'dotnet' ? line.text.slice(DOTNET_INDENT) : line.text)
  entry.trace = following
  entry.isPartial = line.isPartial
  return true
}

/** Whether a line is only a time, which is that of the next line: alert logs of Oracle, and scripts that print the date. */
function isTimeAlone(line: string): boolean {
  if (line.length < 19 || line.length > 40) return false
  const found = timeAlone.exec(line)
  return found !== null && readLevel(found[1]) === null
}

const timeAlone =
  /^\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ]|[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} )\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?[+-]\d\d:?\d\d| ?([A-Z]{1,5}))?(?: \d{4})?\]?$/
/** The columns before a message of .NET's console. */
const DOTNET_INDENT = 6

/** Whether the line that leads from one state to the next is the message of a head. */
function isMessageOfHead(before: TraceState, after: TraceState): boolean {
  return (
    before === 'jul-head' ||
    before === 'ruby-head' ||
    before === 'samba-head' ||
    (before === 'dotnet-head' && after === 'dotnet') ||
    (before === 'report-head' && after === 'report')
  )
}

/** Whether the line is at error or above, by its format or its words. */
function isFailure(head: string, context: TextContext): boolean {
  const { fields, message } = readHead(head, context)
  const level = readLevel(fields.level) ?? detectLevel(message)
  return level === 'error' || level === 'fatal'
}

function completePartial(entry: Entry, line: PeeledLine): void {
  entry.isPartial = line.isPartial
  const last = entry.stack.length - 1
  if (last >= 0) entry.stack[last] += line.text
  else Object.assign(entry, createEntry({ ...line, prefix: entry.prefix, text: entry.head + line.text, isBare: false }))
}

function createEntry({ prefix, text, isPartial, isBare }: PeeledLine): Entry {
  const bare = isBare ? text : null
  return { prefix, head: text, bare, stack: [], trace: traceStartedBy(text), isFailure: null, isPartial }
}

/** The entry of a frame of several lines: a line with its trace, else all of it is the message. */
function createFrameEntry(frame: PeeledLine, context: TextContext): Entry {
  const whole = createEntry({ ...frame, text: frame.text.trimEnd() })
  if (frame.text.startsWith('{')) return whole
  const [first = '', ...rest] = whole.head.split(/\r?\n/)
  const entry = createEntry({ ...frame, text: first })
  const lines = rest.map(text => ({ ...frame, prefix: NO_PREFIX, text }))
  const isTrace = lines.every((line, i) => continueEntry(entry, line, lines.slice(i + 1, i + 2), context))
  return isTrace ? entry : whole
}

type PeeledLine = {
  prefix: { [name: string]: unknown }
  text: string
  stream: string
  isPartial: boolean
  /** Whether the text was looked at for a prefix, and has none. */
  isBare: boolean
}

const NO_PREFIX: { [name: string]: unknown } = {}

/** Takes off what engines, shippers and syslog put before the line of a program, or before the first line of a frame. */
function peel(text: string, context: TextContext): PeeledLine {
  const end = text.indexOf('\n')
  if (end < 0) return peelLine(text, context)
  const first = peelLine(text.slice(0, end), context)
  return { ...first, text: first.text + text.slice(end), isBare: false }
}

function peelLine(line: string, { formats }: TextContext): PeeledLine {
  let prefix = NO_PREFIX
  let text = line
  let isPartial = false
  let isBare = false
  for (let i = 0; i < MAX_PREFIXES; i++) {
    const found = formats.readText(text, 'prefix')
    if (!found) {
      isBare = true
      break
    }
    const { fields } = found
    // The outermost time comes from the engine, which knows its zone; names come from the program.
    prefix =
      prefix === NO_PREFIX
        ? fields
        : { ...mergeAttributes(prefix, fields), ...(prefix.timestamp ? { timestamp: prefix.timestamp } : {}) }
    if (found.isPartial) isPartial = true
    text = found.message
  }
  if (prefix === NO_PREFIX) return { prefix, text, stream: '', isPartial, isBare }
  const { source = '', host = '' } = prefix
  const { pid = '', stream = '' } = (prefix.attributes ?? NO_PREFIX) as { [name: string]: unknown }
  const isPadded = TRACING_PADDING.test(text)
  return {
    prefix,
    text: isPadded ? text.trimStart() : text,
    // A prefix that names none of them, such as a request's id, is of the one stream of lines without a prefix.
    stream: source || host || pid || stream ? `${source}\0${host}\0${pid}\0${stream}` : '',
    isPartial,
    isBare: isBare && !isPadded,
  }
}

/** Rust's tracing pads its levels, so a space before one does not make it a frame of a trace. */
const TRACING_PADDING = /^ {1,2}(?:TRACE|DEBUG|INFO|WARN|ERROR) /

/** One entry as a record: its prefixes become fields, the rest of the line is the message. */
function readEntry({ prefix, head, bare, stack }: Entry, context: TextContext): Fields {
  const known = prefix === NO_PREFIX ? {} : prefix
  const whole = parseObject(head)
  if (whole) return mergeInner(known, whole, stack)
  const { source } = known
  const read = readHead(
    head,
    typeof source === 'string' ? contextOf(context, source) : context,
    head === bare ? 'bare' : 'start',
  )
  const { fields } = read
  const isInText = isTimeOfText(known, read)
  const message = isInText ? head : read.message
  // The time of an engine or a daemon has its zone, that of a program often has none; with one, it is the same by every way in.
  const isOwnTime = !isInText && fields.timestamp instanceof KnownTime && fields.timestamp.hasZone
  const outer = known.timestamp === undefined || isOwnTime ? fields : { ...fields, timestamp: known.timestamp }
  const merged = known === NO_PREFIX ? outer : mergeAttributes(known, outer)
  const inner = parseObject(read.message) ?? readLogfmt(read.message)
  if (inner) return mergeInner(merged, inner, stack)
  return { ...merged, ...messageAndStack(message, stack, fields.level !== undefined) }
}

/** Whether a second time, behind that of syslog, is part of the text: it has no date, or no known layout follows it. */
function isTimeOfText(prefix: Fields, { format, message, isClock }: Head): boolean {
  if (prefix.host === undefined || prefix.timestamp === undefined) return false
  return isClock === true || (format === null && detectLevel(message) === null)
}

/** What was read of a line without prefixes; `isClock` when its time has no date. */
type Head = { fields: { [name: string]: unknown }; message: string; format: string | null; isClock?: true }

/** The fields and the message of a line; `bare` when no prefix stands before it. */
export function readHead(head: string, context: TextContext, place: 'start' | 'bare' = 'start'): Head {
  const { formats } = context
  const whole = formats.readText(head, place)
  if (whole) return { fields: whole.fields, message: whole.message, format: whole.format.name }
  const time = leadingTime(head, context)
  if (!time) return readClockHead(head, context)
  const timestamp = new KnownTime(time.at, time.hasZone)
  if (time.rest === '') return { fields: { timestamp }, message: head, format: null }
  const found = formats.readText(time.rest, 'time')
  if (!found) return { fields: { timestamp }, message: time.rest, format: null }
  return { fields: { ...found.fields, timestamp }, message: found.message, format: found.format.name }
}

/** A line that begins with a clock without a date: it is the time when a level or a known format follows. */
function readClockHead(head: string, context: TextContext): Head {
  const time = leadingClock(head, context)
  if (time) {
    const timestamp = new KnownTime(time.at, time.hasZone)
    const found = context.formats.readText(time.rest, 'time')
    if (found) {
      const { fields, message, format } = found
      return { fields: { ...fields, timestamp }, message, format: format.name, isClock: true }
    }
    if (detectLevel(time.rest) !== null)
      return { fields: { timestamp }, message: time.rest, format: null, isClock: true }
  }
  return { fields: {}, message: head, format: null }
}

/** A record inside a line: its fields win over those of the prefixes, but for a time without a zone. */
function mergeInner(outer: Fields, inner: Fields, stack: readonly string[]): Fields {
  const { attributes, ...rest } = outer
  const { timestamp: _, ...untimed } = rest
  const fields = outer.timestamp !== undefined && hasZonedTime(inner) ? untimed : rest
  const own = inner.attributes
  const all =
    attributes === undefined ? {} : isObject(own) ? { ...attributes, ...own } : own === undefined ? attributes : null
  return {
    ...fields,
    ...(stack.length === 0 ? {} : { stack: stack.join('\n') }),
    ...inner,
    ...(hasTime(inner) || outer.timestamp === undefined ? {} : { timestamp: outer.timestamp }),
    ...(all === null || Object.keys(all).length === 0 ? {} : { attributes: all }),
  }
}

function hasTime(record: Fields): boolean {
  return Object.keys(record).some(name => fieldRoleOf(name)?.role === 'timestamp')
}

/** Whether a record has a time that needs no zone: RFC 3339 with an offset, or seconds since 1970 in any unit. */
function hasZonedTime(record: Fields): boolean {
  return Object.keys(record).some(name => {
    if (fieldRoleOf(name)?.role !== 'timestamp') return false
    const value = record[name]
    return typeof value === 'number' ? value > MIN_EPOCH : typeof value === 'string' && ZONED.test(value)
  })
}

/** Below it, a number is a duration. */
const MIN_EPOCH = 100_000_000
const ZONED = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$|^\d{10,19}(?:\.\d{1,9})?$/

function mergeAttributes(outer: Fields, inner: { [name: string]: unknown }): { [name: string]: unknown } {
  if (outer.attributes === undefined || inner.attributes === undefined) return { ...outer, ...inner }
  return { ...outer, ...inner, attributes: { ...(outer.attributes as Fields), ...(inner.attributes as Fields) } }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The message of an entry with a trace. A Python traceback has it at its end, a Rust panic on its second line, all others
 * on the first.
 */
function messageAndStack(first: string, stack: readonly string[], hasLevel: boolean): Fields {
  if (stack.length === 0) return { message: first }
  const trace = traceStartedBy(first)
  if (trace === 'python-group') {
    const named = stack.map(line => GROUP_NAME.exec(line)?.[1]).find(name => name !== undefined) ?? first
    return { message: named, ...(hasLevel ? {} : { level: 'error' }), stack: [first, ...stack].join('\n') }
  }
  if (trace === 'node-head') {
    const mark = stack.findIndex(line => /^\s*\^+\s*$/.test(line))
    const error = mark < 0 ? undefined : stack.slice(mark + 1).find(line => line.trim() !== '')
    if (error !== undefined) return { message: error, level: 'error', stack: [first, ...stack].join('\n') }
  }
  if (trace === 'python') {
    const last = stack.findLast(line => /^\S/.test(line)) ?? first
    const level = hasLevel ? {} : { level: detectLevel(last) ?? 'error' }
    return { message: last, ...level, stack: [first, ...stack].join('\n') }
  }
  if (trace === 'slow-query') return { message: [first, ...stack].join('\n') }
  if (trace === 'rust') return { message: `${first}\n${stack[0]}`, stack: stack.slice(1).join('\n') }
  return { message: first, stack: stack.join('\n') }
}

/** The line of a group of exceptions that names the group itself. */
const GROUP_NAME = /^\s{0,8}\| (\S[^:]{0,200}: .*)$/

function parseObject(text: string): Fields | null {
  if (!text.startsWith('{')) return null
  const value = parseJson(text)
  return isObject(value) ? value : null
}
