// The words by which the full-text index knows the fields of a line, so that a word with field filters is one index query.
import { hash } from 'node:crypto'
import { LEVELS, type Level, type NewLine } from '../line.ts'
import { foldCase } from '../query/wildcard.ts'

// A private-use character: the tokenizer takes it for a letter, so that no ordinary word is mistaken for a field's.
export const MARK = '\ue000'
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
  return `${MARK}${LETTERS[field]}${plain ? `0${folded}` : `1${hash('sha256', folded).slice(0, 24)}`}`
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

/** All words for the fields of a line; `memory` keeps those of values that come again and again. */
export function lineTokens(line: NewLine, memory: Map<string, string>): string {
  let text = levelToken(line.level)
  text += remembered(memory, 'project', line.project)
  text += remembered(memory, 'source', line.source)
  text += remembered(memory, 'host', line.host)
  text += remembered(memory, 'group', line.group)
  for (const tag of line.tags) text += remembered(memory, 'tag', tag)
  text += remembered(memory, 'fingerprint', line.fingerprint)
  if (line.traceId !== '') text += ` ${fieldToken('trace', line.traceId)}`
  if (line.spanId !== '') text += ` ${fieldToken('span', line.spanId)}`
  return text
}

const MEMORY = 20_000

function remembered(memory: Map<string, string>, field: IndexedField, value: string): string {
  if (value === '') return ''
  const name = LETTERS[field] + value
  let text = memory.get(name)
  if (text === undefined) {
    text = ` ${fieldToken(field, value)}`
    if (field === 'group') for (const branch of branchesOf(value)) text += ` ${fieldToken('branch', branch)}`
    if (memory.size >= MEMORY) memory.clear()
    memory.set(name, text)
  }
  return text
}
