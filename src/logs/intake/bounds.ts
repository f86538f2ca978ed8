// Keeps what comes as attributes within bounds of depth, count and size, without secrets, and free of names that are special
// to JavaScript.
import type { Json } from '../line.ts'
import type { Redactor } from '../redact/redact.ts'
import { clean, clip, safeText } from './clean.ts'

export const DEEPEST = 8
export const MOST_VALUES = 256
/** Characters of one text, and of all texts of a line together. */
export const LONGEST_TEXT = 16 * 1024
export const MOST_BYTES = 64 * 1024
const LONGEST_NAME = 200

/** What of its allowance a line has left, and who hides what its texts must not show. */
export type Allowance = { values: number; bytes: number; redactor: Redactor }

export function newAllowance(redactor: Redactor): Allowance {
  return { values: MOST_VALUES, bytes: MOST_BYTES, redactor }
}

/** As `bounded`, of a value under a name: names of secrets hide their values, whatever they are. */
export function boundedField(name: string, value: unknown, allowance: Allowance, depth = 0): Json | undefined {
  const secret = value !== null && typeof value !== 'boolean' && value !== '' && allowance.redactor.isSecret(name)
  return bounded(secret ? allowance.redactor.mask : value, allowance, depth)
}

/**
 * A value within the allowance: what is too deep becomes `…`, texts are cleaned and cut, and what exceeds the count or the
 * bytes is undefined. Values that need no change are the same objects.
 */
export function bounded(value: unknown, allowance: Allowance, depth = 0): Json | undefined {
  if (allowance.values-- <= 0 || allowance.bytes <= 0) return undefined
  if (typeof value === 'string') return boundedText(value, allowance)
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  if (typeof value !== 'object') return undefined
  if (depth >= DEEPEST) return '…'
  return Array.isArray(value) ? boundedItems(value, allowance, depth) : boundedFields(value, allowance, depth)
}

/** A name for an attribute: cut, clean, and never `__proto__`, which objects take for their prototype. */
export function safeName(name: string): string {
  if (name === '__proto__') return '_proto_'
  return name.length <= LONGEST_NAME && name.isWellFormed() && !name.includes('\0')
    ? name
    : clip(clean(name), LONGEST_NAME)
}

function boundedText(text: string, allowance: Allowance): string {
  const short = safeText(text, LONGEST_TEXT, allowance.redactor)
  allowance.bytes -= short.length
  return short
}

function boundedItems(items: readonly unknown[], allowance: Allowance, depth: number): Json {
  const kept: Json[] = []
  for (const item of items) {
    const value = bounded(item, allowance, depth + 1)
    if (value === undefined) break
    kept.push(value)
  }
  return kept
}

function boundedFields(fields: object, allowance: Allowance, depth: number): Json {
  const kept: { [name: string]: Json } = {}
  for (const [name, field] of Object.entries(fields)) {
    const value = boundedField(name, field, allowance, depth + 1)
    if (value === undefined) break
    kept[safeName(name)] = value
  }
  return kept
}
