// Analyzes critical alerts automatically in projects that turned it on: one at a time, a limited number per hour.
import type { Card } from '../card.ts'
import type { Channel } from '../chat/channel.ts'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { State } from '../state/database.ts'
import { MINUTE } from '../time.ts'
import { readAlertMessageRef } from './alert-messages.ts'
import { countAutomaticAnalyses, listAlertsToAnalyze } from './analyses.ts'
import type { AnalysisAnswer, Analyst } from './analyst.ts'
import type { AnswerThreads } from './answer-thread.ts'
import { readAlertSubject } from './evidence/subjects.ts'

/** In an alert storm the first analyses show what the others would. */
const MAX_PER_HOUR = 6

/** Creates the job; `schedule` is to be called when alerts have changed. */
export function createAutomaticAnalyses(options: {
  state: State
  analyst: Analyst
  threads: AnswerThreads
  channels: () => readonly Channel[]
  clock: Clock
  logger: Logger
  toCard(answer: AnalysisAnswer): Card
}) {
  const { state, analyst, threads, channels, clock, logger, toCard } = options
  let cancel: (() => void) | null = null
  let isStopped = false
  /** A run schedules the next one itself. */
  let isRunning = false

  const scheduleAt = (at: number) => {
    cancel?.()
    cancel = clock.at(at, () => {
      cancel = null
      isRunning = true
      void runNext()
        .catch(error => {
          logger.error('automatic analysis failed; retrying in 1 min', { error })
          if (!isStopped) scheduleAt(clock.now() + MINUTE)
        })
        .finally(() => {
          isRunning = false
        })
    })
  }

  const runNext = async (): Promise<void> => {
    const due = hasRoom()
      ? listAlertsToAnalyze(state, clock.now()).find(({ dueAt }) => dueAt <= clock.now())
      : undefined
    if (due) await analyzeAlert(due.id)
    const now = clock.now()
    const next = listAlertsToAnalyze(state, now).filter(({ id }) => id !== due?.id)
    if (isStopped || next.length === 0) return
    scheduleAt(Math.max(hasRoom() ? now : now + MINUTE, Math.min(...next.map(({ dueAt }) => dueAt))))
  }

  const hasRoom = () => countAutomaticAnalyses(state, clock.now()) < MAX_PER_HOUR

  const analyzeAlert = async (id: number): Promise<void> => {
    // Posted only when it is finished: a failed analysis is retried, and must not leave a message each time.
    const answer = await analyst.analyze({
      kind: 'alert',
      subject: readAlertSubject(state, id, clock.now()),
      question: null,
      askedBy: { person: 'automatic', name: 'Vakt' },
      automatic: true,
      deep: false,
      skipCache: false,
      alertId: id,
      parent: null,
    })
    for (const channel of channels()) {
      const ref = readAlertMessageRef(state, id, channel.id)
      if (ref === null) continue
      const target = { channel, ref, key: 'automatic', retryLine: `analyze alert ${id}` }
      await threads
        .answer(target, `Analysis of alert ${id}`, async () => toCard(answer))
        .catch(error => logger.warn('posting an automatic analysis failed', { channel: channel.id, error }))
    }
  }

  return {
    schedule() {
      if (isStopped || isRunning || cancel !== null) return
      const [first] = listAlertsToAnalyze(state, clock.now())
      if (first) scheduleAt(Math.max(first.dueAt, clock.now()))
    },
    stop() {
      isStopped = true
      cancel?.()
    },
  }
}
