// Verifies every claim of a model against the evidence: ids, quotes, and that causes precede symptoms. Pure.
import type { Level } from '../../logs/line.ts'
import { hasNoData, isError, listSeverePatterns, type Pack } from '../evidence/pack.ts'
import { writeHeadline } from '../evidence/pack-card.ts'
import type { Cause, Citation, Claim, Confidence, ModelAnswer, Verdict } from './verdict.ts'

/** A piece of evidence as it was sent; `at` is null when it has no time. */
export type EvidencePiece = {
  text: string
  at: number | null
  line: string | null
  level: Level | null
  from: string
  pattern: string | null
}
export type Evidence = ReadonlyMap<string, EvidencePiece>

export type VerificationResult = {
  verdict: Verdict
  /** The faults, each a sentence for the model. */
  faults: string[]
}

const MIN_QUOTE_LENGTH = 8
const MAX_UNMENTIONED = 5
const CONFIDENCES: readonly Confidence[] = ['low', 'medium', 'high']

/**
 * Verifies an answer. Drops claims without a correct citation, never raises a confidence, and drops a cause that does not
 * precede its symptoms. The severe patterns of `pack` must be mentioned.
 */
export function verifyAnswer(answer: ModelAnswer, evidence: Evidence, pack: Pack): VerificationResult {
  const faults: string[] = []
  const tally = { given: 0, verified: 0 }
  const check = (list: ModelAnswer['findings'][number]['evidence'], needsQuote: boolean): Citation[] =>
    list.flatMap(({ id, quote }) => {
      tally.given++
      const fault = findFault(id, quote, evidence.get(id), needsQuote)
      if (fault !== null) {
        faults.push(fault)
        return []
      }
      tally.verified++
      const { at, line, level, from } = evidence.get(id)!
      return [{ id, quote, at, line, level, from }]
    })

  const findings = answer.findings.flatMap((finding): Claim[] => {
    const verified = check(finding.evidence, finding.kind === 'observed')
    const cap = verified.length === 1 ? 'low' : 'high'
    if (verified.length > 0)
      return [{ ...finding, evidence: verified, confidence: capConfidence(finding.confidence, cap) }]
    if (finding.evidence.length === 0) faults.push(`The finding "${finding.claim}" cites nothing.`)
    return []
  })
  const cause = answer.cause && verifyCause(answer.cause, check, faults)
  const status = decideStatus(answer, cause, findings, pack, faults)
  const cited = [...findings.flatMap(({ evidence }) => evidence), ...(cause ? [...cause.cause, ...cause.symptoms] : [])]
  return {
    faults,
    verdict: {
      status,
      headline: keepsHeadline(answer, status, findings) ? answer.headline : writeHeadline(pack),
      findings,
      cause: status === 'inconclusive' || status === 'healthy' ? null : cause,
      ruledOut: answer.ruled_out,
      nextSteps: answer.next_steps,
      missing: answer.missing,
      suspicious: answer.suspicious.filter(id => evidence.has(id)),
      citations: tally,
      unmentioned: listUnmentioned(pack, cited, evidence),
    },
  }
}

function findFault(id: string, quote: string, piece: EvidencePiece | undefined, needsQuote: boolean): string | null {
  if (!piece) return `There is no evidence ${id}.`
  const words = collapseBlanks(quote)
  if (words === '' && !needsQuote) return null
  const text = collapseBlanks(piece.text)
  if (!text.includes(words)) return `${id} does not say "${quote.slice(0, 100)}".`
  if (words.length < Math.min(MIN_QUOTE_LENGTH, text.length))
    return `The quote "${quote}" from ${id} is too short to tell anything; quote at least ${MIN_QUOTE_LENGTH} characters.`
  return null
}

/** Blanks do not matter in a quote. */
function collapseBlanks(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function verifyCause(
  answered: NonNullable<ModelAnswer['cause']>,
  check: (list: typeof answered.cause, needsQuote: boolean) => Citation[],
  faults: string[],
): Cause | null {
  const cause = check(answered.cause, true)
  const symptoms = check(answered.symptoms, true).filter(symptom => !cause.some(({ id }) => id === symptom.id))
  if (cause.length === 0 || symptoms.length === 0) {
    faults.push('A cause needs a citation of itself and another of what it led to.')
    return null
  }
  const order = compareOrder(cause, symptoms)
  if (order === 'after') {
    faults.push(`The cause (${cause[0]!.id}) comes after what it is said to have led to (${symptoms[0]!.id}).`)
    return null
  }
  const cap = cause.length + symptoms.length < 2 ? 'low' : order === 'before' ? 'high' : 'medium'
  return {
    claim: answered.claim,
    confidence: capConfidence(answered.confidence, cap),
    cause,
    symptoms,
    why: answered.why_not_symptom,
  }
}

/** Whether the first citation of the cause is before the first of the symptoms. */
function compareOrder(cause: readonly Citation[], symptoms: readonly Citation[]): 'before' | 'after' | 'unknown' {
  const earliest = (list: readonly Citation[]) => Math.min(...list.map(({ at }) => at ?? Number.POSITIVE_INFINITY))
  const [causeAt, symptomAt] = [earliest(cause), earliest(symptoms)]
  if (!Number.isFinite(causeAt) || !Number.isFinite(symptomAt) || causeAt === symptomAt) return 'unknown'
  return causeAt < symptomAt ? 'before' : 'after'
}

function decideStatus(
  answer: ModelAnswer,
  cause: Cause | null,
  findings: readonly Claim[],
  pack: Pack,
  faults: string[],
): Verdict['status'] {
  const { status } = answer
  if (status === 'healthy') {
    // Never "healthy" while errors are new or surging, whatever a log line asks the model for.
    const errors = listSeverePatterns(pack).filter(({ level }) => isError(level))
    if (errors.length === 0) return hasNoData(pack) ? 'inconclusive' : 'healthy'
    faults.push(`"healthy" does not fit: ${errors.map(({ id }) => id).join(', ')} are errors that are new or surge.`)
    return 'inconclusive'
  }
  if (status === 'inconclusive' || cause === null) return 'inconclusive'
  return status === 'cause_found' && (cause.confidence === 'low' || findings.length === 0) ? 'likely' : status
}

/** The headline itself cannot be verified, so it is kept only with the claims it rests on. */
function keepsHeadline(answer: ModelAnswer, status: Verdict['status'], findings: readonly Claim[]): boolean {
  if (status !== 'inconclusive') return true
  return answer.status === 'inconclusive' && findings.some(({ kind }) => kind === 'observed')
}

function capConfidence(confidence: Confidence, cap: Confidence): Confidence {
  return CONFIDENCES[Math.min(CONFIDENCES.indexOf(confidence), CONFIDENCES.indexOf(cap))]!
}

/** The first errors of the pack that no citation belongs to. */
function listUnmentioned(pack: Pack, cited: readonly Citation[], evidence: Evidence): string[] {
  const mentioned = new Set(cited.flatMap(({ id }) => [id, evidence.get(id)?.pattern ?? id]))
  return listSeverePatterns(pack)
    .filter(({ level }) => isError(level))
    .slice(0, MAX_UNMENTIONED)
    .filter(({ id }) => !mentioned.has(id))
    .map(({ id }) => id)
}
