// Analyses critical alerts by itself where a project wants that: one after the other, under their cards, a few an hour.
import type { Card } from '../card.ts'
import type { Channel } from '../chat/channel.ts'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { State } from '../state/database.ts'
import { MINUTE } from '../time.ts'
import type { Analyst, Answered } from './analyst.ts'
import { countAutomatic, waitingAlerts } from './automatic-analyses.ts'
import { cardRef } from './cards.ts'
import { alertSubject } from './evidence/subjects.ts'
import type { Threads } from './thread.ts'

/** In a storm the first few analyses tell what the rest would. */
const MOST_AN_HOUR = 6

/** The loop; `look` is to be called whenever alerts changed. */
export function createAutomatic(options: {
  state: State
  analyst: Analyst
  threads: Threads
  channels: () => readonly Channel[]
  clock: Clock
  logger: Logger
  show(answered: Answered): Card
}) {
  const { state, analyst, threads, channels, clock, logger, show } = options
  let cancel: (() => void) | null = null
  let stopped = false
  /** A turn looks itself for what comes meanwhile. */
  let turning = false

  const arm = (at: number) => {
    cancel?.()
    cancel = clock.at(at, () => {
      cancel = null
      turning = true
      void turn()
        .catch(error => {
          logger.error('alerts could not be analysed by themselves', { error })
          if (!stopped) arm(clock.now() + MINUTE)
        })
        .finally(() => {
          turning = false
        })
    })
  }

  const turn = async (): Promise<void> => {
    const due = mayAnalyse() ? waitingAlerts(state, clock.now()).find(one => one.dueAt <= clock.now()) : undefined
    if (due) await analyse(due.id)
    const now = clock.now()
    const next = waitingAlerts(state, now).filter(one => one.id !== due?.id)
    if (stopped || next.length === 0) return
    arm(Math.max(mayAnalyse() ? now : now + MINUTE, Math.min(...next.map(one => one.dueAt))))
  }

  const mayAnalyse = () => countAutomatic(state, clock.now()) < MOST_AN_HOUR

  const analyse = async (id: number): Promise<void> => {
    // Shown when it is there: one that fails is tried again and must leave nothing behind each time.
    const answered = await analyst.analyse({
      ...{ kind: 'alert', subject: alertSubject(state, id, clock.now()), question: null },
      by: { person: 'automatic', name: 'Vakt' },
      ...{ automatic: true, deep: false, fresh: false, alertId: id, parent: null },
    })
    for (const channel of channels()) {
      const ref = cardRef(state, id, channel.id)
      if (ref === null) continue
      await threads
        .answer({ channel, ref, key: 'automatic', again: `analyze alert ${id}` }, `Analysis of alert ${id}`, async () =>
          show(answered),
        )
        .catch(error => logger.warn('an analysis could not be shown', { channel: channel.id, error }))
    }
  }

  return {
    look() {
      if (stopped || turning || cancel !== null) return
      const [first] = waitingAlerts(state, clock.now())
      if (first) arm(Math.max(first.dueAt, clock.now()))
    },
    stop() {
      stopped = true
      cancel?.()
    },
  }
}
