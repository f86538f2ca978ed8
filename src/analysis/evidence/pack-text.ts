// The evidence pack as text for the model: one JSON object a line, so that log content cannot imitate the structure. Pure.
import { isoTime } from '../../time.ts'
import {
  type Pack,
  type PackLine,
  type PackMeasurement,
  type PackPattern,
  type TimelineEvent,
  writeCoverage,
} from './pack.ts'
import { stripInvisible } from './read-logs.ts'

/** Replaces what must not leave the machine; called with complete texts, before they are cut. */
export type Conceal = (text: string) => string

const MAX_MESSAGE_LENGTH = 400
const MAX_TEMPLATE_LENGTH = 300
/** Newer tokenizers need more tokens than one per four characters; an estimate that is too high is safe. */
const CHARACTERS_PER_TOKEN = 3

/** Estimates the tokens of a text. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN)
}

/** Writes the whole pack, line by line. */
export function writePack(pack: Pack, conceal: Conceal): string {
  return [
    JSON.stringify({
      about: writeText(dropCutEnds(pack.subject), conceal),
      ...{ from: isoTime(pack.from), until: isoTime(pack.until), compared_with_since: isoTime(pack.comparedFrom) },
      coverage: writeCoverage(pack.coverage),
    }),
    ...pack.patterns.map(pattern => writePattern(pattern, conceal)),
    ...pack.lines.map(line => writeLine(line, conceal)),
    ...pack.timeline.map(event => writeTimelineEvent(event, conceal)),
    ...pack.measurements.map(measurement => writeTimelineEvent(measurement, conceal)),
  ].join('\n')
}

/** Writes one pattern with its counts. */
export function writePattern(pattern: PackPattern, conceal: Conceal): string {
  const { id, change, level, template, count, before, estimated, known, first, last, from, over } = pattern
  return JSON.stringify({
    ...{ id, change, level, count, before },
    ...(estimated ? { estimated } : {}),
    ...(known ? { seen_in_the_day_before: true } : {}),
    ...(first === null ? {} : { first: isoTime(first), last: isoTime(last) }),
    ...(from.length > 0 ? { from: from.map(origin => writeText(origin, conceal)) } : {}),
    ...(count > 2 ? { over: over.join(' ') } : {}),
    template: writeText(template, conceal, MAX_TEMPLATE_LENGTH),
  })
}

/** Writes one line; quotes are searched in its message as `writeText` writes it. */
export function writeLine({ id, at, level, from, message, pattern }: PackLine, conceal: Conceal): string {
  const head = { id, at: isoTime(at), level, ...(from === '' ? {} : { from: writeText(from, conceal) }) }
  return JSON.stringify({
    ...head,
    ...(pattern ? { pattern } : {}),
    message: writeText(message, conceal, MAX_MESSAGE_LENGTH),
  })
}

/** Writes one event or measurement. */
export function writeTimelineEvent({ id, at, text }: TimelineEvent | PackMeasurement, conceal: Conceal): string {
  return JSON.stringify({ id, at: isoTime(at), what: writeText(dropCutEnds(text), conceal, MAX_MESSAGE_LENGTH) })
}

/** Removes words that were cut earlier, and numbers right before the cut: no rule recognizes half an account number. */
function dropCutEnds(text: string): string {
  const parts = text.split('…')
  const last = parts.pop()!
  return [...parts.map(dropCutEnd), last].join('…')
}

function dropCutEnd(part: string): string {
  const words = part.split(/(?<=[\s"])/)
  words.pop()
  while (/\d|^[A-Z(+]{1,4}[\s"]?$/.test(words.at(-1) ?? '')) words.pop()
  return words.join('')
}

/** Writes a text for the model: concealed, on one line, with a mark where it is cut. */
export function writeText(text: string, conceal: Conceal, maxLength = MAX_MESSAGE_LENGTH): string {
  const line = conceal(stripInvisible(text))
    .replaceAll(/\s*\n\s*/g, ' ⏎ ')
    .replaceAll('\t', ' ')
  return line.length <= maxLength ? line : `${line.slice(0, maxLength)} …cut`
}
