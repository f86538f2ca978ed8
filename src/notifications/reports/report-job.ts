// Makes reports when they are due and sends them, beside the alerts: a report never keeps one waiting.
import type { Compare } from '../../analysis/evidence/comparison.ts'
import { backOff } from '../../backoff.ts'
import type { Card } from '../../card.ts'
import type { TimeChart } from '../../charts/time-chart.ts'
import type { Channel } from '../../chat/channel.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { State } from '../../state/database.ts'
import { DAY, HOUR } from '../../time.ts'
import { toDeliveryError } from '../delivery/send.ts'
import { reportCard, reportChart } from './report.ts'
import { dueSends, makeDueReports, markSend, nextReport, nextSend, type ReportSend } from './reports.ts'

export type ReportJobOptions = {
  state: State
  clock: Clock
  logger: Logger
  /** The channel of an id while it can be reached. */
  channel(id: string): Channel | undefined
  draw(chart: TimeChart): Promise<Uint8Array>
  /** Tells in a few lines what was unusual in the logs; never rejects. */
  compare: Compare
}

/** How many are on their way at once. */
const AT_ONCE = 4
/** A report that did not arrive for so long is of no use any more. */
const GIVEN_UP = DAY

export interface ReportJob {
  /** Makes and sends what is due, and arms for what is next. */
  wake(): void
  /** Sends no further report, and waits for those under way. */
  stop(): Promise<void>
}

/** A reporter over the reports of `state`. */
export function createReportJob({ state, clock, logger, channel, draw, compare }: ReportJobOptions): ReportJob {
  const underWay = new Map<string, Promise<void>>()
  /** By run, for all its channels. */
  const compared = new Map<number, ReturnType<Compare>>()
  let cancel = () => {}
  let stopped = false

  const wake = () => {
    cancel()
    if (stopped) return
    try {
      makeDueReports(state, clock.now())
      for (const send of dueSends(state, clock.now(), 100)) begin(send)
    } catch (error) {
      logger.error('the reports could not be made; they are tried again in an hour', { error })
    }
    // What is under way wakes when it ends.
    const times = [nextReport(state), underWay.size < AT_ONCE ? nextSend(state) : null].filter(at => at !== null)
    const next = Math.min(clock.now() + HOUR, ...times.filter(at => at > clock.now()))
    cancel = clock.at(next, wake)
  }

  const begin = (send: ReportSend) => {
    const key = `${send.runId} ${send.channelId}`
    if (underWay.size >= AT_ONCE || underWay.has(key)) return
    const sending = deliver(send)
      .catch(error => logger.error('a report could not be sent', { report: send.name, error }))
      .finally(() => {
        underWay.delete(key)
        if (underWay.size === 0) compared.clear()
        wake()
      })
    underWay.set(key, sending)
  }

  const deliver = async (send: ReportSend): Promise<void> => {
    const to = channel(send.channelId)
    const now = clock.now()
    if (now - send.run.at > GIVEN_UP)
      return markSend(state, send, { endedAt: now, error: send.error ?? 'It could not be sent for a day.' })
    if (!to) return markSend(state, send, { nextAttemptAt: now + HOUR, error: 'The channel is not there.' })
    try {
      const arrived = send.sentAt === null ? null : await to.find(send.nonce, send.sentAt)
      if (arrived === null) {
        const card = await drawn(send)
        markSend(state, send, { sentAt: clock.now() })
        await to.post(card, send.nonce)
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

  /** A picture is worth no waiting: without it the report says the same. */
  const drawn = async ({ name, run, timeZone, projectId }: ReportSend): Promise<Card> => {
    const unusual = compared.get(run.id) ?? compare({ ...run.figures, projectId })
    compared.set(run.id, unusual)
    const card = reportCard(name, run.figures, await unusual)
    const chart = reportChart(run.figures, timeZone)
    if (!chart) return card
    try {
      return {
        ...card,
        image: { name: 'report.png', alt: 'New alerts over time, by severity', png: await draw(chart) },
      }
    } catch (error) {
      logger.warn('the chart of a report could not be drawn', { error })
      return card
    }
  }

  return {
    wake,
    async stop() {
      stopped = true
      cancel()
      await Promise.race([
        Promise.allSettled(underWay.values()),
        new Promise(resolve => setTimeout(resolve, 3_000).unref()),
      ])
    },
  }
}
