// A channel that keeps its messages in memory and fails when told to.
import type { Card } from '../card.ts'
import type { Channel, DeliveryError } from '../chat/channel.ts'

export type Message = {
  ref: string
  nonce: string
  card: Card
  edits: number
  replies: { card: Card; nonce: string }[]
  at: number
}

export interface MemoryChannel extends Channel {
  readonly messages: Message[]
  /** What was asked of the channel, in order: `post`, `edit`, `reply` or `find`. */
  readonly calls: string[]
  /** Makes the next `times` requests of this kind (or any) fail with `error`. */
  failing(error: DeliveryError, times?: number, kind?: 'post' | 'edit' | 'reply'): void
  /** Ends every failure asked for. */
  recovers(): void
  /** The next post is kept, but its answer is the error. */
  acceptsThenFails(error: DeliveryError): void
  /** Makes every request hang until `release` is called. */
  hangs(): () => void
}

/** An empty channel; `now` gives the instant of each message. */
export function createMemoryChannel(id: string, now: () => number): MemoryChannel {
  const messages: Message[] = []
  const calls: string[] = []
  const failures: { error: DeliveryError; left: number; kind?: string }[] = []
  let lateFailure: DeliveryError | null = null
  let gate: Promise<void> | null = null

  const enter = async (kind: 'post' | 'edit' | 'reply' | 'find') => {
    calls.push(kind)
    if (gate) await gate
    const failure = failures.find(one => one.left > 0 && (one.kind === undefined || one.kind === kind))
    if (!failure) return
    failure.left--
    throw failure.error
  }
  const byRef = (ref: string) => messages.find(message => message.ref === ref)!

  return {
    id,
    name: id,
    messages,
    calls,
    failing: (error, times = 1, kind) => void failures.push({ error, left: times, ...(kind ? { kind } : {}) }),
    recovers: () => void failures.splice(0),
    acceptsThenFails: error => {
      lateFailure = error
    },
    hangs() {
      let release = () => {}
      gate = new Promise(resolve => {
        release = resolve
      })
      return () => {
        gate = null
        release()
      }
    },
    async post(card, nonce) {
      await enter('post')
      const message = { ref: `${id}/${messages.length + 1}`, nonce, card, edits: 0, replies: [], at: now() }
      messages.push(message)
      if (lateFailure) {
        const error = lateFailure
        lateFailure = null
        throw error
      }
      return message.ref
    },
    async edit(ref, card) {
      await enter('edit')
      const message = byRef(ref)
      message.card = card
      message.edits++
    },
    async reply(ref, card, nonce) {
      await enter('reply')
      byRef(ref).replies.push({ card, nonce })
      return `${ref}/reply`
    },
    async find(nonce) {
      await enter('find')
      return (
        messages.find(message => message.nonce === nonce || message.replies.some(reply => reply.nonce === nonce))
          ?.ref ?? null
      )
    },
  }
}
