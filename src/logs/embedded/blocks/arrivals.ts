// Lines that are not sealed yet, as a row holds them: one line of JSON for each, in the order of their positions.
import { type Json, LEVELS, type LogLine, type NewLine } from '../../line.ts'
import { lineId } from '../partitions/line-key.ts'
import type { PlacedLine } from '../partitions/partition.ts'

type Fields = [
  position: number,
  timestamp: number,
  received: number,
  level: number,
  message: string,
  project: string,
  source: string,
  host: string,
  group: string,
  fingerprint: string,
  tags: readonly string[],
  stack: string,
  traceId: string,
  spanId: string,
  attributes: { readonly [name: string]: Json },
]

/** The text of one line. */
export function arrivalText({ line, timestamp, position }: PlacedLine): string {
  const { receivedAt, message, project, source, host, group, fingerprint, tags, stack, traceId, spanId } = line
  const level = LEVELS.indexOf(line.level)
  const fields: Fields = [
    position,
    timestamp,
    receivedAt,
    level,
    message,
    project,
    source,
    host,
    group,
    fingerprint,
    tags,
    stack,
    traceId,
    spanId,
    line.attributes,
  ]
  return JSON.stringify(fields)
}

export function parseArrival(text: string): PlacedLine {
  const [position, timestamp, receivedAt, level, message, project, source, host, group, fingerprint, ...rest] =
    JSON.parse(text) as Fields
  const [tags, stack, traceId, spanId, attributes] = rest
  const line: NewLine = {
    timestamp,
    receivedAt,
    level: LEVELS[level]!,
    message,
    project,
    source,
    host,
    group,
    tags,
    fingerprint,
    stack,
    traceId,
    spanId,
    attributes,
  }
  return { line, timestamp, position }
}

/** The line with its id. */
export function toLogLine({ line, timestamp, position }: PlacedLine): LogLine {
  return { ...line, timestamp, id: lineId({ timestamp, position }) }
}
