// Compiles a query tree for one partition, as far as the partition's full-text index can decide it.
import { isPlainId, type SoughtWords, soughtWords, type WordVersion } from '../../query/line-words.ts'
import type { QueryNode } from '../../query/tree.ts'
import { fieldEquals, fieldPlan, levelsMatching, type Vocabulary } from './field-plan.ts'
import { FIELD_TOKEN_PREFIX, levelToken } from './field-tokens.ts'
import { allOf, anyOf, exactPlan, MATCH_ALL, MATCH_NONE, type Plan, SCAN_ALL } from './plan.ts'

// The parser of SQLite's index expressions has a stack of limited depth.
const MAX_DEPTH = 12
// SQLite refuses long patterns, and tries long ones at every place of a text.
const MAX_PATTERN_LENGTH = 64
const MAX_PATTERNS = 4

/** The plan for a condition; null matches every line. */
export function planFor(where: QueryNode | null, vocabulary: Vocabulary): Plan {
  return where === null ? MATCH_ALL : compile(where, vocabulary, 0)
}

function compile(node: QueryNode, vocabulary: Vocabulary, depth: number): Plan {
  if (depth > MAX_DEPTH) return SCAN_ALL
  switch (node.kind) {
    case 'and':
      return conjunctionPlan(node.parts, vocabulary, depth)
    case 'or':
      return anyOf(node.parts.map(part => compile(part, vocabulary, depth + 1)))
    case 'not':
      return conjunctionPlan([node], vocabulary, depth)
    case 'word':
      return sequencePlan(soughtWords(node.text, node.prefix, vocabulary.wordVersion), vocabulary)
    case 'phrase':
      return sequencePlan(soughtWords(node.words.join(' '), node.prefix ?? false, vocabulary.wordVersion), vocabulary)
    case 'level':
      return anyOf(levelsMatching(node).map(level => exactPlan(`fields : "${levelToken(level)}"`)))
    case 'field':
      return fieldPlan(node, vocabulary)
    case 'attribute':
      return { ...SCAN_ALL, likePatterns: attributePatterns(node) }
    case 'regex':
      return SCAN_ALL
  }
}

/** Conditions and the negations among them, which the index can only subtract from something. */
function conjunctionPlan(parts: readonly QueryNode[], vocabulary: Vocabulary, depth: number): Plan {
  const plans: Plan[] = []
  const without: string[] = []
  for (const part of parts) {
    if (part.kind !== 'not') {
      plans.push(compile(part, vocabulary, depth + 1))
      continue
    }
    const negated = compile(part.part, vocabulary, depth + 1)
    if (negated.isEmpty) continue
    if (!negated.isExact) plans.push(SCAN_ALL)
    else if (negated.expression === null) return MATCH_NONE
    else without.push(negated.expression)
  }
  return allOf(plans, without)
}

/** Words in a row, within the message, the stack or the attributes; an id of a trace or span too. */
function sequencePlan({ sequence, prefix }: SoughtWords, vocabulary: Vocabulary): Plan {
  const { wordVersion } = vocabulary
  const last = sequence.at(-1)
  if (last === undefined) return MATCH_NONE
  if (!prefix) {
    const inTexts = exactPlan(phrase(sequence, wordVersion))
    if (wordVersion === 1 || sequence.length > 1 || !isPlainId(last)) return inTexts
    return anyOf([inTexts, fieldEquals('trace', last), fieldEquals('span', last)])
  }
  const whole = sequence.slice(0, -1)
  const endings = last.startsWith(FIELD_TOKEN_PREFIX) ? null : vocabulary.wordsWithPrefix(last)
  if (endings !== null) return anyOf(endings.map(ending => exactPlan(phrase([...whole, ending], wordVersion))))
  return whole.length > 0 ? { ...exactPlan(phrase(whole, wordVersion)), isExact: false } : SCAN_ALL
}

function phrase(sequence: readonly string[], wordVersion: WordVersion): string {
  const text = `"${sequence.join(' ')}"`
  // Only such a word could be mistaken for a field token.
  return sequence.some(word => word.startsWith(FIELD_TOKEN_PREFIX))
    ? `{message stack${wordVersion === 1 ? '' : ' attributes'}} : ${text}`
    : text
}

/**
 * LIKE patterns that the `rest` of a row must match for an attribute to have a value: they exclude most lines without
 * parsing them. None when nothing is certain. LIKE ignores the case of ASCII only; K and I have other capitals too (the
 * Kelvin sign, the dotted I), so any character may stand there.
 */
function attributePatterns({ comparison, value }: Extract<QueryNode, { kind: 'attribute' }>): string[] {
  if (comparison !== '=') return []
  // Only texts that JSON writes unchanged, and long enough to exclude lines.
  const runs = value.split('*').filter(run => /^[\w.:/@ -]{2,}$/.test(run))
  return runs.slice(0, MAX_PATTERNS).map(run => `%${run.slice(0, MAX_PATTERN_LENGTH).replace(/[kKiI_]/g, '_')}%`)
}
