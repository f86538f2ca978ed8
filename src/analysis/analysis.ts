// Builds the analysis: the analyst, its answers in threads, automatic analyses, and the comparison for reports.
import { type Channel, channelAt } from '../chat/channel.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { Logger } from '../logger.ts'
import type { LogReader } from '../logs/store.ts'
import type { State } from '../state/database.ts'
import { type Analyst, createAnalyst } from './analyst.ts'
import { answerCard } from './answer-card.ts'
import { type AnswerThreads, createAnswerThreads } from './answer-thread.ts'
import { createAutomaticAnalyses } from './automatic-analysis.ts'
import { type Compare, createComparison } from './evidence/comparison.ts'

export type AnalysisOptions = {
  state: State
  store: LogReader | null
  clock: Clock
  logger: Logger
  config: Config
  /** The channels with cards of alerts. */
  channels: () => readonly Channel[]
}

export type AnalysisService = {
  analyst: Analyst
  threads: AnswerThreads
  /** Finds what is unusual in the logs of a period, without a model. */
  compare: Compare
  /** To be called when alerts have changed, and once at the start when the channels are known. */
  onAlertsChanged(): void
  stop(): Promise<void>
}

/** Creates the analysis. No model is asked before a person or a critical alert asks. */
export function createAnalysisService({
  state,
  store,
  clock,
  logger,
  config,
  channels,
}: AnalysisOptions): AnalysisService {
  const analyst = createAnalyst({ state, store, clock, logger, timeZone: config.timeZone, ai: config.ai })
  const threads = createAnswerThreads(state, clock, logger)
  const automatic = createAutomaticAnalyses({
    state,
    analyst,
    threads,
    channels,
    clock,
    logger,
    toCard: answer => answerCard(answer),
  })
  let isStarted = false
  return {
    analyst,
    threads,
    compare: createComparison({ state, store }, clock, logger),
    onAlertsChanged() {
      if (!isStarted) threads.start(id => channelAt(channels(), id))
      isStarted = true
      automatic.schedule()
    },
    async stop() {
      automatic.stop()
      await analyst.stop()
      await threads.stop()
    },
  }
}
