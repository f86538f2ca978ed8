// An answer under the card it belongs to: one message that tells what happens, then is the answer.
import { randomBytes } from 'node:crypto'
import type { Card } from '../card.ts'
import { type Channel, DeliveryError } from '../chat/channel.ts'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { State } from '../state/database.ts'
import { SECOND } from '../time.ts'
import { forgetPendingAnswer, listPendingAnswers, recordPendingAnswer } from './begun-answers.ts'

/** Edits share the channel's limit with alerts, so they keep well below it. */
const PACE = 3 * SECOND
const RETRY = 5 * SECOND
const ATTEMPTS = 5
const GATHERING = 'Evidence is gathered from the logs …'

export type Threads = {
  /**
   * Posts a message under `ref` and lets `work` fill it: what it tells is shown at a safe pace, its card is the end.
   * Resolves once the message is posted; rejects with what the channel refuses. One that is under way there with the
   * same `key` is not begun again.
   */
  answer(place: Place, title: string, work: Work): Promise<'begun' | 'under way'>
  /** Says under the messages that a crash left waiting that they were interrupted; `channel` finds where they are. */
  start(channel: (id: string) => Channel | undefined): void
  /** Shows every answer under way as far as one more attempt does. */
  stop(): Promise<void>
}

/** Under which message; `key` names the question, `again` is the command line that asks it. */
export type Place = { channel: Channel; ref: string; key: string; again: string }
export type Work = (tell: (says: string) => void) => Promise<Card>

/** Threads over a state and a clock; whatever cannot be shown in the end is told to `log`. */
export function createThreads(state: State, clock: Clock, logger: Logger): Threads {
  const under = new Map<string, Promise<void>>()
  const stopping = new AbortController()

  const fill = async (
    { channel, ref: thread, again }: Place,
    ref: string,
    title: string,
    work: Work,
  ): Promise<void> => {
    const begun = recordPendingAnswer(state, { channelId: channel.id, ref, title, again, at: clock.now() })
    let newest: string | null = null
    let cancel = () => {}
    let editing: Promise<void> = Promise.resolve()
    const show = () => {
      cancel = clock.at(clock.now() + PACE, show)
      if (newest === null) return
      const card = progressCard(title, newest)
      newest = null
      editing = channel.edit(ref, card).catch(error => logger.debug('progress could not be shown', { error }))
    }
    cancel = clock.at(clock.now() + PACE, show)
    const card = await work(says => {
      newest = says
    }).catch((error): Card => {
      logger.error('an analysis failed', { error })
      return { title: `${title} failed`, tone: 'warning', lines: [(error as Error).message] }
    })
    cancel()
    await editing
    await deliver(channel, ref, thread, card)
    forgetPendingAnswer(state, begun)
  }

  /** Where nothing can be edited only the answer itself is told. */
  const tellOnce = async (channel: Channel, ref: string, work: Work): Promise<void> => {
    await channel.reply(ref, await work(() => {}), nonce())
  }

  const deliver = async (channel: Channel, ref: string, thread: string, card: Card): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        await channel.edit(ref, card)
        return
      } catch (error) {
        const failed = error instanceof DeliveryError ? error : null
        if (failed?.code === 'gone') return void (await channel.reply(thread, card, nonce()).catch(() => {}))
        if (failed === null || failed.code === 'refused' || attempt === ATTEMPTS || stopping.signal.aborted)
          return logger.warn('the answer of an analysis could not be shown', { channel: channel.id, error })
        await new Promise<void>(done => {
          const cancel = clock.at(clock.now() + (failed.retryAfterMs ?? RETRY), done)
          const hurry = () => {
            cancel()
            done()
          }
          stopping.signal.addEventListener('abort', hurry, { once: true })
        })
      }
    }
  }

  return {
    async answer(asked, title, work) {
      const { channel, ref, key } = asked
      const place = `${channel.id} ${ref} ${key}`
      if (under.has(place)) return 'under way'
      let begun: () => void = () => {}
      under.set(
        place,
        new Promise(done => {
          begun = done
        }),
      )
      try {
        const filling = channel.capabilities.edits
          ? fill(asked, await channel.reply(ref, progressCard(title, GATHERING), nonce()), title, work)
          : tellOnce(channel, ref, work)
        const filled = filling
          .catch(error => logger.error('an answer could not be shown', { error }))
          .finally(() => under.delete(place))
        under.set(place, filled)
        return 'begun'
      } catch (error) {
        under.delete(place)
        throw error
      } finally {
        begun()
      }
    },
    start(find) {
      for (const { id, channelId, ref, title, again } of listPendingAnswers(state)) {
        const channel = find(channelId)
        const told = channel ? deliver(channel, ref, ref, interruptedCard(title, again)) : Promise.resolve()
        const place = `begun ${id}`
        under.set(
          place,
          told
            .then(() => forgetPendingAnswer(state, id))
            .catch(error => logger.error('an interrupted answer could not be told of', { error }))
            .finally(() => under.delete(place)),
        )
      }
    },
    async stop() {
      stopping.abort()
      while (under.size > 0) await Promise.allSettled(under.values())
    },
  }
}

function progressCard(title: string, says: string): Card {
  return { title: `${title} …`, tone: 'muted', lines: [says] }
}

function interruptedCard(title: string, again: string): Card {
  const lines = ['Vakt was stopped in the middle of it. What was reserved for a model counts as spent.']
  return { title: `${title} was interrupted`, tone: 'muted', lines, buttons: [{ label: 'Ask again', line: again }] }
}

function nonce(): string {
  return randomBytes(12).toString('hex')
}
