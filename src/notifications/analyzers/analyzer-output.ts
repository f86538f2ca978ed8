// What an analyzer answered, read into the form in which a model answers, so that its citations are verified alike. Pure.
import { sanitize } from '../../analysis/model/sanitize.ts'
import { type ModelAnswer, readAnswer } from '../../analysis/model/verdict.ts'

/** The version of the JSON that analyzers get. */
export const TOOL_VERSION = 1

const MAX_CLAIMS = 6
const MAX_CLAIM_LENGTH = 500
const MAX_HEADLINE_LENGTH = 160
/** `[L3]`, `[L3: "disk is full"]`, or several: `[L3, T1]`. */
const CITATIONS = /\[((?:[LTEM]\d+)(?:\s*,\s*[LTEM]\d+)*)(?::\s*"([^"\]]{1,500})")?\]/g

/**
 * Reads an answer: JSON in the form of a model's answer, or plain text. The first line of a text is the headline, each
 * further line a claim with its citations in brackets: `[L3]`, or `[L3: "words of that line"]`. Null for an empty answer.
 */
export function readAnalyzerOutput(output: string): ModelAnswer | null {
  const json = output.trimStart().startsWith('{') ? readAnswer(output) : null
  if (json) return json
  const lines = output
    .split('\n')
    .map(line => line.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, '').trim())
    .filter(line => line !== '')
  const [headline, ...claims] = lines
  if (headline === undefined) return null
  const readAll = claims.length > 0 ? claims : [headline]
  return {
    status: 'likely',
    headline: sanitize(withoutCitations(headline), MAX_HEADLINE_LENGTH),
    findings: readAll.slice(0, MAX_CLAIMS).map(readClaim),
    cause: null,
    ruled_out: [],
    next_steps: [],
    missing: [],
    suspicious: [],
  }
}

function readClaim(line: string): ModelAnswer['findings'][number] {
  const evidence = [...line.matchAll(CITATIONS)].flatMap(([, ids = '', quote = '']) =>
    ids.split(',').map(id => ({ id: id.trim(), quote })),
  )
  const isQuoted = evidence.length > 0 && evidence.every(({ quote }) => quote !== '')
  return {
    claim: sanitize(withoutCitations(line), MAX_CLAIM_LENGTH),
    kind: isQuoted ? 'observed' : 'inference',
    confidence: 'medium',
    evidence: evidence.slice(0, 4),
  }
}

function withoutCitations(line: string): string {
  return line
    .replace(CITATIONS, '')
    .replace(/\s+/g, ' ')
    .replace(/ ([.,;:])/g, '$1')
    .trim()
}
