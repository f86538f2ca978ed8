// The words by which the full-text index knows the fields of a line, so that a word with field filters is one index query.
import { hash } from 'node:crypto'
import { LEVELS, type Level, type NewLine } from '../../line.ts'
import { foldCase } from '../../query/wildcard.ts'
import type { NamedField } from '../partitions/partition-names.ts'

/**
 * What the words of fields begin with. Any letter would do, as they have a column of their own and words that begin so
 * are looked for in the others only; this one is rare, and within Latin-1, which is quicker by a tenth.
 */
export const MARK = 'ª'
/** Branches of a group are indexed down to this depth. */
export const DEEPEST_BRANCH = 16

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

/** The index's word for "this field has this value, letter case aside". */
export function fieldToken(field: IndexedField, value: string): string {
  const folded = foldCase(value)
  const plain = /^[0-9a-z]{1,40}$/.test(folded)
  return `${MARK}${LETTERS[field]}${plain ? `0${folded}` : `1${hash('sha256', folded).slice(0, 16)}`}`
}

export function levelToken(level: Level): string {
  return `${MARK}l${LEVELS.indexOf(level)}`
}

/** What is above a group: `prod/api/auth` is in `prod` and in `prod/api`. */
export function branchesOf(group: string): string[] {
  const folded = foldCase(group)
  const branches: string[] = []
  for (let slash = folded.indexOf('/'); slash >= 0 && branches.length < DEEPEST_BRANCH; ) {
    if (slash > 0) branches.push(folded.slice(0, slash))
    slash = folded.indexOf('/', slash + 1)
  }
  return branches
}

/** Makes the words of lines, remembering those of values that come again and again. */
export class LineTokens {
  readonly #known = { project: new Map(), source: new Map(), host: new Map(), group: new Map(), tag: new Map() } as {
    [field in NamedField]: Map<string, string>
  }

  /** All words for the fields of a line. */
  of(line: NewLine): string {
    let text = levelToken(line.level)
    text += this.#remembered('project', line.project)
    text += this.#remembered('source', line.source)
    text += this.#remembered('host', line.host)
    text += this.#remembered('group', line.group)
    for (const tag of line.tags) text += this.#remembered('tag', tag)
    if (line.fingerprint !== '') text += ` ${fieldToken('fingerprint', line.fingerprint)}`
    if (line.traceId !== '') text += ` ${fieldToken('trace', line.traceId)}`
    if (line.spanId !== '') text += ` ${fieldToken('span', line.spanId)}`
    return text
  }

  #remembered(field: NamedField, value: string): string {
    if (value === '') return ''
    const known = this.#known[field]
    let text = known.get(value)
    if (text === undefined) {
      text = ` ${fieldToken(field, value)}`
      if (field === 'group') for (const branch of branchesOf(value)) text += ` ${fieldToken('branch', branch)}`
      if (known.size >= MEMORY) known.clear()
      known.set(value, text)
    }
    return text
  }
}

const MEMORY = 5_000
