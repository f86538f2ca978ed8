// Why no model answered, as a sentence for people. Pure.
import { aboutDuration, formatMoment } from '../../time.ts'
import { ModelError, type ModelFailure } from './model.ts'
import { formatDollars } from './price.ts'
import type { BudgetRefusal } from './spending.ts'

/** A limit that a call would exceed. */
export class BudgetExceeded extends Error {
  readonly refusal: BudgetRefusal

  constructor(refusal: BudgetRefusal) {
    super(`the budget limit ${refusal.limit} is reached`)
    this.name = 'OverBudget'
    this.refusal = refusal
  }
}

export const NO_MODEL_TEXT =
  'No AI model is configured, so this is only the evidence. Set ANTHROPIC_API_KEY, or AI_PROVIDER, AI_BASE_URL and AI_MODEL, to get an answer.'

const FAILURE_TEXTS: Record<ModelFailure, string> = {
  key: 'The AI provider rejects the API key, or its payment failed. Ask an admin to check the key. This is the evidence.',
  'unknown model':
    'The AI provider does not know the model, or its address is wrong. Ask an admin to check AI_MODEL and the base URL. This is the evidence.',
  limited: 'The rate limit of the AI provider is reached. This is the evidence.',
  overloaded: 'The AI provider is overloaded. This is the evidence.',
  unreachable: 'The AI provider cannot be reached. This is the evidence.',
  cut: 'The answer of the AI provider is incomplete. This is the evidence.',
  stopped: 'The model took too long to answer. This is the evidence.',
  invalid: 'The AI provider rejected the request. This is the evidence.',
  refused: 'The model refused to answer. This is the evidence.',
  unreadable: 'The answer of the model could not be read. This is the evidence.',
}

/** The sentence for a failure; null for an unknown error, which is a bug of Vakt. */
export function describeModelFailure(error: unknown, now: number, timeZone: string): string | null {
  if (error instanceof BudgetExceeded) return describeBudgetRefusal(error.refusal, now, timeZone)
  if (!(error instanceof ModelError)) return null
  const wait =
    error.failure === 'limited' && error.retryAfterMs ? ` It ends in ${aboutDuration(error.retryAfterMs)}.` : ''
  return `${FAILURE_TEXTS[error.failure]}${wait}`
}

function describeBudgetRefusal(
  { limit, limitCost, needed, resetsAt }: BudgetRefusal,
  now: number,
  timeZone: string,
): string {
  const scope = {
    analysis: 'one analysis',
    personHour: 'one person per hour',
    day: 'today',
    month: 'this month',
  }[limit]
  if (limitCost === 0) return 'The AI budget is $0, so no model is asked. This is the evidence.'
  if (needed > limitCost && limit !== 'analysis')
    return `One call may cost ${formatDollars(needed)}, more than the AI budget of ${formatDollars(limitCost)} for ${scope}. An admin can raise ${limit === 'month' ? 'AI_MONTHLY_BUDGET_USD' : 'AI_DAILY_BUDGET_USD'}. This is the evidence.`
  const reset =
    resetsAt === null
      ? ''
      : ` The next call is possible at ${formatMoment(resetsAt, timeZone)}, in ${aboutDuration(resetsAt - now)}.`
  return `The AI budget of ${formatDollars(limitCost)} for ${scope} is used up.${reset} This is the evidence.`
}
