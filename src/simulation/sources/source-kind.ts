// What a kind of source is: how it writes a line, and how its lines travel.
import type { Random } from '../random.ts'
import type { Level } from '../scenario.ts'

/** A line before it is written; `at` is epoch ms, `number` counts the lines of the source from 0. */
export type Said = {
  at: number
  level: Level
  message: string
  source: string
  host: string
  number: number
  /** The record of a table that this line is, if the source reads one. */
  record: Record<string, string> | null
}

export interface SourceKind {
  readonly kind: string
  readonly contentType: 'application/json' | 'text/plain'
  /** What the lines do not say themselves and the URL must: such as their source. */
  query(source: { name: string; host: string }): Record<string, string>
  /** One line as it travels: a JSON object, or a line of text. */
  write(said: Said, random: Random): string
}
