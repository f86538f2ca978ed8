// Limits attributes in depth, count and size, redacts secrets in them, and renames names that are special to JavaScript.
import type { Json } from '../line.ts'
import type { Redactor } from '../redact/redact.ts'
import { clean, safeText, truncateBytes } from './clean.ts'
import { infiniteText } from './json-numbers.ts'

export const MAX_DEPTH = 8
export const MAX_VALUES = 256
/** Characters of one text, and of all texts of a line. */
export const MAX_TEXT_LENGTH = 16 * 1024
export const MAX_TOTAL_LENGTH = 64 * 1024
const MAX_NAME_LENGTH = 200

/** What a line may still hold, and the redactor for its texts. */
export type LineBudget = { values: number; length: number; redactor: Redactor }

export function createLineBudget(redactor: Redactor): LineBudget {
  return { values: MAX_VALUES, length: MAX_TOTAL_LENGTH, redactor }
}

/** As `limitValue`, for a value with a name: the values of secret names are masked, of any type. */
export function limitField(name: string, value: unknown, budget: LineBudget, depth = 0): Json | undefined {
  const secret = value !== null && typeof value !== 'boolean' && value !== '' && budget.redactor.isSecret(name, value)
  return limitValue(secret ? budget.redactor.mask : value, budget, depth)
}

/**
 * A value within the budget: values that are too deep become `…`, texts are cleaned and cut, values beyond the count or the
 * length are undefined. Values that need no change are the same objects.
 */
export function limitValue(value: unknown, budget: LineBudget, depth = 0): Json | undefined {
  if (budget.values-- <= 0 || budget.length <= 0) return undefined
  if (typeof value === 'string') return limitText(value, budget)
  if (typeof value === 'number') return Number.isFinite(value) ? value : infiniteText(value)
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value !== 'object') return undefined
  if (depth >= MAX_DEPTH) return '…'
  return Array.isArray(value) ? limitItems(value, budget, depth) : limitFields(value, budget, depth)
}

/** A name for an attribute: cut, clean, redacted, and never `__proto__`, which would set the prototype of an object. */
export function safeName(name: string, redactor: Redactor): string {
  const safe = cleanName(name)
  return MAY_BE_DATA.test(safe) ? redactor.text(safe) : safe
}

/** Names that programs take from data: addresses, `name=value`, numbers and long ones. */
const MAY_BE_DATA = /[@=]|\d[.:]\d|::|\d{6}|.{20}/s

function cleanName(name: string): string {
  const known = safeNames.get(name)
  if (known !== undefined) return known
  const safe = readSafeName(name)
  // Programs write few names; a sender of ever new ones must not fill the memory.
  if (safeNames.size >= MAX_SAFE_NAMES) safeNames.clear()
  if (name.length <= MAX_NAME_LENGTH) safeNames.set(name, safe)
  return safe
}

const safeNames = new Map<string, string>()
const MAX_SAFE_NAMES = 5_000

function readSafeName(name: string): string {
  if (name === '__proto__') return '_proto_'
  return name.length <= MAX_NAME_LENGTH && name.isWellFormed() && !name.includes('\0')
    ? name
    : truncateBytes(clean(name), MAX_NAME_LENGTH)
}

function limitText(text: string, budget: LineBudget): string {
  const short = safeText(text, MAX_TEXT_LENGTH, budget.redactor)
  budget.length -= short.length
  return short
}

function limitItems(items: readonly unknown[], budget: LineBudget, depth: number): Json {
  const limited: Json[] = []
  let option = ''
  for (const item of items) {
    const value = option === '' ? limitValue(item, budget, depth + 1) : limitField(option, item, budget, depth + 1)
    if (value === undefined) break
    limited.push(value)
    option = typeof item === 'string' && OPTION.test(item) ? item : ''
  }
  return limited
}

/** An option of a command line, which is followed by its value: `--password`. */
const OPTION = /^--?[A-Za-z][\w-]{0,60}$/

function limitFields(fields: object, budget: LineBudget, depth: number): Json {
  const limited: { [name: string]: Json } = {}
  const pair = pairName(fields)
  for (const name in fields) {
    const meant = pair !== '' && PAIR_VALUE.test(name) ? pair : name
    const value = limitField(meant, (fields as { [name: string]: unknown })[name], budget, depth + 1)
    if (value === undefined) break
    limited[safeName(name, budget.redactor)] = value
  }
  return limited
}

const PAIR_VALUE = /^value$/i

/** The name in an object that is a name and its value, as headers and variables are listed; empty for any other object. */
function pairName(fields: object): string {
  const { name, key, Name, Key } = fields as { [name: string]: unknown }
  const found = name ?? key ?? Name ?? Key
  return typeof found === 'string' && ('value' in fields || 'Value' in fields) ? found : ''
}
