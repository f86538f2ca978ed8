// Answers in the thread of a card: one message that shows the progress, and then becomes the answer.
import { randomBytes } from 'node:crypto'
import type { Card } from '../card.ts'
import { type Channel, DeliveryError } from '../chat/channel.ts'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { State } from '../state/database.ts'
import { errorMessage } from '../text.ts'
import { SECOND } from '../time.ts'
import { deletePendingAnswer, listPendingAnswers, recordPendingAnswer } from './analyses.ts'

/** Edits share the rate limit of the channel with alerts, so they stay well below it. */
const EDIT_INTERVAL_MS = 3 * SECOND
const RETRY_MS = 5 * SECOND
const MAX_ATTEMPTS = 5
const GATHERING_TEXT = 'Gathering evidence from the logs …'

export type AnswerThreads = {
  /**
   * Posts a message under `ref` and starts `work`: its progress is shown in the message, and its card replaces it. Resolves
   * once the message is posted; rejects with the error of the channel. A question with the same `key` that is still being
   * answered there is not started again.
   */
  answer(target: AnswerTarget, title: string, work: AnswerWork): Promise<'started' | 'running'>
  /** Marks the messages that a crash left without an answer as interrupted; `findChannel` finds a channel by its id. */
  start(findChannel: (id: string) => Channel | undefined): void
  /** Delivers the running answers, each with at most one more attempt. */
  stop(): Promise<void>
}

/** The message that an answer goes under; `key` identifies the question, `retryLine` is the command line that asks it again. */
export type AnswerTarget = { channel: Channel; ref: string; key: string; retryLine: string }
/** Makes the answer; `onProgress` gets a sentence about the current step. */
export type AnswerWork = (onProgress: (sentence: string) => void) => Promise<Card>

/** Creates the threads; answers that cannot be delivered are logged. */
export function createAnswerThreads(state: State, clock: Clock, logger: Logger): AnswerThreads {
  const running = new Map<string, Promise<void>>()
  const stopping = new AbortController()

  const fill = async (
    { channel, ref: thread, retryLine }: AnswerTarget,
    ref: string,
    title: string,
    work: AnswerWork,
  ): Promise<void> => {
    const pending = recordPendingAnswer(state, { channelId: channel.id, ref, title, retryLine, at: clock.now() })
    let newest: string | null = null
    let cancel = () => {}
    let editing: Promise<void> = Promise.resolve()
    const showProgress = () => {
      cancel = clock.at(clock.now() + EDIT_INTERVAL_MS, showProgress)
      if (newest === null) return
      const card = progressCard(title, newest)
      newest = null
      editing = channel.edit(ref, card).catch(error => logger.debug('showing progress failed', { error }))
    }
    cancel = clock.at(clock.now() + EDIT_INTERVAL_MS, showProgress)
    const card = await work(sentence => {
      newest = sentence
    }).catch((error): Card => {
      logger.error('analysis failed', { error })
      return { title: `${title} failed`, tone: 'warning', lines: [errorMessage(error)] }
    })
    cancel()
    await editing
    await deliver(channel, ref, thread, card)
    deletePendingAnswer(state, pending)
  }

  /** Posts only the answer, in a channel without edits. */
  const replyOnce = async (channel: Channel, ref: string, work: AnswerWork): Promise<void> => {
    await channel.reply(ref, await work(() => {}), createNonce())
  }

  const deliver = async (channel: Channel, ref: string, thread: string, card: Card): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      try {
        await channel.edit(ref, card)
        return
      } catch (error) {
        const failure = error instanceof DeliveryError ? error : null
        if (failure?.code === 'gone') return void (await channel.reply(thread, card, createNonce()).catch(() => {}))
        if (failure === null || failure.code === 'refused' || attempt === MAX_ATTEMPTS || stopping.signal.aborted)
          return logger.warn('delivering the answer of an analysis failed', { channel: channel.id, error })
        await pause(failure.retryAfterMs ?? RETRY_MS)
      }
    }
  }

  /** Waits, or until `stop` is called. */
  const pause = (ms: number) =>
    new Promise<void>(done => {
      const cancel = clock.at(clock.now() + ms, done)
      const end = () => {
        cancel()
        done()
      }
      stopping.signal.addEventListener('abort', end, { once: true })
    })

  return {
    async answer(target, title, work) {
      const { channel, ref, key } = target
      const id = `${channel.id} ${ref} ${key}`
      if (running.has(id)) return 'running'
      let onPosted: () => void = () => {}
      running.set(
        id,
        new Promise(done => {
          onPosted = done
        }),
      )
      try {
        const answering = channel.capabilities.edits
          ? fill(target, await channel.reply(ref, progressCard(title, GATHERING_TEXT), createNonce()), title, work)
          : replyOnce(channel, ref, work)
        const answered = answering
          .catch(error => logger.error('answering in a thread failed', { error }))
          .finally(() => running.delete(id))
        running.set(id, answered)
        return 'started'
      } catch (error) {
        running.delete(id)
        throw error
      } finally {
        onPosted()
      }
    },
    start(findChannel) {
      for (const { id, channelId, ref, title, retryLine } of listPendingAnswers(state)) {
        const channel = findChannel(channelId)
        const delivered = channel ? deliver(channel, ref, ref, interruptedCard(title, retryLine)) : Promise.resolve()
        const key = `interrupted ${id}`
        running.set(
          key,
          delivered
            .then(() => deletePendingAnswer(state, id))
            .catch(error => logger.error('marking an answer as interrupted failed', { error }))
            .finally(() => running.delete(key)),
        )
      }
    },
    async stop() {
      stopping.abort()
      while (running.size > 0) await Promise.allSettled(running.values())
    },
  }
}

function progressCard(title: string, sentence: string): Card {
  return { title: `${title} …`, tone: 'muted', lines: [sentence] }
}

function interruptedCard(title: string, retryLine: string): Card {
  const lines = ['Vakt stopped during the analysis. The amount reserved for the model counts as spent.']
  return { title: `${title} was interrupted`, tone: 'muted', lines, buttons: [{ label: 'Ask again', line: retryLine }] }
}

function createNonce(): string {
  return randomBytes(12).toString('hex')
}
