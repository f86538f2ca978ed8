// Everything that analyses, put together: the analyst, its answers under cards, and what it does by itself.
import { type Channel, channelAt } from '../chat/channel.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { Logger } from '../logger.ts'
import type { LogStore } from '../logs/store.ts'
import type { State } from '../state/database.ts'
import { type Analyst, createAnalyst } from './analyst.ts'
import { answerCard } from './answer-card.ts'
import { createAutomatic } from './automatic.ts'
import { type Compare, createComparison } from './evidence/comparison.ts'
import { createThreads, type Threads } from './thread.ts'

export type AnalysisOptions = {
  state: State
  store: LogStore | null
  clock: Clock
  logger: Logger
  config: Config
  /** Where cards of alerts are. */
  channels: () => readonly Channel[]
}

export type OpenAnalysis = {
  analyst: Analyst
  threads: Threads
  /** What is unusual in the logs of a period, without a model. */
  compare: Compare
  /** To be called when alerts changed, and once at the start when the channels are known. */
  look(): void
  stop(): Promise<void>
}

/** Opens it; nothing is asked before somebody or an alert asks. */
export function openAnalysis({ state, store, clock, logger, config, channels }: AnalysisOptions): OpenAnalysis {
  const analyst = createAnalyst({ state, store, clock, logger, timeZone: config.timeZone, ai: config.ai })
  const threads = createThreads(state, clock, logger)
  const show = (answered: Parameters<typeof answerCard>[0]) => answerCard(answered)
  const automatic = createAutomatic({ state, analyst, threads, channels, clock, logger, show })
  let started = false
  return {
    analyst,
    threads,
    compare: createComparison({ state, store }, clock, logger),
    look() {
      if (!started) threads.start(id => channelAt(channels(), id))
      started = true
      automatic.look()
    },
    async stop() {
      automatic.stop()
      await analyst.stop()
      await threads.stop()
    },
  }
}
