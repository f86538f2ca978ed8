// Decides by the summary of a block and the index of words whether any of its lines can match; most blocks end here.
import { LEVELS } from '../../../line.ts'
import { soughtWords } from '../../../query/line-words.ts'
import { fieldValueTest } from '../../../query/matches.ts'
import type { FieldName, QueryNode } from '../../../query/tree.ts'
import { foldCase } from '../../../query/wildcard.ts'
import { words } from '../../../query/words.ts'
import { levelsMatching } from '../../indexed/field-plan.ts'
import type { StoredSummary } from '../stored-summary.ts'
import type { WordFilter } from '../words/block-words.ts'

/** Whether a line of the block may match; false is certain. */
export function mayMatch(node: QueryNode, summary: StoredSummary, mayHave: WordFilter): boolean {
  switch (node.kind) {
    case 'and':
      return node.parts.every(part => mayMatch(part, summary, mayHave))
    case 'or':
      return node.parts.some(part => mayMatch(part, summary, mayHave))
    case 'word':
      return mayHaveWords(node.text, node.prefix, mayHave)
    case 'phrase':
      return mayHaveWords(node.words.join(' '), node.prefix ?? false, mayHave)
    case 'level': {
      const levels: string[] = levelsMatching(node)
      return (
        levels.length === LEVELS.length || (summary.values.level?.values.some(value => levels.includes(value)) ?? true)
      )
    }
    case 'field':
      return mayHaveValue(node.field, node.value, summary, mayHave)
    case 'attribute':
      return node.comparison !== '=' || mayHaveAttribute(node.value, mayHave)
    case 'not':
    case 'regex':
      return true
  }
}

/** Whether an attribute may have a value, as far as its words decide. */
export function mayHaveAttribute(value: string, mayHave: WordFilter): boolean {
  return attributeWords(value).every(word => mayHave('attributes', word))
}

/** The words that every attribute with this value has; none for a pattern, and for writing that folds in more than one way. */
export function attributeWords(value: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII
  return /^[\u0000-\u007f]*$/.test(value) && !value.includes('*') ? words(value) : []
}

function mayHaveWords(text: string, isPrefix: boolean, mayHave: WordFilter): boolean {
  const { sequence, prefix } = soughtWords(text, isPrefix)
  if (sequence.length === 0) return false
  const whole = prefix ? sequence.slice(0, -1) : sequence
  return whole.every(word => mayHave('text', word)) || whole.every(word => mayHave('attributes', word))
}

function mayHaveValue(field: FieldName, value: string, summary: StoredSummary, mayHave: WordFilter): boolean {
  if (value === '') return true
  if (field === 'trace' || field === 'span') return value.includes('*') || mayHave('attributes', foldCase(value))
  const test = fieldValueTest(field, value)
  return summary.values[field]?.values.some(test) ?? true
}
