// Turns one record of any logger into a log line: fields with known names, and attributes for everything else.
import { firstLine } from '../../text.ts'
import type { Fields } from '../formats/format.ts'
import { statusLevel } from '../formats/number-levels.ts'
import type { Json, Level, NewLine } from '../line.ts'
import { type Redactor, redact } from '../redact/redact.ts'
import type { Batch } from '../store.ts'
import { readTimestamp } from '../times/timestamps.ts'
import { contextOf, type TimeContext } from '../times/zones.ts'
import { safeText } from './clean.ts'
import { compactLogfmt } from './compact-logfmt.ts'
import { readErrorObject, stackText } from './error-object.ts'
import { infiniteText } from './json-numbers.ts'
import { levelScaleOf } from './level-scales.ts'
import { detectLevel, readLevel } from './levels.ts'
import { createLineBudget, limitField, limitValue, safeName } from './limits.ts'
import { renderTemplate } from './message-template.ts'
import { nameText, readGroup, readTags } from './names.ts'
import { planOf, type RecordPlan, type RecordShape, shapeOf, TEMPLATES } from './roles/record-shape.ts'
import { indexSource, shipperHost, shipperSource } from './shipper-names.ts'

/** Datadog's `status` is a level; elsewhere the word may mean anything. */
const STATUS_LEVEL = /^(?:debug|info|notice|warn|warning|error|err|critical|alert|emergency|emerg|fatal)$/i
/** Beside one of these, `status` is that of an HTTP answer. */
const REQUEST_NAMES = ['request', 'request_uri', 'request_method', 'method', 'uri', 'path', 'url', 'http_method']

/**
 * The line of a record. Its `fingerprint` is still the sender's own one (or the message template). The message is cut at the
 * batch's limit, defaults replace missing fields, and a missing level is detected in the message. A record without a message
 * shows its fields as logfmt; what cannot be read as its role is an attribute.
 */
export function normalise(record: Fields, batch: Batch, context: TimeContext, redactor: Redactor): NewLine {
  const shape = shapeOf(record)
  const reader = new RecordReader(record, shape, planOf(record, shape), redactor)
  const { defaults, limits } = batch
  const error = reader.error()
  const level = reader.level()
  const message = reader.message() || (error?.message ?? '')
  const stack = reader.stack() || (error?.stack ?? '')
  const source = reader.name('source') || (shape.isShipped ? shipperSource(record) : '')
  const time = reader.time(contextOf(context, source))
  const host = reader.name('host') || (shape.isShipped ? shipperHost(record) : '')
  const group = reader.name('group')
  const tags = reader.tags(defaults.tags)
  const traceId = reader.name('traceId')
  const spanId = reader.name('spanId')
  const attributes = reader.attributes(error?.rest)
  const text = safeText(message.trimEnd() || firstLine(stack).trim(), limits.messageBytes, redactor)
  const line: NewLine = {
    timestamp: time.at,
    receivedAt: batch.receivedAt,
    level: level ?? (text === '' ? null : detectLevel(text)) ?? defaults.level ?? 'info',
    message: text || safeText(fieldsText(attributes, record), limits.messageBytes, redactor),
    project: batch.project,
    // Sources and hosts are the operator's own, and addresses are what they are found by.
    source: redact(source || (defaults.source ?? indexSource(record))),
    host: redact(host || (defaults.host ?? '')),
    group: redactor.text(readGroup(group || (defaults.group ?? ''))),
    tags,
    fingerprint: redactor.text(reader.fingerprint()),
    stack: stack === '' ? '' : safeText(stack.trimEnd(), limits.messageBytes, redactor),
    traceId,
    spanId,
    attributes,
  }
  if (!time.hasZone) line.isZoneAssumed = true
  return line
}

/** What a record without a message shows. */
function fieldsText(attributes: NewLine['attributes'], record: Fields): string {
  return compactLogfmt(Object.keys(attributes).length > 0 ? attributes : record)
}

const NO_TAGS: readonly string[] = []

/** Reads the fields of a record by the names of their roles; values that do not fit their role become attributes. */
class RecordReader {
  private readonly record: Fields
  private readonly shape: RecordShape
  private readonly plan: RecordPlan
  private readonly redactor: Redactor
  /** The names that stay attributes; those of the plan until one is added or taken. */
  private remaining: readonly string[]

  constructor(record: Fields, shape: RecordShape, plan: RecordPlan, redactor: Redactor) {
    this.record = record
    this.shape = shape
    this.plan = plan
    this.remaining = plan.remaining
    this.redactor = redactor
  }

  /** The time of the best name whose value is one; the time of receipt when there is none. */
  time(context: TimeContext): { at: number; hasZone: boolean } {
    for (const name of this.plan.times) {
      const time = readTimestamp(this.record[name], context)
      if (time) return this.use(name, time)
      this.leave(name)
    }
    return { at: context.receivedAt, hasZone: true }
  }

  /** The level of the best name whose value is one: an unreadable level never hides a readable one. */
  level(): Level | null {
    for (const name of this.plan.levels) {
      const level = readLevel(this.record[name], levelScaleOf(name, this.record))
      if (level !== null) return this.use(name, level)
      this.leave(name)
    }
    // ECS as nested objects: { log: { level, logger } }.
    const { log, status } = this.record
    if (typeof log === 'object' && log !== null) return readLevel((log as Fields).level)
    if (status === undefined) return null
    if (typeof status === 'string' && STATUS_LEVEL.test(status)) return readLevel(status)
    const code = Number(status)
    return code >= 100 && code < 600 && REQUEST_NAMES.some(name => this.shape.names.has(name))
      ? statusLevel(code)
      : null
  }

  private leave(name: string): void {
    if (!this.remaining.includes(name)) this.add(name)
  }

  private add(name: string): void {
    this.remaining = [...this.remaining, name]
  }

  private use<T>(name: string, value: T): T {
    if (this.remaining.includes(name)) this.remaining = this.remaining.filter(other => other !== name)
    return value
  }

  message(): string {
    const name = this.plan.roles.message
    const value = name === '' ? undefined : this.record[name]
    if (value === undefined) return ''
    if (typeof value === 'string') return TEMPLATES.includes(name) ? renderTemplate(value, this.record) : value
    if (typeof value !== 'object')
      return value === Infinity || value === -Infinity ? infiniteText(value) : String(value)
    if (name === 'log') {
      this.add(name)
      return ''
    }
    return JSON.stringify(limitValue(value, createLineBudget(this.redactor)))
  }

  error(): ReturnType<typeof readErrorObject> {
    const { error, stack } = this.plan.roles
    if (error === '') return stack === '' ? null : readErrorObject(this.record[stack])
    const value = this.record[error]
    const read = readErrorObject(value)
    if (read) return read
    this.add(error)
    // `error: "refused"` is the message when there is no other.
    if (typeof value === 'string') return { type: '', message: value, stack: '', rest: {} }
    return readErrorObject(this.record[stack])
  }

  stack(): string {
    const name = this.plan.roles.stack
    if (name === '') return ''
    const text = stackText(this.record[name])
    if (text === '' && !readErrorObject(this.record[name])) this.add(name)
    return text
  }

  name(role: 'source' | 'host' | 'group' | 'traceId' | 'spanId'): string {
    const name = this.plan.roles[role]
    if (name === '') return ''
    const value = this.record[name]
    // ECS as nested objects: { service: { name } }, { host: { name } }, { trace: { id } }.
    if (typeof value === 'object') this.add(name)
    return nameText(value)
  }

  tags(defaults: readonly string[] | undefined): readonly string[] {
    const name = this.plan.roles.tags
    const tags = name === '' ? NO_TAGS : readTags(this.record[name])
    if (tags === null) this.add(name)
    const all = defaults?.length ? [...new Set([...(tags ?? NO_TAGS), ...defaults])] : (tags ?? NO_TAGS)
    return all.length === 0 ? all : all.map(tag => this.redactor.text(tag))
  }

  fingerprint(): string {
    const { fingerprint } = this.plan.roles
    const value = fingerprint === '' ? undefined : this.record[fingerprint]
    if (value !== undefined) return nameText(Array.isArray(value) ? value.join(' ') : value)
    if (this.shape.template === '') return ''
    for (const name of TEMPLATES) if (typeof this.record[name] === 'string') return nameText(this.record[name])
    return ''
  }

  /** The remaining fields and the record's own `attributes`; the rest of an error object stays under its name. */
  attributes(errorRest: Fields | undefined): NewLine['attributes'] {
    const attributes: { [name: string]: Json } = {}
    const { redactor } = this
    const budget = createLineBudget(redactor)
    let dropped = 0
    const add = (name: string, value: unknown) => {
      // A format moved the value to another field.
      if (value === undefined) return
      const limited = limitField(name, value, budget)
      if (limited === undefined) dropped++
      else attributes[safeName(name, redactor)] = limited
    }
    for (const name of this.remaining) add(name, this.record[name])
    const { attributes: own, error, stack } = this.plan.roles
    if (own !== '') {
      const value = this.record[own]
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        for (const name in value) add(name, (value as Fields)[name])
      else add(own, value)
    }
    // An error that is no object stays under its name; the rest is that of the stack then.
    const errorName = error === '' || this.remaining.includes(error) ? stack : error
    if (errorRest && Object.keys(errorRest).length > 0) add(errorName, errorRest)
    if (dropped > 0) attributes['vakt.dropped'] = dropped
    return attributes
  }
}
