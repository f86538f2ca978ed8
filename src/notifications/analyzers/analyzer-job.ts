// Runs analyzers for alerts, one at a time, verifies what they cite, and posts their answers under the cards.
import { readAlert } from '../../alerts/alerts.ts'
import { readAlertMessageRef } from '../../analysis/alert-messages.ts'
import { type Analysis, createUniqueDigest, saveAnalysis } from '../../analysis/analyses.ts'
import { answerCard } from '../../analysis/answer-card.ts'
import type { AnswerThreads } from '../../analysis/answer-thread.ts'
import { type EvidenceSources, gatherPack } from '../../analysis/evidence/gather.ts'
import type { Pack } from '../../analysis/evidence/pack.ts'
import { readAlertSubject } from '../../analysis/evidence/subjects.ts'
import { listUnusualMeasurements } from '../../analysis/evidence/unusual-metrics.ts'
import { collectEvidence } from '../../analysis/model/investigate.ts'
import type { Verdict } from '../../analysis/model/verdict.ts'
import { verifyAnswer } from '../../analysis/model/verify-citations.ts'
import type { Card } from '../../card.ts'
import type { Channel } from '../../chat/channel.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { MINUTE } from '../../time.ts'
import { writeAnalyzerInput } from './analyzer-input.ts'
import { readAnalyzerOutput } from './analyzer-output.ts'
import { type Analyzer, hasRoomForRun, listDueRuns, recordRunEnd, recordRunStart } from './analyzers.ts'
import { runFile } from './run-file.ts'

export type AnalyzerJobOptions = {
  state: State
  store: EvidenceSources['store']
  clock: Clock
  logger: Logger
  threads: AnswerThreads
  channels: () => readonly Channel[]
}

/** What an analyzer found: its card and the stored analysis, or why there is none, as a sentence. */
export type AnalyzerAnswer = { card: Card; analysis: Analysis } | { failure: string }

export interface AnalyzerJob {
  /** Runs an analyzer for an alert now. Throws `not_found` for an unknown alert. */
  run(analyzer: Analyzer, alertId: number, askedBy: string): Promise<AnalyzerAnswer>
  /** To be called when alerts have changed. */
  schedule(): void
  /** Ends what runs. */
  stop(): Promise<void>
}

/** Creates the job; nothing runs before an admin has registered a file. */
export function createAnalyzerJob(options: AnalyzerJobOptions): AnalyzerJob {
  const { state, store, clock, logger, threads, channels } = options
  const stopping = new AbortController()
  let cancel: (() => void) | null = null
  let running: Promise<void> | null = null

  const run = async (analyzer: Analyzer, alertId: number, askedBy: string): Promise<AnalyzerAnswer> => {
    const alert = readAlert(state, alertId)
    if (!alert) throw new Problem('not_found', `There is no alert ${alertId}. "alerts list" shows the open alerts.`)
    recordRunStart(state, analyzer.id, alertId, clock.now())
    const answer = await answerFor(analyzer, alertId, askedBy)
    const failure = 'failure' in answer ? answer.failure : null
    const analysisId = 'failure' in answer ? null : answer.analysis.id
    recordRunEnd(state, analyzer.id, alertId, { failure, analysisId }, clock.now())
    if (failure !== null)
      logger.warn('an analyzer gave no answer', { analyzer: analyzer.name, alert: alertId, failure })
    return answer
  }

  const answerFor = async (analyzer: Analyzer, alertId: number, askedBy: string): Promise<AnalyzerAnswer> => {
    const alert = readAlert(state, alertId)!
    const subject = readAlertSubject(state, alertId, clock.now())
    const listMeasurements: EvidenceSources['listMeasurements'] = of => listUnusualMeasurements(state, of, clock.now())
    const pack = await gatherPack({ state, store, listMeasurements }, subject)
    const project = alert.projectId === null ? null : (readProjectById(state, alert.projectId)?.name ?? null)
    const ran = await runFile(
      analyzer.file,
      writeAnalyzerInput(alert, project, pack),
      analyzer.timeout,
      stopping.signal,
    )
    if ('failure' in ran) return ran
    const verdict = verdictOf(ran.output, pack)
    if (typeof verdict === 'string') return { failure: verdict }
    const analysis = saveAnalysis(state, {
      at: clock.now(),
      kind: 'alert',
      subject: subject.title,
      question: null,
      alertId,
      projectId: alert.projectId,
      parentId: null,
      askedBy,
      automatic: false,
      digest: createUniqueDigest(),
      pack,
      outcome: verdict.status,
      headline: verdict.headline,
      model: `analyzer ${analyzer.name}`,
      cost: 0,
      verdict,
      noModelReason: null,
    })
    const card = answerCard({ analysis, pack, cachedAt: null })
    return { analysis, card: { ...card, title: `${analyzer.name}: ${verdict.headline}` } }
  }

  const runDue = async (): Promise<void> => {
    for (;;) {
      const now = clock.now()
      const due = listDueRuns(state, now).filter(({ analyzer }) => hasRoomForRun(state, analyzer.id, now))
      const next = due.find(({ dueAt }) => dueAt <= now)
      if (stopping.signal.aborted) return
      if (!next) return due.length === 0 ? undefined : wakeAt(Math.min(...due.map(({ dueAt }) => dueAt)))
      const { analyzer, alert } = next
      const answer = await run(analyzer, alert.id, 'Vakt')
      if (!('failure' in answer)) await post(analyzer, alert.id, answer.card)
    }
  }

  const post = async (analyzer: Analyzer, alertId: number, card: Card): Promise<void> => {
    for (const channel of channels()) {
      const ref = readAlertMessageRef(state, alertId, channel.id)
      if (ref === null) continue
      const retryLine = `analyzers run ${analyzer.name} --alert ${alertId}`
      const target = { channel, ref, key: `analyzer ${analyzer.id}`, retryLine }
      await threads
        .answer(target, `Analyzer ${analyzer.name}`, async () => card)
        .catch(error => logger.warn('posting the answer of an analyzer failed', { channel: channel.id, error }))
    }
  }

  const wakeAt = (at: number) => {
    cancel?.()
    cancel = clock.at(Math.max(at, clock.now()), start)
  }

  const start = () => {
    cancel = null
    if (running !== null || stopping.signal.aborted) return
    running = runDue()
      .catch(error => {
        logger.error('an analyzer failed; retrying in 1 min', { error })
        if (!stopping.signal.aborted) wakeAt(clock.now() + MINUTE)
      })
      .finally(() => {
        running = null
      })
  }

  return {
    run,
    schedule() {
      if (running !== null || cancel !== null || stopping.signal.aborted) return
      const [first] = listDueRuns(state, clock.now())
      if (first) wakeAt(first.dueAt)
    },
    async stop() {
      stopping.abort()
      cancel?.()
      await running
    },
  }
}

/** The verified answer, or why there is none: claims without a correct citation are dropped, as those of a model are. */
function verdictOf(output: string, pack: Pack): Verdict | string {
  const answer = readAnalyzerOutput(output)
  if (answer === null) return 'It answered nothing.'
  const { verdict, faults } = verifyAnswer(answer, collectEvidence(pack, { conceal: text => text }), pack)
  if (verdict.findings.length === 0 && verdict.cause === null)
    return `None of its claims cites evidence that says so: ${faults[0] ?? 'it cites nothing.'}`
  // Without a cause a model would be inconclusive; a file answers what it was written for.
  const isAnswered = verdict.status === 'inconclusive' && answer.status !== 'inconclusive'
  return isAnswered ? { ...verdict, status: 'likely', headline: answer.headline } : verdict
}
