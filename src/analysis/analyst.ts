// The analyst: gathers evidence, asks a model about it if one is configured, and otherwise answers with the evidence itself.
import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { Logger } from '../logger.ts'
import type { LogReader } from '../logs/store.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { DAY, MINUTE, SECOND } from '../time.ts'
import { type Analysis, createUniqueDigest, readByDigest, saveAnalysis } from './analyses.ts'
import { type AnalysisSubject, type EvidenceSources, gatherPack } from './evidence/gather.ts'
import { createMetricLookup } from './evidence/metric-lookup.ts'
import { hasNoData, isEmpty, isError, listSeverePatterns, type Pack } from './evidence/pack.ts'
import { writeHeadline } from './evidence/pack-card.ts'
import { writePack } from './evidence/pack-text.ts'
import { listUnusualMeasurements } from './evidence/unusual-metrics.ts'
import { createAnthropic } from './model/anthropic.ts'
import { type Budget, investigate } from './model/investigate.ts'
import { type Model, ModelError } from './model/model.ts'
import { createOpenAiCompatible } from './model/openai-compatible.ts'
import { computeCost, computeReportedCost, findPrice, isPrivateHost } from './model/price.ts'
import { PROMPT_VERSION, SYSTEM_PROMPT, writeFirstTurn } from './model/prompt.ts'
import { createPackPseudonymizer, createPseudonymizer } from './model/pseudonymize.ts'
import { closeReservation, reserve, type SpendingLimits } from './model/spending.ts'
import { BudgetExceeded, describeModelFailure, NO_MODEL_TEXT } from './model/unavailable.ts'
import type { Verdict } from './model/verdict.ts'

export type AnalysisQuestion = {
  kind: Analysis['kind']
  subject: AnalysisSubject
  question: string | null
  askedBy: { person: string; name: string }
  automatic: boolean
  /** Use the stronger model at once. */
  deep: boolean
  /** Ask the model even when the same question was answered recently. */
  skipCache: boolean
  alertId: number | null
  /** The analysis that this question follows up; its evidence is used again. */
  parent: Analysis | null
}

/** `cachedAt` is when a reused answer was given, null for a new one. */
export type AnalysisAnswer = { analysis: Analysis; pack: Pack; cachedAt: number | null }

export type OnProgress = (sentence: string) => void

export interface Analyst {
  /** Answers a question; `onProgress` gets a sentence about each step. Rejects only when the logs cannot be read, and with `busy`. */
  analyze(question: AnalysisQuestion, onProgress?: OnProgress): Promise<AnalysisAnswer>
  /** Exactly the text that a model would be sent, and how much is concealed in it. */
  preview(
    subject: AnalysisSubject,
    question: string | null,
  ): Promise<{ text: string; pack: Pack; concealed: Record<string, number> }>
  /** The first model, and the stronger one for inconclusive answers; null when none is configured. */
  models(): { first: string; second: string } | null
  /** Stops asking models, and waits until every running analysis has its answer. */
  stop(): Promise<void>
}

export type AnalystOptions = {
  state: State
  store: LogReader | null
  clock: Clock
  logger: Logger
  timeZone: string
  ai: Config['ai']
}

const DEFAULT_FIRST_MODEL = 'claude-haiku-5-5'
const DEFAULT_SECOND_MODEL = 'claude-sonnet-5-5'
const DEADLINE_MS = 90 * SECOND
/** How long an answer is reused for the same question: about a window that reaches until now, and about a past one. */
const OPEN_WINDOW_CACHE_MS = 15 * MINUTE
const PAST_WINDOW_CACHE_MS = DAY
/** Each analysis holds tens of thousands of lines in memory while it gathers evidence. */
const MAX_CONCURRENT_ANALYSES = 4
/** Millionths of a dollar. */
const MAX_COST_PER_ANALYSIS = 500_000
/** The share of the daily budget that one person may spend in an hour. */
const PERSON_HOUR_SHARE = 1 / 4

/** Creates the analyst; it contacts no model before the first question. */
export function createAnalyst(options: AnalystOptions): Analyst {
  const { state, store, clock, logger, timeZone, ai } = options
  const models = readModels(ai)
  let model: Model | null = null
  const sources: EvidenceSources = {
    state,
    store,
    listMeasurements: subject => listUnusualMeasurements(state, subject, clock.now()),
  }
  const running = new Set<{ question: AnalysisQuestion; answer: Promise<AnalysisAnswer>; listeners: OnProgress[] }>()
  const stopping = new AbortController()
  const day = ai.dailyBudgetUsd * 1e6
  const limits: SpendingLimits = {
    analysis: MAX_COST_PER_ANALYSIS,
    personHour: day * PERSON_HOUR_SHARE,
    day,
    month: ai.monthlyBudgetUsd * 1e6,
  }

  const answer = async (question: AnalysisQuestion, onProgress: OnProgress): Promise<AnalysisAnswer> => {
    onProgress('Gathering evidence from the logs …')
    const pack = question.parent?.pack ?? (await gatherPack(sources, question.subject))
    const digest = computeDigest(question, pack)
    const cached = question.skipCache ? undefined : readByDigest(state, digest, clock.now() - cacheMsFor(pack))
    if (cached) return { analysis: cached, pack: cached.pack ?? pack, cachedAt: cached.at }
    const save = (changes: Partial<Analysis>) => {
      const analysis = saveAnalysis(state, {
        at: clock.now(),
        kind: question.kind,
        subject: question.subject.title,
        question: question.question,
        alertId: question.alertId,
        projectId: question.subject.projectId,
        parentId: question.parent?.id ?? null,
        askedBy: question.askedBy.name,
        automatic: question.automatic,
        digest,
        pack,
        outcome: 'report',
        headline: writeHeadline(pack),
        model: null,
        cost: 0,
        verdict: null,
        noModelReason: null,
        ...changes,
      })
      return { analysis, pack: analysis.pack ?? pack, cachedAt: null }
    }
    // A model could only mistake missing data for a healthy system.
    if (isEmpty(pack) || (question.alertId === null && hasNoData(pack))) return save({ digest: createUniqueDigest() })
    if (models === null) return save({ digest: createUniqueDigest(), noModelReason: NO_MODEL_TEXT })
    const budget = createBudget(question)
    try {
      const { verdict, name, people } = await askModels(question, pack, budget, onProgress)
      return save({
        outcome: verdict.status,
        headline: verdict.headline,
        verdict,
        model: name,
        cost: budget.spent(),
        pack: { ...pack, people },
      })
    } catch (error) {
      return save({ digest: createUniqueDigest(), noModelReason: describeFailure(error), cost: budget.spent() })
    }
  }

  const describeFailure = (error: unknown): string => {
    if (stopping.signal.aborted) return 'Vakt stopped during the analysis. Ask again.'
    if (error instanceof ModelError)
      logger.warn('asking the model failed', { failure: error.failure, error: error.message })
    const reason = describeModelFailure(error, clock.now(), timeZone)
    if (reason !== null) return reason
    logger.error('analysis failed', { error })
    return 'The model was not asked because of an error in Vakt; see its log. This is the evidence.'
  }

  const askModels = async (question: AnalysisQuestion, pack: Pack, budget: Budget, onProgress: OnProgress) => {
    const deadline = new AbortController()
    const cancel = clock.at(clock.now() + DEADLINE_MS, () => deadline.abort())
    const { first, second } = models!
    const ask = async (name: string) => {
      model ??= createModel(ai)
      const pseudonymizer = createPackPseudonymizer(pack)
      const verdict = await investigate({
        model,
        name,
        pack,
        question: question.question,
        earlier: question.parent?.verdict ? summarizeVerdict(question.parent.verdict) : null,
        metricLookup: createMetricLookup(state, question.subject.projectId, clock.now()),
        store,
        pseudonymizer,
        budget,
        clock,
        onProgress,
        signal: AbortSignal.any([deadline.signal, stopping.signal]),
      })
      return { verdict, name, people: pseudonymizer.people() }
    }
    try {
      if (question.deep) return await ask(second)
      const answer = await ask(first)
      const isUnexplained =
        answer.verdict.status === 'inconclusive' && listSeverePatterns(pack).some(({ level }) => isError(level))
      if (!isUnexplained || first === second) return answer
      onProgress('The answer is inconclusive; asking a stronger model …')
      // An inconclusive answer is better than none.
      return await ask(second).catch(() => answer)
    } finally {
      cancel()
    }
  }

  const createBudget = ({ askedBy }: AnalysisQuestion): Budget & { spent(): number } => {
    let spent = 0
    return {
      spent: () => spent,
      reserve(name, input, output) {
        const price = findPrice(name, ai.price, ai.provider === 'openai' && isPrivateHost(ai.baseUrl))
        const maxCost = computeCost(price, input, output)
        const call = { person: askedBy.person, model: name, maxCost, spentBefore: spent }
        const reservation = reserve(state, call, limits, clock.now(), timeZone)
        if ('limit' in reservation) throw new BudgetExceeded(reservation)
        spent += maxCost
        return {
          close(usage) {
            const cost = usage === null ? 0 : computeReportedCost(price, usage, maxCost)
            spent += cost - maxCost
            closeReservation(state, reservation, cost, usage)
          },
        }
      },
    }
  }

  const computeDigest = ({ question, deep, parent, alertId, subject }: AnalysisQuestion, pack: Pack): string => {
    // Without the first line, which contains the window: that differs a second later.
    const evidence = writePack(pack, createPseudonymizer().conceal).split('\n').slice(1)
    const context = [alertId, subject.projectId, parent?.id ?? null]
    const request = [PROMPT_VERSION, ai.provider, models, deep, question, context, evidence]
    return createHash('sha256').update(JSON.stringify(request)).digest('hex')
  }

  const cacheMsFor = (pack: Pack): number =>
    pack.until > clock.now() - MINUTE ? OPEN_WINDOW_CACHE_MS : PAST_WINDOW_CACHE_MS

  return {
    analyze(question, onProgress) {
      let request = [...running].find(other => isSameRequest(other.question, question))
      if (!request) {
        if (running.size >= MAX_CONCURRENT_ANALYSES)
          return Promise.reject(
            new Problem('busy', `${MAX_CONCURRENT_ANALYSES} analyses are already running. Try again in a minute.`),
          )
        const listeners: OnProgress[] = []
        const promise = answer(question, sentence => {
          for (const listener of listeners) listener(sentence)
        }).finally(() => running.delete(added))
        const added = { question, answer: promise, listeners }
        request = added
        running.add(added)
      }
      if (onProgress) request.listeners.push(onProgress)
      return request.answer
    },
    async preview(subject, question) {
      const pack = await gatherPack(sources, subject)
      const pseudonymizer = createPackPseudonymizer(pack)
      const turn = writeFirstTurn(pack, question, null, '000000000000', pseudonymizer.conceal)
      return {
        text: pseudonymizer.conceal(`${SYSTEM_PROMPT}\n\n${turn}\n`),
        pack,
        concealed: pseudonymizer.counts(),
      }
    },
    models: () => models,
    async stop() {
      stopping.abort()
      await Promise.allSettled([...running].map(request => request.answer))
    },
  }
}

function readModels({ provider, apiKey, model }: Config['ai']): { first: string; second: string } | null {
  if (provider === 'openai') return model === null ? null : { first: model, second: model }
  return apiKey === null ? null : { first: model ?? DEFAULT_FIRST_MODEL, second: model ?? DEFAULT_SECOND_MODEL }
}

function createModel({ provider, apiKey, baseUrl }: Config['ai']): Model {
  return provider === 'openai' ? createOpenAiCompatible(apiKey, baseUrl) : createAnthropic(apiKey!, baseUrl)
}

function summarizeVerdict({ headline, cause }: Verdict) {
  return { headline, cause: cause?.claim ?? null }
}

/**
 * Whether two questions are the same one, so that two people who press the same button at the same time share one answer.
 * "The last hour" of the second is a little later than that of the first; another hour is another question.
 */
function isSameRequest(a: AnalysisQuestion, b: AnalysisQuestion): boolean {
  const isNear = (field: 'from' | 'until') => Math.abs(a.subject[field] - b.subject[field]) < MINUTE
  return requestKey(a) === requestKey(b) && isNear('from') && isNear('until')
}

/** What a question asks about, its times aside. */
function requestKey({ subject, question, deep, skipCache, parent }: AnalysisQuestion): string {
  const minutes = Math.round((subject.until - subject.from) / MINUTE)
  return JSON.stringify([
    subject.title,
    subject.where,
    subject.projectId,
    minutes,
    question,
    deep,
    skipCache,
    parent?.id,
  ])
}
