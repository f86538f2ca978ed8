// The evidence pack as the model reads it: one JSON object a line, so that nothing in a log can pass for anything else.
import { isoTime } from '../../time.ts'
import { coverageText, type Measured, type Pack, type PackLine, type PackPattern, type TimelineEvent } from './pack.ts'
import { cleaned } from './read-logs.ts'

/** Takes out of a text what must not leave; called with whole texts, before anything is cut off them. */
export type Conceal = (text: string) => string

const MESSAGE = 400
const TEMPLATE = 300
/** Newer tokenizers make more of a text than four characters a token; rather too many than too few. */
const CHARACTERS_PER_TOKEN = 3

/** About how many tokens a text is. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN)
}

/** The whole pack, line by line. */
export function packText(pack: Pack, conceal: Conceal): string {
  return [
    JSON.stringify({
      about: sentText(whole(pack.subject), conceal),
      ...{ from: isoTime(pack.from), until: isoTime(pack.until), compared_with_since: isoTime(pack.comparedFrom) },
      coverage: coverageText(pack.coverage),
    }),
    ...pack.patterns.map(pattern => patternText(pattern, conceal)),
    ...pack.lines.map(line => lineText(line, conceal)),
    ...pack.happenings.map(one => timelineEventText(one, conceal)),
    ...pack.measured.map(one => timelineEventText(one, conceal)),
  ].join('\n')
}

/** One pattern with its figures. */
export function patternText(pattern: PackPattern, conceal: Conceal): string {
  const { id, change, level, template, count, before, estimated, known, first, last, from, over } = pattern
  return JSON.stringify({
    ...{ id, change, level, count, before },
    ...(estimated ? { estimated } : {}),
    ...(known ? { seen_in_the_day_before: true } : {}),
    ...(first === null ? {} : { first: isoTime(first), last: isoTime(last) }),
    ...(from.length > 0 ? { from: from.map(one => sentText(one, conceal)) } : {}),
    ...(count > 2 ? { over: over.join(' ') } : {}),
    template: sentText(template, conceal, TEMPLATE),
  })
}

/** One line; its message as `sentText` gives it is what a quote must be found in. */
export function lineText({ id, at, level, from, message, pattern }: PackLine, conceal: Conceal): string {
  const head = { id, at: isoTime(at), level, ...(from === '' ? {} : { from: sentText(from, conceal) }) }
  return JSON.stringify({ ...head, ...(pattern ? { pattern } : {}), message: sentText(message, conceal, MESSAGE) })
}

/** One thing that happened or was measured. */
export function timelineEventText({ id, at, text }: TimelineEvent | Measured, conceal: Conceal): string {
  return JSON.stringify({ id, at: isoTime(at), what: sentText(whole(text), conceal, MESSAGE) })
}

/** Without what was cut off before it came here, and the numbers that lead up to it: half an account is known by no rule. */
function whole(text: string): string {
  const parts = text.split('…')
  const last = parts.pop()!
  return [...parts.map(withoutEnd), last].join('…')
}

function withoutEnd(part: string): string {
  const words = part.split(/(?<=[\s"])/)
  words.pop()
  while (/\d|^[A-Z(+]{1,4}[\s"]?$/.test(words.at(-1) ?? '')) words.pop()
  return words.join('')
}

/** A text as it is sent: concealed, on one line, cut visibly. */
export function sentText(text: string, conceal: Conceal, most = MESSAGE): string {
  const line = conceal(cleaned(text))
    .replaceAll(/\s*\n\s*/g, ' ⏎ ')
    .replaceAll('\t', ' ')
  return line.length <= most ? line : `${line.slice(0, most)} …cut`
}
