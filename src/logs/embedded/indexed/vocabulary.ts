// The field values and words in the index of a partition that an earlier version wrote.
import { prepared, type Sqlite } from '../../../state/sqlite.ts'
import type { Vocabulary } from './field-plan.ts'
import { MAX_FIELD_VALUES, wordVersionOf } from './rows.ts'

const MAX_WORDS = 128

/** The field values and words in a partition's index. */
export function vocabularyOf(db: Sqlite): Vocabulary {
  return {
    wordVersion: wordVersionOf(db),
    valuesOf(field) {
      const values = prepared(db, 'select value from names where field = ?').pluck().all(field) as string[]
      return values.length >= MAX_FIELD_VALUES ? null : values
    },
    wordsWithPrefix(prefix) {
      const from = prepared(db, 'select term from terms where term >= ? limit 1').pluck()
      const found: string[] = []
      let word = from.get(prefix) as string | undefined
      while (word?.startsWith(prefix)) {
        found.push(word)
        if (found.length > MAX_WORDS) return null
        // The next possible text: each lookup skips all other occurrences of the word.
        word = from.get(`${word}\0`) as string | undefined
      }
      return found
    },
  }
}
