// Holds every claim of a model against the evidence: ids, quotes, and that causes come before symptoms. Pure.
import type { Level } from '../../logs/line.ts'
import { isError, isUnheard, type Pack, troubles } from '../evidence/pack.ts'
import { reportHeadline } from '../evidence/pack-card.ts'
import type { Cause, Citation, Claim, Confidence, ModelAnswer, Verdict } from './verdict.ts'

/** A piece of evidence as it was sent; `at` null when it has no place in time. */
export type Piece = {
  text: string
  at: number | null
  line: string | null
  level: Level | null
  from: string
  pattern: string | null
}
export type Evidence = ReadonlyMap<string, Piece>

export type Checked = {
  verdict: Verdict
  /** What was wrong, each a sentence for the model to mend it by. */
  faults: string[]
}

const SHORTEST_QUOTE = 8
const UNMENTIONED = 5
const CONFIDENCES: readonly Confidence[] = ['low', 'medium', 'high']

/**
 * What of an answer holds. Claims without a citation that holds are dropped, confidence only falls, and a cause that
 * is not shown to come first is none. `pack` says which troubles an honest answer would mention.
 */
export function verify(answer: ModelAnswer, evidence: Evidence, pack: Pack): Checked {
  const faults: string[] = []
  const tally = { given: 0, verified: 0 }
  const check = (list: ModelAnswer['findings'][number]['evidence'], needsQuote: boolean): Citation[] =>
    list.flatMap(({ id, quote }) => {
      tally.given++
      const fault = faultOf(id, quote, evidence.get(id), needsQuote)
      if (fault !== null) {
        faults.push(fault)
        return []
      }
      tally.verified++
      const { at, line, level, from } = evidence.get(id)!
      return [{ id, quote, at, line, level, from }]
    })

  const findings = answer.findings.flatMap((one): Claim[] => {
    const held = check(one.evidence, one.kind === 'observed')
    if (held.length > 0)
      return [{ ...one, evidence: held, confidence: atMost(one.confidence, held.length === 1 ? 'low' : 'high') }]
    if (one.evidence.length === 0) faults.push(`The finding "${one.claim}" cites nothing.`)
    return []
  })
  const cause = answer.cause && checkCause(answer.cause, check, faults)
  const status = statusOf(answer, cause, findings, pack, faults)
  const cited = [...findings.flatMap(one => one.evidence), ...(cause ? [...cause.cause, ...cause.symptoms] : [])]
  return {
    faults,
    verdict: {
      status,
      headline: holds(answer, status, findings) ? answer.headline : reportHeadline(pack),
      findings,
      cause: status === 'inconclusive' || status === 'healthy' ? null : cause,
      ruledOut: answer.ruled_out,
      nextSteps: answer.next_steps,
      missing: answer.missing,
      suspicious: answer.suspicious.filter(id => evidence.has(id)),
      citations: tally,
      unmentioned: unmentioned(pack, cited, evidence),
    },
  }
}

function faultOf(id: string, quote: string, piece: Piece | undefined, needsQuote: boolean): string | null {
  if (!piece) return `There is no evidence ${id}.`
  const words = squeezed(quote)
  if (words === '' && !needsQuote) return null
  const text = squeezed(piece.text)
  if (!text.includes(words)) return `${id} does not say "${quote.slice(0, 100)}".`
  if (words.length < Math.min(SHORTEST_QUOTE, text.length))
    return `The quote "${quote}" from ${id} is too short to tell anything; quote at least ${SHORTEST_QUOTE} characters.`
  return null
}

/** Blanks are not what a quote is about. */
function squeezed(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function checkCause(
  given: NonNullable<ModelAnswer['cause']>,
  check: (list: typeof given.cause, needsQuote: boolean) => Citation[],
  faults: string[],
): Cause | null {
  const cause = check(given.cause, true)
  const symptoms = check(given.symptoms, true).filter(one => !cause.some(other => other.id === one.id))
  if (cause.length === 0 || symptoms.length === 0) {
    faults.push('A cause needs a citation of itself and another of what it led to.')
    return null
  }
  const order = orderOf(cause, symptoms)
  if (order === 'after') {
    faults.push(`The cause (${cause[0]!.id}) comes after what it is said to have led to (${symptoms[0]!.id}).`)
    return null
  }
  const most = cause.length + symptoms.length < 2 ? 'low' : order === 'before' ? 'high' : 'medium'
  return { claim: given.claim, confidence: atMost(given.confidence, most), cause, symptoms, why: given.why_not_symptom }
}

/** Whether the earliest of the cause is before the earliest of the symptoms. */
function orderOf(cause: readonly Citation[], symptoms: readonly Citation[]): 'before' | 'after' | 'unknown' {
  const earliest = (list: readonly Citation[]) => Math.min(...list.map(one => one.at ?? Number.POSITIVE_INFINITY))
  const [first, then] = [earliest(cause), earliest(symptoms)]
  if (!Number.isFinite(first) || !Number.isFinite(then) || first === then) return 'unknown'
  return first < then ? 'before' : 'after'
}

function statusOf(
  answer: ModelAnswer,
  cause: Cause | null,
  findings: readonly Claim[],
  pack: Pack,
  faults: string[],
): Verdict['status'] {
  const said = answer.status
  if (said === 'healthy') {
    // Nobody is told that all is well over errors that were not there before, whatever a log line asks for.
    const errors = troubles(pack).filter(one => isError(one.level))
    if (errors.length === 0) return isUnheard(pack) ? 'inconclusive' : 'healthy'
    faults.push(`"healthy" does not fit: ${errors.map(one => one.id).join(', ')} are errors that are new or surge.`)
    return 'inconclusive'
  }
  if (said === 'inconclusive' || cause === null) return 'inconclusive'
  return said === 'cause_found' && (cause.confidence === 'low' || findings.length === 0) ? 'likely' : said
}

/** Nothing is checked of a headline itself, so it goes with what it stands on. */
function holds(answer: ModelAnswer, status: Verdict['status'], findings: readonly Claim[]): boolean {
  if (status !== 'inconclusive') return true
  return answer.status === 'inconclusive' && findings.some(one => one.kind === 'observed')
}

function atMost(said: Confidence, most: Confidence): Confidence {
  return CONFIDENCES[Math.min(CONFIDENCES.indexOf(said), CONFIDENCES.indexOf(most))]!
}

/** The foremost errors of the pack that nothing cited belongs to. */
function unmentioned(pack: Pack, cited: readonly Citation[], evidence: Evidence): string[] {
  const mentioned = new Set(cited.flatMap(({ id }) => [id, evidence.get(id)?.pattern ?? id]))
  return troubles(pack)
    .filter(one => isError(one.level))
    .slice(0, UNMENTIONED)
    .filter(one => !mentioned.has(one.id))
    .map(one => one.id)
}
