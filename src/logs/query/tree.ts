// The tree of a log query: what every store compiles for itself.
import type { Level } from '../line.ts'

export type Comparison = '=' | '<' | '<=' | '>' | '>='

/** The fields of a line that have a name of their own; every other name is an attribute (dots go into objects). */
export const FIELDS = ['project', 'source', 'host', 'group', 'tag', 'fingerprint', 'trace', 'span'] as const
export type FieldName = (typeof FIELDS)[number]

export type QueryNode =
  | { kind: 'and' | 'or'; parts: readonly QueryNode[] }
  | { kind: 'not'; part: QueryNode }
  /**
   * A word of the message or stack, letter case aside; with `prefix`, a word that begins so. The parser gives one word as
   * `words` makes it; a text of several words counts as a phrase of them, a text without any fits nothing.
   */
  | { kind: 'word'; text: string; prefix: boolean }
  /**
   * Words in a row within the message or within the stack, letter case and what stands between them aside; with `prefix`
   * the last one only begins so (`connection-timeo*`).
   */
  | { kind: 'phrase'; words: readonly string[]; prefix?: boolean }
  | { kind: 'level'; comparison: Comparison; level: Level }
  /**
   * Equality of a named field, letter case aside; `*` in `value` stands for anything. `group:prod/*` also fits `prod`. An
   * empty value fits lines without the field (no tags), which no other value fits.
   */
  | { kind: 'field'; field: FieldName; value: string }
  /** An attribute: equality as text with `*` for anything, letter case aside, or a comparison of numbers. */
  | { kind: 'attribute'; path: string; comparison: Comparison; value: string }
  /** A regular expression over message and stack, matched in linear time. */
  | { kind: 'regex'; source: string; caseless: boolean }

/** A query: a condition (null fits every line) between two instants (epoch ms, `from` inclusive, `until` exclusive). */
export type Query = { where: QueryNode | null; from: number | null; until: number | null }
