// The analyst: gathers evidence, has a model read it where one may, and always has an answer.
import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { Logger } from '../logger.ts'
import type { LogStore } from '../logs/store.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { DAY, MINUTE, SECOND } from '../time.ts'
import { type Analysis, readByDigest, saveAnalysis, uniqueDigest } from './analyses.ts'
import { gatherPack, type Subject } from './evidence/gather.ts'
import { createMetricTools } from './evidence/metric-tools.ts'
import { isEmpty, isError, isUnheard, type Pack, troubles } from './evidence/pack.ts'
import { reportHeadline } from './evidence/pack-card.ts'
import { packText } from './evidence/pack-text.ts'
import { measuredOutOfRange } from './evidence/unusual-metrics.ts'
import { createAnthropic } from './model/anthropic.ts'
import { type Budget, investigate } from './model/investigate.ts'
import { type Model, ModelError } from './model/model.ts'
import { createOpenAiCompatible } from './model/openai-compatible.ts'
import { costOf, isHome, priceOf } from './model/price.ts'
import { firstTurn, PROMPT_VERSION, SYSTEM } from './model/prompt.ts'
import { createPseudonymizer, pseudonymizerFor } from './model/pseudonymize.ts'
import { closeReservation, type Limits, reserve } from './model/spending.ts'
import { NO_MODEL, OverBudget, whyNoModel } from './model/unavailable.ts'
import type { Verdict } from './model/verdict.ts'

export type Question = {
  kind: Analysis['kind']
  subject: Subject
  question: string | null
  by: { person: string; name: string }
  automatic: boolean
  /** Ask the stronger model at once. */
  deep: boolean
  /** Ask anew, though the same was answered lately. */
  fresh: boolean
  alertId: number | null
  /** The analysis that this question follows, whose evidence it is about. */
  parent: Analysis | null
}

/** `sameAs` is when the same question was answered before, if it was. */
export type Answered = { analysis: Analysis; pack: Pack; sameAs: number | null }

export interface Analyst {
  /** Answers a question; `onProgress` is told in a sentence what happens meanwhile. Rejects only when the logs cannot be read. */
  analyse(question: Question, onProgress?: (says: string) => void): Promise<Answered>
  /** Exactly what a model would be sent, and what was concealed in it. */
  preview(
    subject: Subject,
    question: string | null,
  ): Promise<{ text: string; pack: Pack; concealed: Record<string, number> }>
  /** The models that are asked, first and where the first does not suffice; null when none is set up. */
  models(): { first: string; second: string } | null
  /** Stops asking and waits until every answer under way is given. */
  stop(): Promise<void>
}

export type AnalystOptions = {
  state: State
  store: LogStore | null
  clock: Clock
  logger: Logger
  timeZone: string
  ai: Config['ai']
}

const FIRST_MODEL = 'claude-haiku-5-5'
const SECOND_MODEL = 'claude-sonnet-5-5'
const DEADLINE = 90 * SECOND
/** How long an answer is given again to the same question: about a time that goes on, and about one that is over. */
const SAME_WHILE_OPEN = 15 * MINUTE
const SAME_WHEN_OVER = DAY
/** Each holds some thousand lines while it gathers. */
const MOST_AT_ONCE = 4
const MOST_OF_AN_ANALYSIS = 500_000
/** One person may spend this part of a day's budget in an hour. */
const SHARE_OF_A_PERSON = 1 / 4

/** An analyst over the logs and the state; it talks to nobody before the first question. */
export function createAnalyst(options: AnalystOptions): Analyst {
  const { state, store, clock, logger, timeZone, ai } = options
  const models = modelsOf(ai)
  let model: Model | null = null
  const sources = { state, store, measured: (subject: Subject) => measuredOutOfRange(state, subject, clock.now()) }
  const under = new Map<string, { answered: Promise<Answered>; listeners: ((says: string) => void)[] }>()
  const stopping = new AbortController()
  const day = ai.dailyBudgetUsd * 1e6
  const limits: Limits = {
    ...{ analysis: MOST_OF_AN_ANALYSIS, personHour: day * SHARE_OF_A_PERSON },
    ...{ day, month: ai.monthlyBudgetUsd * 1e6 },
  }

  const answer = async (question: Question, tell: (says: string) => void): Promise<Answered> => {
    tell('Evidence is gathered from the logs …')
    const pack = question.parent?.pack ?? (await gatherPack(sources, question.subject))
    const digest = digestOf(question, pack)
    const same = question.fresh ? undefined : readByDigest(state, digest, clock.now() - sameFor(pack))
    if (same) return { analysis: same, pack: same.pack ?? pack, sameAs: same.at }
    const keep = (more: Partial<Analysis>) => {
      const row = {
        ...{ at: clock.now(), kind: question.kind, subject: question.subject.title, question: question.question },
        ...{ alertId: question.alertId, projectId: question.subject.projectId, parentId: question.parent?.id ?? null },
        ...{ askedBy: question.by.name, automatic: question.automatic, digest, pack, outcome: 'report' as const },
        ...{ headline: reportHeadline(pack), model: null, cost: 0, verdict: null, why: null, ...more },
      }
      const analysis = saveAnalysis(state, row)
      return { analysis, pack: analysis.pack ?? pack, sameAs: null }
    }
    // What was asked about said nothing, which a model could only take for peace.
    if (isEmpty(pack) || (question.alertId === null && isUnheard(pack))) return keep({ digest: uniqueDigest() })
    if (models === null) return keep({ digest: uniqueDigest(), why: NO_MODEL })
    const purse = createPurse(question)
    try {
      const { verdict, name, people } = await askModels(question, pack, purse, tell)
      return keep({
        ...{ outcome: verdict.status, headline: verdict.headline, verdict, model: name, cost: purse.spent() },
        pack: { ...pack, people },
      })
    } catch (error) {
      return keep({ digest: uniqueDigest(), why: whyNot(error), cost: purse.spent() })
    }
  }

  const whyNot = (error: unknown): string => {
    if (stopping.signal.aborted) return 'Vakt was stopped meanwhile; ask again.'
    if (error instanceof ModelError)
      logger.warn('a model could not be asked', { failure: error.failure, said: error.message })
    const why = whyNoModel(error, clock.now(), timeZone)
    if (why !== null) return why
    logger.error('an analysis failed', { error })
    return 'The model could not be asked because of a fault of Vakt; its log says more. This is the evidence itself.'
  }

  const askModels = async (question: Question, pack: Pack, purse: Budget, tell: (says: string) => void) => {
    const deadline = new AbortController()
    const cancel = clock.at(clock.now() + DEADLINE, () => deadline.abort())
    const { first, second } = models!
    const ask = async (name: string) => {
      model ??= openModel(ai)
      const veil = pseudonymizerFor(pack)
      const verdict = await investigate({
        ...{ model, name, pack, question: question.question },
        earlier: question.parent?.verdict ? earlierOf(question.parent.verdict) : null,
        measures: createMetricTools(state, question.subject.projectId, clock.now()),
        ...{ store, veil, purse, clock, onProgress: tell },
        signal: AbortSignal.any([deadline.signal, stopping.signal]),
      })
      return { verdict, name, people: veil.people() }
    }
    try {
      if (question.deep) return await ask(second)
      const answer = await ask(first)
      const unexplained = answer.verdict.status === 'inconclusive' && troubles(pack).some(one => isError(one.level))
      if (!unexplained || first === second) return answer
      tell('That did not suffice; a stronger model is asked …')
      // An inconclusive answer is better than none.
      return await ask(second).catch(() => answer)
    } finally {
      cancel()
    }
  }

  const createPurse = ({ by }: Question): Budget & { spent(): number } => {
    let spent = 0
    return {
      spent: () => spent,
      begin(name, input, output) {
        const price = priceOf(name, ai.price, ai.provider === 'openai' && isHome(ai.baseUrl))
        const most = costOf(price, input, output)
        const call = { person: by.person, model: name, most, already: spent }
        const reservation = reserve(state, call, limits, clock.now(), timeZone)
        if ('limit' in reservation) throw new OverBudget(reservation)
        spent += most
        return {
          end(usage) {
            const cost = usage === null ? 0 : costOf(price, usage.input, usage.output)
            spent += cost - most
            closeReservation(state, reservation, cost, usage)
          },
        }
      },
    }
  }

  const digestOf = ({ question, deep, parent, alertId, subject }: Question, pack: Pack): string => {
    // The first line says from when to when, which a second later is another.
    const evidence = packText(pack, createPseudonymizer().conceal).split('\n').slice(1)
    const about = [alertId, subject.projectId, parent?.id ?? null]
    const asked = [PROMPT_VERSION, ai.provider, models, deep, question, about, evidence]
    return createHash('sha256').update(JSON.stringify(asked)).digest('hex')
  }

  const sameFor = (pack: Pack): number => (pack.until > clock.now() - MINUTE ? SAME_WHILE_OPEN : SAME_WHEN_OVER)

  return {
    analyse(question, onProgress) {
      const key = flightOf(question)
      let flight = under.get(key)
      if (!flight) {
        if (under.size >= MOST_AT_ONCE)
          return Promise.reject(
            new Problem('busy', `${MOST_AT_ONCE} analyses are under way already. Ask again in a minute.`),
          )
        const listeners: ((says: string) => void)[] = []
        const answered = answer(question, says => {
          for (const listener of listeners) listener(says)
        }).finally(() => under.delete(key))
        flight = { answered, listeners }
        under.set(key, flight)
      }
      if (onProgress) flight.listeners.push(onProgress)
      return flight.answered
    },
    async preview(subject, question) {
      const pack = await gatherPack(sources, subject)
      const veil = pseudonymizerFor(pack)
      const turn = firstTurn(pack, question, null, '000000000000', veil.conceal)
      return { text: veil.conceal(`${SYSTEM}\n\n${turn}\n`), pack, concealed: veil.counts() }
    },
    models: () => models,
    async stop() {
      stopping.abort()
      await Promise.allSettled([...under.values()].map(flight => flight.answered))
    },
  }
}

function modelsOf({ provider, apiKey, model }: Config['ai']): { first: string; second: string } | null {
  if (provider === 'openai') return model === null ? null : { first: model, second: model }
  return apiKey === null ? null : { first: model ?? FIRST_MODEL, second: model ?? SECOND_MODEL }
}

function openModel({ provider, apiKey, baseUrl }: Config['ai']): Model {
  return provider === 'openai' ? createOpenAiCompatible(apiKey, baseUrl) : createAnthropic(apiKey!, baseUrl)
}

function earlierOf({ headline, cause }: Verdict) {
  return { headline, cause: cause?.claim ?? null }
}

/** Two people who press the same button at the same time wait for one answer. */
function flightOf({ subject, question, deep, fresh, parent }: Question): string {
  const minutes = Math.round((subject.until - subject.from) / MINUTE)
  return JSON.stringify([subject.title, subject.where, subject.projectId, minutes, question, deep, fresh, parent?.id])
}
