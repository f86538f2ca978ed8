// Turns one record of any logger into a log line: fields with known names, and attributes for everything else.
import { firstLine, truncate } from '../../text.ts'
import type { Json, Level, NewLine } from '../line.ts'
import type { Redactor } from '../redact/redact.ts'
import type { Batch } from '../store.ts'
import { safeText } from './clean.ts'
import { readErrorObject, stackText } from './error-object.ts'
import { type FieldRole, fieldRoleOf, levelScaleOf } from './field-roles.ts'
import { detectLevel, readLevel } from './levels.ts'
import { createLineBudget, limitField, limitValue, safeName } from './limits.ts'
import { renderTemplate } from './message-template.ts'
import { nameText, readGroup, readTags } from './names.ts'
import { readTimestamp } from './timestamps.ts'

/** Why a record is rejected: the field at fault (empty for the whole record) and a sentence. */
export type Rejection = { field: string; message: string }

export type Fields = { readonly [name: string]: unknown }

/** Names that always hold a time; under other names an unreadable value is an attribute. */
const STRICT_TIMES = new Set(['timestamp', 'ts', 'time', '@timestamp', '@t'])
/** `name` is the logger's name only beside one of these. */
const LOGGER_SIBLINGS = ['hostname', 'pid', 'levelno', 'levelname']
const TEMPLATES = ['@mt', 'MessageTemplate', 'messageTemplate']

/**
 * The line of a record. Its `fingerprint` is still the sender's own one (or the message template). The message is cut at the
 * batch's limit, defaults replace missing fields, and a missing level is detected in the message.
 */
export function normalise(record: Fields, batch: Batch, redactor: Redactor): NewLine | Rejection {
  const names = createRoleNames()
  const remaining: string[] = []
  for (const name of Object.keys(record)) {
    const value = record[name]
    if (!assignRole(names, name, value, record, remaining)) remaining.push(name)
  }
  const reader = new RecordReader(record, names, remaining, redactor)
  const { defaults, limits } = batch

  const timestamp = reader.timestamp(batch.receivedAt)
  if (timestamp === null) {
    const field = names.timestamp
    return { field, message: `${truncate(JSON.stringify(record[field]), 60)} is not a time.` }
  }
  const error = reader.error()
  const level = reader.level()
  const message = reader.message() || (error?.message ?? '')
  const stack = reader.stack() || (error?.stack ?? '')
  const text = safeText(message.trimEnd() || firstLine(stack).trim(), limits.messageBytes, redactor)
  if (text === '') return { field: 'message', message: 'There is no message.' }
  return {
    timestamp,
    receivedAt: batch.receivedAt,
    level: level ?? detectLevel(text) ?? defaults.level ?? 'info',
    message: text,
    project: batch.project,
    source: reader.name('source') || (defaults.source ?? ''),
    host: reader.name('host') || (defaults.host ?? ''),
    group: readGroup(reader.name('group') || (defaults.group ?? '')),
    tags: reader.tags(defaults.tags),
    fingerprint: redactor.text(reader.fingerprint()),
    stack: stack === '' ? '' : safeText(stack.trimEnd(), limits.messageBytes, redactor),
    traceId: reader.name('traceId'),
    spanId: reader.name('spanId'),
    attributes: reader.attributes(error?.rest),
  }
}

type RoleNames = { [role in FieldRole]: string }

function createRoleNames(): RoleNames {
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

/** Assigns a name to its role; false when it stays an attribute. Of two names for a role the better ranked one wins. */
function assignRole(names: RoleNames, name: string, value: unknown, record: Fields, remaining: string[]): boolean {
  const found = fieldRoleOf(name)
  if (found === null) return false
  // An empty value is a missing one, under any name.
  if (value === null || value === '') return true
  if (name === 'name' && !LOGGER_SIBLINGS.some(sibling => Object.hasOwn(record, sibling))) return false
  const rival = names[found.role]
  if (rival !== '' && fieldRoleOf(rival)!.rank < found.rank) return false
  if (rival !== '') remaining.push(rival)
  names[found.role] = name
  return true
}

/** Reads the fields of a record by the names of their roles; values that do not fit their role become attributes. */
class RecordReader {
  private readonly record: Fields
  private readonly names: RoleNames
  private readonly remaining: string[]
  private readonly redactor: Redactor

  constructor(record: Fields, names: RoleNames, remaining: string[], redactor: Redactor) {
    this.record = record
    this.names = names
    this.remaining = remaining
    this.redactor = redactor
  }

  timestamp(receivedAt: number): number | null {
    const name = this.names.timestamp
    if (name === '') return receivedAt
    const at = readTimestamp(this.record[name], receivedAt)
    if (at !== null || STRICT_TIMES.has(name)) return at
    this.remaining.push(name)
    return receivedAt
  }

  level(): Level | null {
    const name = this.names.level
    if (name === '') {
      // ECS as nested objects: { log: { level, logger } }.
      const log = this.record.log
      return typeof log === 'object' && log !== null ? readLevel((log as Fields).level) : null
    }
    const level = readLevel(this.record[name], levelScaleOf(name))
    if (level === null) this.remaining.push(name)
    return level
  }

  message(): string {
    const name = this.names.message
    const value = this.record[name]
    if (name === '' || value === undefined) return ''
    if (typeof value === 'string') return TEMPLATES.includes(name) ? renderTemplate(value, this.record) : value
    if (typeof value !== 'object') return String(value)
    if (name === 'log') {
      this.remaining.push(name)
      return ''
    }
    return JSON.stringify(limitValue(value, createLineBudget(this.redactor)))
  }

  error(): ReturnType<typeof readErrorObject> {
    const { error, stack } = this.names
    const read = readErrorObject(this.record[error])
    if (read) return read
    const value = this.record[error]
    if (error !== '') this.remaining.push(error)
    // `error: "refused"` is the message when there is no other.
    if (typeof value === 'string') return { type: '', message: value, stack: '', rest: {} }
    return readErrorObject(this.record[stack])
  }

  stack(): string {
    const name = this.names.stack
    const text = stackText(this.record[name])
    if (name !== '' && text === '' && !readErrorObject(this.record[name])) this.remaining.push(name)
    return text
  }

  name(role: 'source' | 'host' | 'group' | 'traceId' | 'spanId'): string {
    const name = this.names[role]
    if (name === '') return ''
    const value = this.record[name]
    // ECS as nested objects: { service: { name } }, { host: { name } }, { trace: { id } }.
    if (typeof value === 'object') this.remaining.push(name)
    return nameText(value)
  }

  tags(defaults: readonly string[] | undefined): readonly string[] {
    const name = this.names.tags
    const tags = name === '' ? [] : readTags(this.record[name])
    if (tags === null) this.remaining.push(name)
    return defaults?.length ? [...new Set([...(tags ?? []), ...defaults])] : (tags ?? [])
  }

  fingerprint(): string {
    const value = this.record[this.names.fingerprint]
    if (value !== undefined) return nameText(Array.isArray(value) ? value.join(' ') : value)
    for (const name of TEMPLATES) if (typeof this.record[name] === 'string') return nameText(this.record[name])
    return ''
  }

  /** The remaining fields and the record's own `attributes`; the rest of an error object stays under its name. */
  attributes(errorRest: Fields | undefined): NewLine['attributes'] {
    const attributes: { [name: string]: Json } = {}
    const budget = createLineBudget(this.redactor)
    let dropped = 0
    const add = (name: string, value: unknown) => {
      const limited = limitField(name, value, budget)
      if (limited === undefined) dropped++
      else attributes[safeName(name)] = limited
    }
    for (const name of this.remaining) add(name, this.record[name])
    const { attributes: own, error, stack } = this.names
    if (own !== '') {
      const value = this.record[own]
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        for (const name of Object.keys(value)) add(name, (value as Fields)[name])
      else add(own, value)
    }
    if (errorRest && Object.keys(errorRest).length > 0) add(error || stack, errorRest)
    if (dropped > 0) attributes['vakt.dropped'] = dropped
    return attributes
  }
}
