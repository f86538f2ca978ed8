// Compiles a query tree to OpenSearch's query language: it may find too much, never too little.
import { LEVELS } from '../../line.ts'
import { readNumber } from '../../query/attributes.ts'
import { isPlainId, type SoughtWords, soughtWords } from '../../query/line-words.ts'
import { requiredRuns } from '../../query/regex-literals.ts'
import type { Comparison, FieldName, QueryNode } from '../../query/tree.ts'
import { foldCase } from '../../query/wildcard.ts'
import type { Compiled } from '../driver.ts'
import { cut, MAX_PATH_LENGTH, MAX_TERM_LENGTH, pathTerm, sortableNumber } from './document.ts'

type Clause = { [kind: string]: unknown }
type Part = { clause: Clause; isExact: boolean; size: number; depth: number }

/** OpenSearch refuses more clauses (1,024) and deeper trees; beyond, `matches` decides. */
const MAX_CLAUSES = 400
const MAX_DEPTH = 12
const WORD_FIELDS = ['w', 'ws', 'wa'] as const
/** Where a regular expression is looked for. */
const RUN_FIELDS = ['w', 'ws'] as const
const MIN_RUN_LENGTH = 3
const MAX_NUMBER = 'f'.repeat(16)
const MIN_NUMBER = '0'.repeat(16)

const ALL: Clause = { match_all: {} }
const NONE: Clause = { match_none: {} }
const UNDECIDED: Part = { clause: ALL, isExact: false, size: 1, depth: 1 }

/** The filter of a condition. */
export function compile(where: QueryNode | null): Compiled {
  const { clause, isExact } = where === null ? exact(ALL) : compileNode(where)
  return { filter: clause, isExact }
}

function compileNode(node: QueryNode): Part {
  const part = compileAny(node)
  return part.size > MAX_CLAUSES || part.depth > MAX_DEPTH ? UNDECIDED : part
}

function compileAny(node: QueryNode): Part {
  switch (node.kind) {
    case 'and': {
      const parts = node.parts.map(compileNode)
      if (parts.length === 0) return exact(ALL)
      return joined({ filter: parts.map(({ clause }) => clause) }, parts)
    }
    case 'or': {
      const parts = node.parts.map(compileNode)
      if (parts.length === 0) return exact(NONE)
      return joined({ should: parts.map(({ clause }) => clause), minimum_should_match: 1 }, parts)
    }
    case 'not': {
      const part = compileNode(node.part)
      // A part that finds too much would leave out too much.
      return part.isExact ? joined({ must_not: [part.clause] }, [part]) : UNDECIDED
    }
    case 'word':
      return wordsPart(soughtWords(node.text, node.prefix))
    case 'phrase':
      return wordsPart(soughtWords(node.words.join(' '), node.prefix ?? false))
    case 'level':
      return exact(levelClause(node.comparison, LEVELS.indexOf(node.level)))
    case 'field':
      return fieldPart(node.field, node.value)
    case 'attribute':
      return attributePart(node.path, node.comparison, node.value)
    case 'regex':
      return runsPart(requiredRuns(node.source))
  }
}

function wordsPart({ sequence, prefix }: SoughtWords): Part {
  if (sequence.length === 0) return exact(NONE)
  const isCut = sequence.some(mayBeCut)
  const sought = sequence.map(cut)
  const clauses: Clause[] = WORD_FIELDS.map(field => sequenceClause(field, sought, prefix))
  if (sought.length === 1 && !prefix && isPlainId(sought[0]!))
    clauses.push({ term: { trace: sought[0] } }, { term: { span: sought[0] } })
  const isExact = !isCut && !(prefix && sought.length > 1)
  return { clause: anyOf(clauses), isExact, size: clauses.length * 2, depth: 2 }
}

function sequenceClause(field: string, sought: readonly string[], prefix: boolean): Clause {
  const last = sought.at(-1)!
  if (sought.length === 1) return { [prefix ? 'prefix' : 'term']: { [field]: { value: last } } }
  if (!prefix) return { match_phrase: { [field]: { query: sought.join(' ') } } }
  const before = sought.slice(0, -1)
  const phrase =
    before.length === 1 ? { term: { [field]: before[0] } } : { match_phrase: { [field]: before.join(' ') } }
  return { bool: { filter: [phrase, { prefix: { [field]: { value: last } } }] } }
}

/** Texts that a line has within its words; short ones are in most lines and not worth a look. */
function runsPart(runs: readonly string[]): Part {
  const sought = runs.filter(run => run.length >= MIN_RUN_LENGTH)
  if (sought.length === 0) return UNDECIDED
  const within = (run: string): Clause =>
    anyOf([...RUN_FIELDS.map(field => ({ wildcard: { [field]: { value: `*${run}*` } } })), { term: { cut: true } }])
  return { clause: { bool: { filter: sought.map(within) } }, isExact: false, size: sought.length * 4, depth: 3 }
}

function levelClause(comparison: Comparison, level: number): Clause {
  if (comparison === '=') return { term: { lv: level } }
  const bound = { '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' }[comparison]
  return { range: { lv: { [bound]: level } } }
}

const FOLDED_FIELDS: { [field in FieldName]: string } = {
  project: 'f_project',
  source: 'f_source',
  host: 'f_host',
  group: 'f_group',
  fingerprint: 'f_fingerprint',
  tag: 'f_tag',
  trace: 'trace',
  span: 'span',
}

function fieldPart(field: FieldName, value: string): Part {
  const name = FOLDED_FIELDS[field]
  const own = patternPart(value, {
    term: text => ({ term: { [name]: text } }),
    prefix: text => ({ prefix: { [name]: { value: text } } }),
    wildcard: pattern => ({ wildcard: { [name]: { value: pattern } } }),
    empty: { bool: { must_not: [{ exists: { field: name } }] } },
    some: { exists: { field: name } },
  })
  // `group:prod/*` is the whole branch: what is below `prod`, and `prod` itself.
  if (field !== 'group' || !value.endsWith('/*')) return own
  const branch = fieldPart('group', value.slice(0, -2))
  return joined({ should: [own.clause, branch.clause], minimum_should_match: 1 }, [own, branch])
}

function attributePart(path: string, comparison: Comparison, value: string): Part {
  if (path.length > MAX_PATH_LENGTH || !path.isWellFormed()) return UNDECIDED
  if (comparison !== '=') return numberPart(path, comparison, value)
  const termOf = (text: string) => pathTerm(path, text)
  return patternPart(value, {
    term: text => ({ term: { at: termOf(text) } }),
    prefix: text => ({ prefix: { at: { value: termOf(text) } } }),
    wildcard: pattern => ({ wildcard: { at: { value: escaped(termOf('')) + pattern } } }),
    empty: { term: { at: termOf('') } },
    some: { wildcard: { at: { value: `${escaped(termOf(''))}?*` } } },
  })
}

function numberPart(path: string, comparison: Comparison, value: string): Part {
  const limit = readNumber(value)
  if (limit === null) return exact(NONE)
  // Numbers beyond 2^53 share terms.
  const isSafe = Math.abs(Number(limit)) < Number.MAX_SAFE_INTEGER
  const bound = pathTerm(path, sortableNumber(limit))
  const isLower = comparison === '<' || comparison === '<='
  const includes = !isSafe || comparison === '<=' || comparison === '>='
  const range = isLower
    ? { gte: pathTerm(path, MIN_NUMBER), [includes ? 'lte' : 'lt']: bound }
    : { [includes ? 'gte' : 'gt']: bound, lte: pathTerm(path, MAX_NUMBER) }
  return single({ range: { an: range } }, isSafe)
}

type Patterns = {
  term: (text: string) => Clause
  prefix: (text: string) => Clause
  wildcard: (pattern: string) => Clause
  /** Of an empty value, and of any other. */
  empty: Clause
  some: Clause
}

/** A value in which `*` stands for any characters, as `wildcardTest` reads it. */
function patternPart(value: string, patterns: Patterns): Part {
  // Half a character is found by code units, which the index does not have.
  if (!value.isWellFormed()) return UNDECIDED
  const folded = foldCase(value)
  const parts = folded.split('*')
  if (parts.length === 1) {
    if (folded === '') return exact(patterns.empty)
    return single(patterns.term(cut(folded)), !mayBeCut(folded))
  }
  if (parts.every(part => part === '')) return exact(patterns.some)
  const [first, ...rest] = parts
  if (rest.every(part => part === '')) {
    return single(patterns.prefix(cut(first!)), !mayBeCut(first!))
  }
  if (folded.length > MAX_TERM_LENGTH) return UNDECIDED
  // The end of a value may be cut off.
  const clause = patterns.wildcard(parts.map(escaped).join('*'))
  return { clause: anyOf([clause, { term: { cut: true } }]), isExact: false, size: 3, depth: 2 }
}

/** Whether a value in the index may be a longer one that was cut to this: those have the longest length. */
function mayBeCut(text: string): boolean {
  return text.length >= MAX_TERM_LENGTH - 1
}

function single(clause: Clause, isExact: boolean): Part {
  return { clause, isExact, size: 1, depth: 1 }
}

/** A text in a wildcard query, in which it stands for itself. */
function escaped(text: string): string {
  return text.replaceAll(/[\\*?]/g, '\\$&')
}

function exact(clause: Clause): Part {
  return single(clause, true)
}

function anyOf(clauses: readonly Clause[]): Clause {
  return { bool: { should: clauses, minimum_should_match: 1 } }
}

function joined(bool: Clause, parts: readonly Part[]): Part {
  return {
    clause: { bool },
    isExact: parts.every(part => part.isExact),
    size: parts.reduce((sum, { size }) => sum + size, 1),
    depth: 1 + Math.max(...parts.map(({ depth }) => depth)),
  }
}
