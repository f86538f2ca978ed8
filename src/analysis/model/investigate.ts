// One investigation by one model: question, look-ups, answer, verification and one repair, within a deadline and a budget.
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { LogReader } from '../../logs/store.ts'
import { plural } from '../../text.ts'
import { SECOND } from '../../time.ts'
import type { MetricLookup } from '../evidence/metric-lookup.ts'
import type { Pack } from '../evidence/pack.ts'
import { estimateTokens, writePattern, writeTimelineEvent } from '../evidence/pack-text.ts'
import { type ConversationTurn, type Model, ModelError, type ModelReply, type ToolCall } from './model.ts'
import { SYSTEM_PROMPT, UNREADABLE_TURN, writeFirstTurn, writeRepairTurn, writeToolResult } from './prompt.ts'
import { type Pseudonymizer, withPseudonyms } from './pseudonymize.ts'
import { createModelTools, readEventText, TOOLS, toPiece } from './tools.ts'
import { ANSWER_JSON_SCHEMA, readAnswer, type Verdict } from './verdict.ts'
import { type EvidencePiece, type VerificationResult, verifyAnswer } from './verify-citations.ts'

/** Pays for calls: `reserve` throws `BudgetExceeded` at a limit; `close` records the actual cost. */
export type Budget = {
  reserve(model: string, inputTokens: number, outputTokens: number): { close(usage: ModelReply['usage'] | null): void }
}

export type InvestigationOptions = {
  model: Model
  name: string
  pack: Pack
  question: string | null
  earlier: { headline: string; cause: string | null } | null
  store: LogReader | null
  metricLookup: MetricLookup
  pseudonymizer: Pseudonymizer
  budget: Budget
  clock: Clock
  signal: AbortSignal
  onProgress(sentence: string): void
}

const MAX_TOOL_ROUNDS = 4
const MAX_CALLS_PER_ROUND = 4
const MAX_OUTPUT_TOKENS = 8_000
const MAX_RETRY_WAIT_MS = 10 * SECOND
const DEFAULT_RETRY_WAIT_MS = 2 * SECOND

/** Resolves with the verified verdict. Rejects with `ModelError`, or with the error of the budget. */
export async function investigate(options: InvestigationOptions): Promise<Verdict> {
  const { pack, pseudonymizer, onProgress } = options
  const nonce = randomBytes(6).toString('hex')
  const evidence = collectEvidence(pack, pseudonymizer)
  const tools = createModelTools({
    ...options,
    evidence,
    conceal: pseudonymizer.conceal,
    restore: pseudonymizer.restore,
  })
  const turns: ConversationTurn[] = [
    { role: 'person', text: writeFirstTurn(pack, options.question, options.earlier, nonce, pseudonymizer.conceal) },
  ]
  const readReply = (reply: ModelReply): VerificationResult | null => {
    const answer = readAnswer(reply.text)
    return answer && verifyAnswer(answer, evidence, pack)
  }
  onProgress('The model is reading the evidence …')
  const reply = await callUntilAnswer(options, turns, (calls: readonly ToolCall[]) =>
    lookUp(calls, tools, nonce, onProgress),
  )
  const first = readReply(reply)
  if (first?.faults.length === 0) return first.verdict
  // Providers reject an empty turn, and a tool call without its result.
  if (reply.text !== '' && reply.calls.length === 0) turns.push(toModelTurn(reply))
  turns.push({ role: 'person', text: first ? writeRepairTurn(first.faults) : UNREADABLE_TURN })
  onProgress('Some citations were wrong; the model is answering again …')
  // If the first answer is usable, a failed repair is ignored.
  const second = await callModel(options, turns, false)
    .then(readReply)
    .catch(error => {
      if (first === null) throw error
      return null
    })
  const best = chooseBetter(first, second)
  if (best) return best.verdict
  throw new ModelError('unreadable', 'The answer of the model does not have the required form.')
}

/** Runs the tool calls of the model until it answers. */
async function callUntilAnswer(
  options: InvestigationOptions,
  turns: ConversationTurn[],
  runCalls: (calls: readonly ToolCall[]) => Promise<ConversationTurn>,
): Promise<ModelReply> {
  for (let round = 0; ; round++) {
    const reply = await callModel(options, turns, round < MAX_TOOL_ROUNDS)
    if (reply.stop !== 'calls' || round > MAX_TOOL_ROUNDS) return reply
    turns.push(toModelTurn(reply), await runCalls(reply.calls))
  }
}

/** The pieces of evidence of a pack, by the ids that citations use. */
export function collectEvidence(pack: Pack, { conceal }: Pick<Pseudonymizer, 'conceal'>): Map<string, EvidencePiece> {
  const evidence = new Map<string, EvidencePiece>()
  const none = { line: null, level: null, from: '', pattern: null }
  for (const line of pack.lines) evidence.set(line.id, toPiece(line, conceal))
  for (const pattern of pack.patterns) {
    const { template } = JSON.parse(writePattern(pattern, conceal)) as { template: string }
    evidence.set(pattern.id, { ...none, text: template, at: pattern.first, level: pattern.level, pattern: pattern.id })
  }
  for (const event of [...pack.timeline, ...pack.measurements]) {
    evidence.set(event.id, { ...none, text: readEventText(writeTimelineEvent(event, conceal)), at: event.at })
  }
  return evidence
}

function chooseBetter(first: VerificationResult | null, second: VerificationResult | null): VerificationResult | null {
  if (first === null || second === null) return first ?? second
  return first.faults.length < second.faults.length ? first : second
}

function toModelTurn({ text, calls, raw }: ModelReply): ConversationTurn {
  return { role: 'model', text, calls, raw }
}

async function lookUp(
  calls: readonly ToolCall[],
  tools: ReturnType<typeof createModelTools>,
  nonce: string,
  onProgress: (sentence: string) => void,
): Promise<ConversationTurn> {
  const results: { id: string; text: string }[] = []
  for (const [at, { id, name, input }] of calls.entries()) {
    onProgress(PROGRESS_TEXTS[name] ?? 'The model is looking something up …')
    const text = at < MAX_CALLS_PER_ROUND ? await tools.call(name, input) : 'Too many calls at once; ask again.'
    results.push({ id, text: writeToolResult(text, nonce) })
  }
  return { role: 'results', results, text: '' }
}

const PROGRESS_TEXTS: Record<string, string> = {
  search_logs: 'The model is searching the logs …',
  neighbours: 'The model is reading the lines around a line …',
  pattern_lines: 'The model is reading more lines of a pattern …',
  histogram: 'The model is counting log lines over time …',
  host: 'The model is looking at a host …',
  metrics: 'The model is looking at metrics …',
}

/** Calls the model once and pays for it; retries once when the provider is busy or unreachable. */
async function callModel(
  options: InvestigationOptions,
  turns: readonly ConversationTurn[],
  mayCall: boolean,
): Promise<ModelReply> {
  const { name, pseudonymizer, budget, clock, signal, onProgress } = options
  const model = withPseudonyms(options.model, pseudonymizer)
  const request = {
    ...{
      model: name,
      system: SYSTEM_PROMPT,
      turns,
      mayCall,
      schema: ANSWER_JSON_SCHEMA,
      maxTokens: MAX_OUTPUT_TOKENS,
      signal,
    },
    tools: options.store ? TOOLS : [],
    onProgress: (characters: number) =>
      onProgress(`The model is writing its answer (${plural(characters, 'character')}) …`),
  }
  for (let attempt = 0; ; attempt++) {
    const reservation = budget.reserve(
      name,
      estimateTokens(JSON.stringify([SYSTEM_PROMPT, turns, request.tools])),
      MAX_OUTPUT_TOKENS,
    )
    try {
      const reply = await model.ask(request)
      reservation.close(reply.usage)
      if (reply.stop === 'refused') throw new ModelError('refused', 'The model refused to answer.', { charged: true })
      return reply
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      // If tokens may have been spent, the reserved amount stays spent.
      if (!error.charged) reservation.close(null)
      const wait = error.retryAfterMs ?? DEFAULT_RETRY_WAIT_MS
      if (attempt > 0 || !RETRYABLE_FAILURES.has(error.failure) || wait > MAX_RETRY_WAIT_MS) throw error
      onProgress('The AI provider is busy; retrying once …')
      await pause(clock, wait, signal)
    }
  }
}

const RETRYABLE_FAILURES: ReadonlySet<string> = new Set(['limited', 'overloaded', 'unreachable', 'cut'])

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const onAbort = () => {
      cancel()
      fail(new ModelError('stopped', 'The request was stopped.'))
    }
    const cancel = clock.at(clock.now() + ms, () => {
      signal.removeEventListener('abort', onAbort)
      done()
    })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}
