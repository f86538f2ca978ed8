// A chat of the world: it shows cards, and refuses, hangs, loses answers and forgets nonces when it is told to.
import type { Card } from '../../card.ts'
import { type Channel, DeliveryError } from '../../chat/channel.ts'
import type { Clock } from '../../clock.ts'
import { SECOND } from '../../time.ts'
import type { Random } from './random.ts'

export type ChatMessage = {
  ref: string
  nonce: string
  /** When it was posted, in true time. */
  at: number
  card: Card
  /** What Vakt's clock showed then, and whom the message named. */
  shownAt: number
  mentions: readonly string[]
  replies: { card: Card; nonce: string }[]
}

/** How a chat fails, each with its share of the requests. */
export const CHAT_FAULTS = [
  'refuses',
  'unreachable',
  'limits',
  'hangs',
  'loses answers',
  'forgets nonces',
  'deletes',
] as const
export type ChatFault = (typeof CHAT_FAULTS)[number]

type Kind = 'post' | 'edit' | 'reply' | 'find'

/** A platform takes this long to find again what it forgot. */
const FORGOTTEN_MS = 15 * SECOND
const HANG_MS = 10 * SECOND

export interface Chat {
  readonly id: string
  readonly messages: ChatMessage[]
  fault: ChatFault | null
  /** The first message that was sent again although the chat would have found it; null while there is none. */
  repeated: string | null
  /** The chat as one life of Vakt reaches it: nothing comes back to a dead one. */
  channel(life: { clock: Clock; isAlive(): boolean }): Channel
}

/** An empty chat; a fault meets a request with the probability `share`. */
export function createChat(
  id: string,
  world: { random: Random; trueNow(): number; isOnline(): boolean },
  share = 0.6,
): Chat {
  const messages: ChatMessage[] = []
  let posted = 0
  const byRef = (ref: string) => {
    const message = messages.find(candidate => candidate.ref === ref.split('/reply')[0])
    if (!message) throw new DeliveryError('gone', 'The message was deleted.')
    return message
  }
  const isForgotten = (message: ChatMessage) =>
    chat.fault === 'forgets nonces' && world.trueNow() - message.at < FORGOTTEN_MS

  /** Whoever sends a message looks for an earlier one with its nonce. */
  const noteRepeated = (kind: Kind, nonce: string) => {
    const known = messages.filter(message => !isForgotten(message))
    const isKnown = known.some(message => noncesOf(message).includes(nonce))
    if (isKnown) chat.repeated ??= `a ${kind} with the nonce ${nonce}`
  }

  const request = async <T>(kind: Kind, life: { clock: Clock; isAlive(): boolean }, work: () => T): Promise<T> => {
    if (!life.isAlive()) return new Promise(() => {})
    if (!world.isOnline()) throw new DeliveryError('unreachable', 'The network is down.')
    const fault = chat.fault !== null && world.random.chance(share) ? chat.fault : null
    if (fault === 'hangs') {
      const isAccepted = world.random.chance(0.5)
      await new Promise<void>(resolve => life.clock.at(life.clock.now() + HANG_MS, resolve))
      if (isAccepted) work()
      throw new DeliveryError('unsure', 'The answer did not come in time.')
    }
    const refusal = fault === null ? null : refusalOf(fault, kind)
    if (refusal) throw refusal
    const result = work()
    const isLost = fault === 'loses answers' || fault === 'forgets nonces'
    if (isLost && kind !== 'find') throw new DeliveryError('unsure', 'The answer was lost.')
    return result
  }

  const chat: Chat = {
    id,
    messages,
    fault: null,
    repeated: null,
    channel(life) {
      const ask = async <T>(kind: Kind, work: () => T): Promise<T> => {
        try {
          return await request(kind, life, work)
        } finally {
          if (!life.isAlive()) await new Promise(() => {})
        }
      }
      return {
        id,
        name: id,
        capabilities: { edits: true, threads: false, pictures: false, mentions: true, interactive: true },
        post(card, nonce) {
          noteRepeated('post', nonce)
          return ask('post', () => {
            const message = {
              ref: `${id}/${++posted}`,
              nonce,
              at: world.trueNow(),
              card,
              shownAt: life.clock.now(),
              mentions: namesOf(card),
              replies: [],
            }
            messages.push(message)
            return message.ref
          })
        },
        edit: (ref, card) =>
          ask('edit', () => {
            const message = byRef(ref)
            // Somebody deletes it just before it changes.
            if (chat.fault === 'deletes') {
              messages.splice(messages.indexOf(message), 1)
              throw new DeliveryError('gone', 'The message was deleted.')
            }
            message.card = card
          }),
        reply(ref, card, nonce) {
          noteRepeated('reply', nonce)
          return ask('reply', () => `${ref}/reply${byRef(ref).replies.push({ card, nonce }) - 1}`)
        },
        find: nonce =>
          ask('find', () => {
            const known = messages.filter(message => !isForgotten(message))
            return known.find(message => noncesOf(message).includes(nonce))?.ref ?? null
          }),
        findAll: nonces =>
          ask('find', () => {
            const refs = (nonce: string) => messages.filter(message => message.nonce === nonce).map(({ ref }) => ref)
            return new Map(nonces.map(nonce => [nonce, refs(nonce)]))
          }),
        remove: async ref => {
          const place = messages.findIndex(message => message.ref === ref)
          if (place >= 0) messages.splice(place, 1)
        },
      }
    },
  }
  return chat
}

function namesOf({ mention = [] }: Card): string[] {
  return mention.map(({ name }) => name)
}

function noncesOf(message: ChatMessage): string[] {
  return [message.nonce, ...message.replies.map(reply => reply.nonce)]
}

/** The error before anything was done; null where the request is carried out. */
function refusalOf(fault: ChatFault, kind: Kind): DeliveryError | null {
  if (fault === 'refuses' && kind !== 'find') return new DeliveryError('refused', 'Missing access.')
  if (fault === 'unreachable') return new DeliveryError('unreachable', 'No session.')
  if (fault === 'limits') return new DeliveryError('limited', 'Slow down.', { retryAfterMs: 7 * SECOND })
  return null
}
