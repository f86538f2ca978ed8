// Why no model answered, in one sentence for people. Pure.
import { aboutDuration, formatMoment } from '../../time.ts'
import { ModelError, type ModelFailure } from './model.ts'
import { formatDollars } from './price.ts'
import type { Refusal } from './spending.ts'

/** A limit that spending for a call would have passed. */
export class OverBudget extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(`the limit of the ${refusal.limit} is reached`)
    this.name = 'OverBudget'
    this.refusal = refusal
  }
}

export const NO_MODEL =
  'No AI model is set up, so this is the evidence itself. With ANTHROPIC_API_KEY, or AI_PROVIDER, AI_BASE_URL and AI_MODEL, a model reads it too.'

const SAYS: Record<ModelFailure, string> = {
  key: 'The AI provider does not accept the key or its payment; an admin should look at it. This is the evidence itself.',
  'unknown model':
    'The AI provider does not know the model, or its address is not right; an admin should look at AI_MODEL and the base URL. This is the evidence itself.',
  limited: 'The AI provider asks to wait before more is asked. This is the evidence itself.',
  overloaded: 'The AI provider is overloaded. This is the evidence itself.',
  unreachable: 'The AI provider cannot be reached. This is the evidence itself.',
  cut: 'The answer of the AI provider broke off. This is the evidence itself.',
  stopped: 'The model took too long to answer. This is the evidence itself.',
  invalid: 'The AI provider did not accept the question. This is the evidence itself.',
  refused: 'The model declined to answer. This is the evidence itself.',
  unreadable: 'The model gave no answer that could be read. This is the evidence itself.',
}

/** The sentence for a failure; null when it is none that is known, which only Vakt's own faults are. */
export function whyNoModel(error: unknown, now: number, timeZone: string): string | null {
  if (error instanceof OverBudget) return overBudget(error.refusal, now, timeZone)
  if (!(error instanceof ModelError)) return null
  const wait =
    error.failure === 'limited' && error.retryAfterMs
      ? ` It has room again in ${aboutDuration(error.retryAfterMs)}.`
      : ''
  return `${SAYS[error.failure]}${wait}`
}

function overBudget({ limit, most, needed, resetsAt }: Refusal, now: number, timeZone: string): string {
  const of = {
    analysis: 'this one analysis',
    personHour: 'one person in an hour',
    day: 'today',
    month: 'this month',
  }[limit]
  if (most === 0) return 'The AI budget is set to $0, so no model is asked. This is the evidence itself.'
  if (needed > most && limit !== 'analysis')
    return `The AI budget of ${formatDollars(most)} for ${of} is less than one call may cost, ${formatDollars(needed)}; an admin can raise ${limit === 'month' ? 'AI_MONTHLY_BUDGET_USD' : 'AI_DAILY_BUDGET_USD'}. This is the evidence itself.`
  const again =
    resetsAt === null
      ? ''
      : ` There is room again at ${formatMoment(resetsAt, timeZone)}, in ${aboutDuration(resetsAt - now)}.`
  return `The AI budget of ${formatDollars(most)} for ${of} allows no further call.${again} This is the evidence itself.`
}
