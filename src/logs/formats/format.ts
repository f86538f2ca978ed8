// What a log format is: data that says how a line or a record is recognised, and where its parts stand.
import type { Json, Level } from '../line.ts'

/** The fields of a record, by the names that programs use. */
export type Fields = { readonly [name: string]: unknown }

/** An example of a format, which is also its test: a text as a program writes it, and the one line that it becomes. */
export type Example = {
  text: string
  level: Level
  /** RFC 3339; null when the text has no time, or none that is certain. The tests receive it on 2026-11-29T10:00:30Z in UTC. */
  time: string | null
  message: string
  source?: string
  host?: string
  /** How the stack begins. */
  stack?: string
  /** Attributes that it must have. */
  attributes?: { readonly [name: string]: Json }
}

/** A regular expression with named groups. */
export type Pattern = { exec(text: string): { groups?: { [name: string]: string | undefined } | undefined } | null }

/**
 * A format of text lines. The named groups of `pattern` are the parts of a line: `time`, `level`, `message`, `source`,
 * `host`, `trace_id` and `span_id` become fields; `status` is that of HTTP and `pri` the priority of syslog, which give the
 * level (and `pri` of a header with a time the attribute `facility`); the elements of `structured_data` become attributes; `partial` is not kept; every other group is an attribute of its name.
 * The text of a line without the group `message` is its message.
 */
export type TextFormat = {
  kind: 'text'
  /** As commands name it: lower case with dashes. */
  name: string
  /** What writes it. */
  title: string
  /** Where the pattern begins: at the start of the line, or after the time at its start, which is read before. */
  after: 'start' | 'time'
  /** The characters that the text may begin with, as in a character class: `A-Z`, `[`, `0-9`. */
  first: string
  /** A text that every line of the format has; other lines are told apart without the pattern. */
  has?: string
  /** Begins with `^`, and takes linear time for any text. */
  pattern: Pattern
  /** The level of spellings that mean something else in other formats, or nothing. */
  levels?: { readonly [spelling: string]: Level }
  /** The level of lines without one; without it their message decides. */
  level?: Level
  /** The message is the line of another program: a container engine, syslog or a shipper wrote only what is before it. */
  isPrefix?: true
  /** Its lines may have a more special format as well: those are tried first, even after a line of this one. */
  isGeneral?: true
  examples: readonly Example[]
}

/** A format of JSON records: `read` makes the fields that Vakt knows of those that only this program writes. */
export type RecordFormat = {
  kind: 'record'
  name: string
  title: string
  /** The names that every record of the format has. */
  names: readonly [string, ...string[]]
  /** The message is the line of another program: a shipper wrote only what is around it. */
  isEnvelope?: true
  /** The record with common names, or null when it is of another format after all. */
  read(record: Fields): Fields | null
  examples: readonly Example[]
}

export type Format = TextFormat | RecordFormat
