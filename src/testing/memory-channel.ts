// A channel that keeps its messages in memory and fails when told to.
import type { Card } from '../card.ts'
import type { Channel, DeliveryError } from '../chat/channel.ts'

export type Message = {
  ref: string
  nonce: string
  card: Card
  edits: number
  replies: { card: Card; nonce: string }[]
  /** What was added to the thread under it. */
  thread: Card[]
  at: number
  isPinned?: boolean
}

type Kind = 'post' | 'edit' | 'reply' | 'find' | 'thread' | 'pin'

export interface MemoryChannel extends Channel {
  readonly messages: Message[]
  /** What was asked of the channel, in order: `post`, `edit`, `reply` or `find`. */
  readonly calls: string[]
  /** When each message and reply was last sent or edited, by its reference. */
  readonly changedAt: ReadonlyMap<string, number>
  /** Makes the next `times` requests of this kind (or any) fail with `error`. */
  failing(error: DeliveryError, times?: number, kind?: Kind): void
  /** Ends every failure asked for. */
  recovers(): void
  /** The next new message (or edit) is kept, but its answer is the error. */
  acceptsThenFails(error: DeliveryError): void
  /** Makes every request of this kind (or any) hang until the returned function is called. */
  hangs(kind?: Kind): () => void
  /** Gives the channel threads. */
  hasThreads(): MemoryChannel
  /** Lets it find every message that was sent with a nonce. */
  findsAll(): MemoryChannel
  /** Has edits bring pictures. */
  hasPictures(): MemoryChannel
  /** What hangs now never arrives. */
  forgetHanging(): void
  /** Lets `fate` decide on every request: an error before it is done (`before`) or after (`after`), or nothing. */
  suffers(fate: ((kind: Kind) => { before?: DeliveryError; after?: DeliveryError }) | null): void
}

/** An empty channel; `now` gives the instant of each message. */
export function createMemoryChannel(id: string, now: () => number): MemoryChannel {
  const messages: Message[] = []
  const calls: string[] = []
  const changedAt = new Map<string, number>()
  const failures: { error: DeliveryError; left: number; kind?: Kind }[] = []
  let lateFailure: DeliveryError | null = null
  let lost = 0
  let posted = 0
  let gate: { kind: Kind | undefined; opened: Promise<void> } | null = null
  let fateOf: ((kind: Kind) => { before?: DeliveryError; after?: DeliveryError }) | null = null

  const request = async <T>(kind: Kind, work: () => T): Promise<T> => {
    calls.push(kind)
    if (gate && (gate.kind ?? kind) === kind) {
      const { opened } = gate
      const at = lost
      await opened
      if (at !== lost) await new Promise(() => {})
    }
    const fate = fateOf?.(kind) ?? {}
    const failure = failures.find(one => one.left > 0 && (one.kind ?? kind) === kind)
    if (failure) failure.left--
    const early = failure?.error ?? fate.before
    if (early) throw early
    const result = work()
    const late = kind === 'find' ? undefined : (lateFailure ?? fate.after)
    if (!late) return result
    if (late === lateFailure) lateFailure = null
    throw late
  }
  const byRef = (ref: string) => messages.find(message => message.ref === ref)!

  const made: MemoryChannel = {
    id,
    capabilities: { edits: true, threads: false, pictures: false, mentions: true, interactive: true },
    name: id,
    messages,
    calls,
    changedAt,
    failing: (error, times = 1, kind) => void failures.push({ error, left: times, ...(kind ? { kind } : {}) }),
    recovers: () => void failures.splice(0),
    acceptsThenFails: error => {
      lateFailure = error
    },
    forgetHanging: () => {
      lost++
    },
    suffers: fate => {
      fateOf = fate
    },
    hangs(kind) {
      let release = () => {}
      gate = {
        kind,
        opened: new Promise(resolve => {
          release = resolve
        }),
      }
      return () => {
        gate = null
        release()
      }
    },
    post: (card, nonce) =>
      request('post', () => {
        const message = {
          ref: `${id}/${++posted}`,
          nonce,
          card,
          edits: 0,
          replies: [],
          thread: [],
          at: now(),
        }
        messages.push(message)
        changedAt.set(message.ref, now())
        return message.ref
      }),
    edit: (ref, card) =>
      request('edit', () => {
        const [, of, reply] = /^(.*)\/reply(\d+)$/.exec(ref) ?? []
        const message = of === undefined ? byRef(ref) : byRef(of)
        if (reply !== undefined) message.replies[Number(reply)]!.card = card
        else message.card = card
        message.edits++
        changedAt.set(ref, now())
      }),
    reply: (ref, card, nonce) =>
      request('reply', () => {
        const count = byRef(ref).replies.push({ card, nonce })
        changedAt.set(`${ref}/reply${count - 1}`, now())
        return `${ref}/reply${count - 1}`
      }),
    hasPictures() {
      Object.assign(made, { capabilities: { ...made.capabilities, pictures: true } })
      return made
    },
    hasThreads() {
      Object.assign(made, { capabilities: { ...made.capabilities, threads: true } })
      made.thread = (ref, card) => request('thread', () => void byRef(ref).thread.push(card))
      return made
    },
    remove: async ref => {
      messages.splice(
        messages.findIndex(message => message.ref === ref),
        1,
      )
    },
    findsAll() {
      const found = (nonce: string) => messages.filter(message => message.nonce === nonce).map(({ ref }) => ref)
      made.findAll = nonces => request('find', () => new Map(nonces.map(nonce => [nonce, found(nonce)])))
      return made
    },
    pin: ref =>
      request('pin', () => {
        byRef(ref).isPinned = true
      }),
    find: nonce =>
      request('find', () => {
        const told = (message: Message) => [message.nonce, ...message.replies.map(reply => reply.nonce)]
        return messages.find(message => told(message).includes(nonce))?.ref ?? null
      }),
  }
  return made
}
