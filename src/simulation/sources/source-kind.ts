// The interface of a kind of source: how it writes a line, and how its lines are sent.
import type { Random } from '../random.ts'
import type { Level } from '../scenario.ts'

/** A line before it is written; `at` is epoch ms, `number` counts the lines of the source from 0. */
export type LineToWrite = {
  at: number
  level: Level
  message: string
  source: string
  host: string
  number: number
  /** The record of the table, if the source reads one. */
  record: Record<string, string> | null
}

export interface SourceKind {
  readonly kind: string
  readonly contentType: 'application/json' | 'text/plain'
  /** What the URL must tell because the lines do not, such as their source. */
  query(source: { name: string; host: string }): Record<string, string>
  /** One line as it is sent: a JSON object, or a line of text. */
  write(line: LineToWrite, random: Random): string
}
