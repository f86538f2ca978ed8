// The tokens for the fields of a line in the full-text index, so that words with field filters are one index query.
import { hash } from 'node:crypto'
import { LEVELS, type Level, type NewLine } from '../../line.ts'
import { foldCase } from '../../query/wildcard.ts'
import type { ListedField } from './listed-fields.ts'

/**
 * Field tokens begin with this letter. Any letter would work: the tokens have a column of their own, and words that begin
 * with it are searched in the other columns only. This one is rare, and within Latin-1, which is 10 % faster.
 */
export const FIELD_TOKEN_PREFIX = 'ª'
/** Branches of a group are indexed down to this depth. */
export const MAX_BRANCH_DEPTH = 16

const LETTERS = {
  project: 'p',
  source: 's',
  host: 'h',
  group: 'g',
  branch: 'b',
  tag: 't',
  fingerprint: 'f',
  trace: 'r',
  span: 'i',
} as const
export type IndexedField = keyof typeof LETTERS

/** The token for "this field has this value", ignoring case. */
export function fieldToken(field: IndexedField, value: string): string {
  const folded = foldCase(value)
  const plain = /^[0-9a-z]{1,40}$/.test(folded)
  return `${FIELD_TOKEN_PREFIX}${LETTERS[field]}${plain ? `0${folded}` : `1${hash('sha256', folded).slice(0, 16)}`}`
}

export function levelToken(level: Level): string {
  return `${FIELD_TOKEN_PREFIX}l${LEVELS.indexOf(level)}`
}

/** The branches above a group: `prod/api/auth` is in `prod` and in `prod/api`. */
export function branchesOf(group: string): string[] {
  const folded = foldCase(group)
  const branches: string[] = []
  for (let slash = folded.indexOf('/'); slash >= 0 && branches.length < MAX_BRANCH_DEPTH; ) {
    if (slash > 0) branches.push(folded.slice(0, slash))
    slash = folded.indexOf('/', slash + 1)
  }
  return branches
}

/** Makes the field tokens of lines; tokens of values that repeat are cached. */
export class LineTokens {
  readonly #cache = { project: new Map(), source: new Map(), host: new Map(), group: new Map(), tag: new Map() } as {
    [field in ListedField]: Map<string, string>
  }

  /** All field tokens of a line. */
  of(line: NewLine): string {
    let text = levelToken(line.level)
    text += this.#cached('project', line.project)
    text += this.#cached('source', line.source)
    text += this.#cached('host', line.host)
    text += this.#cached('group', line.group)
    for (const tag of line.tags) text += this.#cached('tag', tag)
    if (line.fingerprint !== '') text += ` ${fieldToken('fingerprint', line.fingerprint)}`
    if (line.traceId !== '') text += ` ${fieldToken('trace', line.traceId)}`
    if (line.spanId !== '') text += ` ${fieldToken('span', line.spanId)}`
    return text
  }

  #cached(field: ListedField, value: string): string {
    if (value === '') return ''
    const cache = this.#cache[field]
    let text = cache.get(value)
    if (text === undefined) {
      text = ` ${fieldToken(field, value)}`
      if (field === 'group') for (const branch of branchesOf(value)) text += ` ${fieldToken('branch', branch)}`
      if (cache.size >= MAX_CACHED_VALUES) cache.clear()
      cache.set(value, text)
    }
    return text
  }
}

const MAX_CACHED_VALUES = 5_000
