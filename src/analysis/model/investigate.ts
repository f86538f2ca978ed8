// One investigation by one model: question, look-ups, answer, verification and one repair, within time and money.
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { LogStore } from '../../logs/store.ts'
import { SECOND } from '../../time.ts'
import type { MetricTools } from '../evidence/metric-tools.ts'
import type { Pack } from '../evidence/pack.ts'
import { patternText, timelineEventText, tokensOf } from '../evidence/pack-text.ts'
import { type Model, ModelError, type ModelReply, type ToolCall, type Turn } from './model.ts'
import { firstTurn, repairTurn, SYSTEM, toolTurn, UNREADABLE } from './prompt.ts'
import { type Pseudonymizer, withPseudonyms } from './pseudonymize.ts'
import { createModelTools, pieceOf, TOOLS, whatOf } from './tools.ts'
import { ANSWER_JSON_SCHEMA, readAnswer, type Verdict } from './verdict.ts'
import { type Checked, type Piece, verify } from './verify-citations.ts'

/** Pays for calls: `begin` throws what people are told when a limit is reached; `end` settles. */
export type Budget = {
  begin(model: string, inputTokens: number, outputTokens: number): { end(usage: ModelReply['usage'] | null): void }
}

export type Inquiry = {
  model: Model
  name: string
  pack: Pack
  question: string | null
  earlier: { headline: string; cause: string | null } | null
  store: LogStore | null
  measures: MetricTools
  veil: Pseudonymizer
  purse: Budget
  clock: Clock
  signal: AbortSignal
  onProgress(says: string): void
}

const TURNS_WITH_TOOLS = 4
const CALLS_AT_ONCE = 4
const MAX_OUTPUT = 8_000
const LONGEST_WAIT = 10 * SECOND
const USUAL_WAIT = 2 * SECOND

/** The verified verdict. Rejects with `ModelError`, or with what the purse throws. */
export async function investigate(inquiry: Inquiry): Promise<Verdict> {
  const { pack, veil, onProgress } = inquiry
  const nonce = randomBytes(6).toString('hex')
  const evidence = evidenceOf(pack, veil)
  const toolbox = createModelTools({ ...inquiry, evidence, conceal: veil.conceal, restore: veil.restore })
  const turns: Turn[] = [
    { role: 'person', text: firstTurn(pack, inquiry.question, inquiry.earlier, nonce, veil.conceal) },
  ]
  const read = (reply: ModelReply): Checked | null => {
    const answer = readAnswer(reply.text)
    return answer && verify(answer, evidence, pack)
  }
  onProgress('A model reads the evidence …')
  const reply = await untilAnswer(inquiry, turns, (calls: readonly ToolCall[]) =>
    lookUp(calls, toolbox, nonce, onProgress),
  )
  const first = read(reply)
  if (first?.faults.length === 0) return first.verdict
  // Providers take back no empty turn, and no look-up that was never answered.
  if (reply.text !== '' && reply.calls.length === 0) turns.push(modelTurn(reply))
  turns.push({ role: 'person', text: first ? repairTurn(first.faults) : UNREADABLE })
  onProgress('Not everything held; it answers again …')
  // Where something held, a failure of the repair costs only the repair.
  const second = await call(inquiry, turns, false)
    .then(read)
    .catch(error => {
      if (first === null) throw error
      return null
    })
  const best = better(first, second)
  if (best) return best.verdict
  throw new ModelError('unreadable', 'The model gave no answer in the required form.')
}

/** Lets the model look things up until it answers. */
async function untilAnswer(
  inquiry: Inquiry,
  turns: Turn[],
  look: (calls: readonly ToolCall[]) => Promise<Turn>,
): Promise<ModelReply> {
  for (let turn = 0; ; turn++) {
    const reply = await call(inquiry, turns, turn < TURNS_WITH_TOOLS)
    if (reply.stop !== 'calls' || turn > TURNS_WITH_TOOLS) return reply
    turns.push(modelTurn(reply), await look(reply.calls))
  }
}

/** What the pack says, by the ids that citations name. */
function evidenceOf(pack: Pack, { conceal }: Pseudonymizer): Map<string, Piece> {
  const evidence = new Map<string, Piece>()
  const none = { line: null, level: null, from: '', pattern: null }
  for (const line of pack.lines) evidence.set(line.id, pieceOf(line, conceal))
  for (const one of pack.patterns) {
    const { template } = JSON.parse(patternText(one, conceal)) as { template: string }
    evidence.set(one.id, { ...none, text: template, at: one.first, level: one.level, pattern: one.id })
  }
  for (const one of [...pack.happenings, ...pack.measured]) {
    evidence.set(one.id, { ...none, text: whatOf(timelineEventText(one, conceal)), at: one.at })
  }
  return evidence
}

function better(first: Checked | null, then: Checked | null): Checked | null {
  if (first === null || then === null) return first ?? then
  return first.faults.length < then.faults.length ? first : then
}

function modelTurn({ text, calls, raw }: ModelReply): Turn {
  return { role: 'model', text, calls, raw }
}

async function lookUp(
  calls: readonly ToolCall[],
  toolbox: ReturnType<typeof createModelTools>,
  nonce: string,
  onProgress: (says: string) => void,
): Promise<Turn> {
  const results: { id: string; text: string }[] = []
  for (const [at, { id, name, input }] of calls.entries()) {
    onProgress(SAYS[name] ?? 'It looks something up …')
    const text = at < CALLS_AT_ONCE ? await toolbox.call(name, input) : 'Too many at once; ask again.'
    results.push({ id, text: toolTurn(text, nonce) })
  }
  return { role: 'results', results, text: '' }
}

const SAYS: Record<string, string> = {
  search_logs: 'It searches the logs …',
  neighbours: 'It reads what was logged around a line …',
  pattern_lines: 'It reads more lines of a pattern …',
  histogram: 'It looks at how the logs went over time …',
  host: 'It looks at a host …',
  metrics: 'It looks at measurements …',
}

/** One call, paid for; tried a second time when the provider is busy or out of reach. */
async function call(inquiry: Inquiry, turns: readonly Turn[], mayCall: boolean): Promise<ModelReply> {
  const { name, veil, purse, clock, signal, onProgress } = inquiry
  const model = withPseudonyms(inquiry.model, veil)
  const request = {
    ...{ model: name, system: SYSTEM, turns, mayCall, schema: ANSWER_JSON_SCHEMA, maxTokens: MAX_OUTPUT, signal },
    tools: inquiry.store ? TOOLS : [],
    onProgress: (characters: number) =>
      onProgress(`It writes its answer, ${characters.toLocaleString('en')} characters …`),
  }
  for (let attempt = 0; ; attempt++) {
    const paid = purse.begin(name, tokensOf(JSON.stringify([SYSTEM, turns, request.tools])), MAX_OUTPUT)
    try {
      const reply = await model.ask(request)
      paid.end(reply.usage)
      if (reply.stop === 'refused') throw new ModelError('refused', 'The model refused to answer.', { charged: true })
      return reply
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      // Where tokens may have been spent, what was reserved stays spent.
      if (!error.charged) paid.end(null)
      const wait = error.retryAfterMs ?? USUAL_WAIT
      if (attempt > 0 || !PASSING.has(error.failure) || wait > LONGEST_WAIT) throw error
      onProgress('The provider is busy; it is tried once more …')
      await pause(clock, wait, signal)
    }
  }
}

const PASSING: ReadonlySet<string> = new Set(['limited', 'overloaded', 'unreachable', 'cut'])

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const stop = () => {
      cancel()
      fail(new ModelError('stopped', 'It was stopped.'))
    }
    const cancel = clock.at(clock.now() + ms, () => {
      signal.removeEventListener('abort', stop)
      done()
    })
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
