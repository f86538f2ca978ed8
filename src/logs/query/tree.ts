// The tree of a log query, which every store compiles for itself.
import type { Level } from '../line.ts'

export type Comparison = '=' | '<' | '<=' | '>' | '>='

/** The fields of a line that queries can name; every other name is an attribute (dots go into objects). */
export const FIELDS = ['project', 'source', 'host', 'group', 'tag', 'fingerprint', 'trace', 'span'] as const
export type FieldName = (typeof FIELDS)[number]

export type QueryNode =
  | { kind: 'and' | 'or'; parts: readonly QueryNode[] }
  | { kind: 'not'; part: QueryNode }
  /**
   * A word of the message, the stack or a value of an attribute, or the id of a trace or span, ignoring case; with `prefix`, the beginning of a word. Of writing without spaces
   * between words, any part. A text of several words counts as a phrase, a text without words matches nothing.
   */
  | { kind: 'word'; text: string; prefix: boolean }
  /**
   * Words in a row within the message, the stack or a value of an attribute, ignoring case and the symbols between them; with `prefix` the
   * last one is the beginning of a word (`connection-timeo*`).
   */
  | { kind: 'phrase'; words: readonly string[]; prefix?: boolean }
  | { kind: 'level'; comparison: Comparison; level: Level }
  /**
   * Equality of a field, ignoring case; `*` in `value` stands for any characters. `group:prod/*` also matches `prod`. An
   * empty value matches lines without the field (no tags), which no other value matches.
   */
  | { kind: 'field'; field: FieldName; value: string }
  /** An attribute: equality as text, ignoring case, with `*` for any characters; or a comparison of numbers. */
  | { kind: 'attribute'; path: string; comparison: Comparison; value: string }
  /** A regular expression over message and stack, matched in linear time. */
  | { kind: 'regex'; source: string; caseless: boolean }

/** A query: a condition (null matches every line) in a time range (epoch ms, `from` inclusive, `until` exclusive). */
export type Query = { where: QueryNode | null; from: number | null; until: number | null }
