// Turns one record, whatever logger wrote it, into a log line: known names to their parts, everything else to attributes.
import type { Json, Level, NewLine } from '../line.ts'
import type { Redactor } from '../redact/redact.ts'
import type { Batch } from '../store.ts'
import { bounded, boundedField, newAllowance, safeName } from './bounds.ts'
import { safeText } from './clean.ts'
import { readErrorObject, stackText } from './error-object.ts'
import { guessLevel, readLevel } from './levels.ts'
import { renderTemplate } from './message-template.ts'
import { nameText, readGroup, readTags } from './names.ts'
import { type Role, roleOf, scaleOf } from './roles.ts'
import { readTimestamp } from './timestamps.ts'

/** Why a record is no log line: the field at fault (empty when it is the whole record) and a sentence. */
export type Refusal = { field: string; message: string }

export type Fields = { readonly [name: string]: unknown }

/** Names that hold nothing but times; under the others something unreadable is an attribute like any other. */
const STRICT_TIMES = new Set(['timestamp', 'ts', 'time', '@timestamp', '@t'])
/** A `name` is its logger's only beside one of these; elsewhere it may be anybody's. */
const LOGGER_COMPANY = ['hostname', 'pid', 'levelno', 'levelname']
const TEMPLATES = ['@mt', 'MessageTemplate', 'messageTemplate']

/**
 * The line of a record. Its `fingerprint` is still what the sender gave for one (or its message template). A message is cut
 * at the batch's limit, defaults fill what the record does not say, a level that is not given is guessed from the message.
 */
export function normalise(record: Fields, batch: Batch, redactor: Redactor): NewLine | Refusal {
  const names = newNames()
  const left: string[] = []
  for (const name of Object.keys(record)) {
    const value = record[name]
    if (!assign(names, name, value, record, left)) left.push(name)
  }
  const parts = new Parts(record, names, left, redactor)
  const { defaults, limits } = batch

  const timestamp = parts.timestamp(batch.receivedAt)
  if (timestamp === null) {
    const field = names.timestamp
    return { field, message: `${JSON.stringify(record[field]).slice(0, 60)} is no time that can be read.` }
  }
  const error = parts.error()
  const level = parts.level()
  const message = parts.message() || (error?.message ?? '')
  const stack = parts.stack() || (error?.stack ?? '')
  const text = safeText(message.trimEnd() || firstLine(stack), limits.messageBytes, redactor)
  if (text === '') return { field: 'message', message: 'There is no message.' }
  return {
    timestamp,
    receivedAt: batch.receivedAt,
    level: level ?? guessLevel(text) ?? defaults.level ?? 'info',
    message: text,
    project: batch.project,
    source: parts.name('source') || (defaults.source ?? ''),
    host: parts.name('host') || (defaults.host ?? ''),
    group: readGroup(parts.name('group') || (defaults.group ?? '')),
    tags: parts.tags(defaults.tags),
    fingerprint: redactor.text(parts.fingerprint()),
    stack: stack === '' ? '' : safeText(stack.trimEnd(), limits.messageBytes, redactor),
    traceId: parts.name('traceId'),
    spanId: parts.name('spanId'),
    attributes: parts.attributes(error?.rest),
  }
}

type Names = { [role in Role]: string }

function firstLine(text: string): string {
  const end = text.indexOf('\n')
  return (end < 0 ? text : text.slice(0, end)).trim()
}

function newNames(): Names {
  return {
    message: '',
    level: '',
    timestamp: '',
    source: '',
    host: '',
    group: '',
    tags: '',
    fingerprint: '',
    stack: '',
    traceId: '',
    spanId: '',
    attributes: '',
    error: '',
  }
}

/** Gives a name to its role; false when it stays an attribute. Of two names for a role the better ranked wins. */
function assign(names: Names, name: string, value: unknown, record: Fields, left: string[]): boolean {
  const meaning = roleOf(name)
  if (meaning === null) return false
  // Nothing said is nothing said, whatever its name.
  if (value === null || value === '') return true
  if (name === 'name' && !LOGGER_COMPANY.some(company => Object.hasOwn(record, company))) return false
  const rival = names[meaning.role]
  if (rival !== '' && roleOf(rival)!.rank < meaning.rank) return false
  if (rival !== '') left.push(rival)
  names[meaning.role] = name
  return true
}

/** Reads the parts of a record by the names chosen for them; values that turn out to be something else become attributes. */
class Parts {
  private readonly record: Fields
  private readonly names: Names
  private readonly left: string[]
  private readonly redactor: Redactor

  constructor(record: Fields, names: Names, left: string[], redactor: Redactor) {
    this.record = record
    this.names = names
    this.left = left
    this.redactor = redactor
  }

  timestamp(receivedAt: number): number | null {
    const name = this.names.timestamp
    if (name === '') return receivedAt
    const at = readTimestamp(this.record[name], receivedAt)
    if (at !== null || STRICT_TIMES.has(name)) return at
    this.left.push(name)
    return receivedAt
  }

  level(): Level | null {
    const name = this.names.level
    if (name === '') {
      // ECS as nested objects: { log: { level, logger } }.
      const log = this.record.log
      return typeof log === 'object' && log !== null ? readLevel((log as Fields).level) : null
    }
    const level = readLevel(this.record[name], scaleOf(name))
    if (level === null) this.left.push(name)
    return level
  }

  message(): string {
    const name = this.names.message
    const value = this.record[name]
    if (name === '' || value === undefined) return ''
    if (typeof value === 'string') return TEMPLATES.includes(name) ? renderTemplate(value, this.record) : value
    if (typeof value !== 'object') return String(value)
    if (name === 'log') {
      this.left.push(name)
      return ''
    }
    return JSON.stringify(bounded(value, newAllowance(this.redactor)))
  }

  error(): ReturnType<typeof readErrorObject> {
    const { error, stack } = this.names
    const read = readErrorObject(this.record[error])
    if (read) return read
    const value = this.record[error]
    if (error !== '') this.left.push(error)
    // `error: "refused"` says it all when there is no message.
    if (typeof value === 'string') return { type: '', message: value, stack: '', rest: {} }
    return readErrorObject(this.record[stack])
  }

  stack(): string {
    const name = this.names.stack
    const text = stackText(this.record[name])
    if (name !== '' && text === '' && !readErrorObject(this.record[name])) this.left.push(name)
    return text
  }

  name(role: 'source' | 'host' | 'group' | 'traceId' | 'spanId'): string {
    const name = this.names[role]
    if (name === '') return ''
    const value = this.record[name]
    // ECS as nested objects: { service: { name } }, { host: { name } }, { trace: { id } }.
    if (typeof value === 'object') this.left.push(name)
    return nameText(value)
  }

  tags(defaults: readonly string[] | undefined): readonly string[] {
    const name = this.names.tags
    const tags = name === '' ? [] : readTags(this.record[name])
    if (tags === null) this.left.push(name)
    return defaults?.length ? [...new Set([...(tags ?? []), ...defaults])] : (tags ?? [])
  }

  fingerprint(): string {
    const value = this.record[this.names.fingerprint]
    if (value !== undefined) return nameText(Array.isArray(value) ? value.join(' ') : value)
    for (const name of TEMPLATES) if (typeof this.record[name] === 'string') return nameText(this.record[name])
    return ''
  }

  /** What was left over, and what came as `attributes`; the rest of an error object stays under its name. */
  attributes(errorRest: Fields | undefined): NewLine['attributes'] {
    const attributes: { [name: string]: Json } = {}
    const allowance = newAllowance(this.redactor)
    let dropped = 0
    const keep = (name: string, value: unknown) => {
      const kept = boundedField(name, value, allowance)
      if (kept === undefined) dropped++
      else attributes[safeName(name)] = kept
    }
    for (const name of this.left) keep(name, this.record[name])
    const { attributes: own, error, stack } = this.names
    if (own !== '') {
      const value = this.record[own]
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        for (const name of Object.keys(value)) keep(name, (value as Fields)[name])
      else keep(own, value)
    }
    if (errorRest && Object.keys(errorRest).length > 0) keep(error || stack, errorRest)
    if (dropped > 0) attributes['vakt.dropped'] = dropped
    return attributes
  }
}
