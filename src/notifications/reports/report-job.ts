// The report job: makes reports when they are due and sends them, apart from alerts, which a report never delays.
import type { Compare } from '../../analysis/evidence/comparison.ts'
import { backOff } from '../../backoff.ts'
import type { Card } from '../../card.ts'
import type { TimeChart } from '../../charts/time-chart.ts'
import type { Channel } from '../../chat/channel.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { State } from '../../state/database.ts'
import { fileName } from '../../text.ts'
import { DAY, HOUR, SECOND } from '../../time.ts'
import { toDeliveryError } from '../delivery/send.ts'
import type { Propose } from './proposals.ts'
import { reportCard, reportChart } from './report.ts'
import { dueSends, makeDueReports, markSend, nextReport, nextSend, type ReportSend } from './reports.ts'

export type ReportJobOptions = {
  state: State
  clock: Clock
  logger: Logger
  /** The channel of an id while it can be reached. */
  channel(id: string): Channel | undefined
  draw(chart: TimeChart): Promise<Uint8Array>
  /** Describes unusual logs in a few lines; never rejects. */
  compare: Compare
  /** Proposes thresholds for noisy rules; never rejects. */
  propose: Propose
}

const MAX_IN_FLIGHT = 4
const BATCH_SIZE = 100
const STOP_TIMEOUT_MS = 3 * SECOND
/** A report that did not arrive within this time is given up. */
const MAX_AGE_MS = DAY

export interface ReportJob {
  /** Makes and sends what is due, and schedules the next time. */
  wake(): void
  /** Sends no further report, and waits a few seconds for those in flight. */
  stop(): Promise<void>
}

/** A job for the reports of `state`. */
export function createReportJob({
  state,
  clock,
  logger,
  channel,
  draw,
  compare,
  propose,
}: ReportJobOptions): ReportJob {
  const inFlight = new Map<string, Promise<void>>()
  /** By run: its channels share one comparison. */
  const comparisons = new Map<number, ReturnType<Compare>>()
  let cancel = () => {}
  let isStopped = false

  const wake = () => {
    cancel()
    if (isStopped) return
    try {
      makeDueReports(state, clock.now())
      for (const send of dueSends(state, clock.now(), BATCH_SIZE)) startSend(send)
    } catch (error) {
      logger.error('making reports failed; retrying in 1 h', { error })
    }
    // Each delivery in flight wakes this job when it ends.
    const times = [nextReport(state), inFlight.size < MAX_IN_FLIGHT ? nextSend(state) : null].filter(at => at !== null)
    const next = Math.min(clock.now() + HOUR, ...times.filter(at => at > clock.now()))
    cancel = clock.at(next, wake)
  }

  const startSend = (send: ReportSend) => {
    const key = `${send.runId} ${send.channelId}`
    if (inFlight.size >= MAX_IN_FLIGHT || inFlight.has(key)) return
    const sending = deliver(send)
      .catch(error => logger.error('recording the delivery of a report failed', { report: send.name, error }))
      .finally(() => {
        inFlight.delete(key)
        if (inFlight.size === 0) comparisons.clear()
        wake()
      })
    inFlight.set(key, sending)
  }

  const deliver = async (send: ReportSend): Promise<void> => {
    const target = channel(send.channelId)
    const now = clock.now()
    if (now - send.run.at > MAX_AGE_MS)
      return markSend(state, send, { endedAt: now, error: send.error ?? 'The report could not be sent for a day.' })
    if (!target) return markSend(state, send, { nextAttemptAt: now + HOUR, error: 'The channel cannot be reached.' })
    try {
      const arrived = send.sentAt === null ? null : await target.find(send.nonce, send.sentAt)
      if (arrived === null) {
        const card = await reportCardWithChart(send, target)
        markSend(state, send, { sentAt: clock.now() })
        await target.post(card, send.nonce)
      }
      markSend(state, send, { endedAt: clock.now(), error: null })
    } catch (error) {
      const { code, message, retryAfterMs } = toDeliveryError(error)
      const attempts = send.attempts + 1
      const wait = code === 'refused' ? HOUR : (retryAfterMs ?? backOff(attempts))
      const sentAt = code === 'unsure' ? {} : { sentAt: null }
      markSend(state, send, { ...sentAt, attempts, error: message, nextAttemptAt: clock.now() + wait })
    }
  }

  /** The card of a report, without its chart when drawing fails. */
  const reportCardWithChart = async (
    { name, run, timeZone, projectId }: ReportSend,
    { capabilities }: Channel,
  ): Promise<Card> => {
    const unusual = comparisons.get(run.id) ?? compare({ ...run.metrics, projectId })
    comparisons.set(run.id, unusual)
    const card = reportCard(name, run.metrics, await unusual, await propose(run.metrics, clock.now()))
    const chart = reportChart(run.metrics, timeZone)
    if (!chart) return card
    try {
      return {
        ...card,
        image: {
          name: fileName(`report ${name}`, run.until, timeZone, 'png'),
          alt: 'New alerts over time, by severity',
          png: await draw({ ...chart, theme: capabilities.pictureTheme ?? 'light' }),
        },
      }
    } catch (error) {
      logger.warn('drawing the chart of a report failed', { error })
      return card
    }
  }

  return {
    wake,
    async stop() {
      isStopped = true
      cancel()
      await Promise.race([
        Promise.allSettled(inFlight.values()),
        new Promise(resolve => setTimeout(resolve, STOP_TIMEOUT_MS).unref()),
      ])
    },
  }
}
