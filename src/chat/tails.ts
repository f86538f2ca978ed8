// Live tails: one message that shows the newest lines, edited in place at a pace every platform allows, until it is stopped.
import { randomBytes } from 'node:crypto'
import type { Button, Card, Text } from '../card.ts'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { Problem } from '../problem.ts'
import { aboutDuration, MINUTE, SECOND } from '../time.ts'
import { type Channel, DeliveryError } from './channel.ts'

/** Edits share the channel's limit with alerts, so those of all tails in it together keep well below it. */
const PACE = 3 * SECOND
const SHOWN = 12
/** A terminal prints what comes, up to so many lines at a time. */
const PRINTED = 200
const MOST_TAILS = 5
const RETRY = 5 * SECOND

/** What is followed: lines of any kind, and how one is shown. */
export type TailRequest<L> = {
  /** What is followed, for the card. */
  subject: string
  /** The command whose flags --pause, --resume and --stop reach the tail, such as `logs tail`. */
  command: string
  channel: Channel
  by: string
  durationMs: number
  /** Begins to follow; lines are handed to `take` as they come, until the returned function is called. */
  follow(take: (lines: readonly L[]) => void): (() => void) | Promise<() => void>
  show(line: L): Text
  /** Whether `--export` of the command gives all that came as a file. */
  canExport?: boolean
  /** A word on how following goes, such as that a host is not reached at the moment. */
  status?(): string | null
}

export interface Tails {
  /** Begins a tail and gives its number. Throws `busy` when there are many already, or what the channel refuses. */
  start<L>(request: TailRequest<L>): Promise<number>
  pause(id: number): void
  resume(id: number): void
  stop(id: number, by: string): Promise<void>
  /** Ends all, each with a last word in its message. */
  stopAll(): Promise<void>
}

type Tail = TailRequest<unknown> & {
  id: number
  ref: string
  until: number
  lines: unknown[]
  seen: number
  missed: number
  paused: boolean
  changed: boolean
  unfollow(): void
  cancel(): void
  ended: string | null
  /** Settles when what was last said of it is shown. */
  shown: Promise<void>
}

/** Tails in the chats; each has its own pace and outlives lost connections. */
export function createTails(clock: Clock, logger: Logger): Tails {
  const tails = new Map<number, Tail>()
  let last = 0

  const find = (id: number): Tail => {
    const tail = tails.get(id)
    if (tail) return tail
    throw new Problem('conflict', `The tail ${id} has ended. The same command begins another.`)
  }

  /** Slack allows 50 edits a minute in a workspace: several tails share what one alone would have. */
  const paceIn = (channel: Channel): number => {
    const sharing = [...tails.values()].filter(one => one.channel.id === channel.id).length
    return channel.capabilities.edits ? PACE * Math.max(1, sharing) : PACE
  }

  const arm = (tail: Tail, at: number) => {
    tail.cancel()
    tail.cancel = clock.at(Math.min(at, Math.max(tail.until, clock.now())), () => void turn(tail))
  }

  const turn = async (tail: Tail): Promise<void> => {
    if (!tails.has(tail.id)) return
    if (clock.now() >= tail.until) return end(tail, `It ended by itself; "${tail.command}" begins another.`)
    let wait = paceIn(tail.channel)
    if (tail.changed && !tail.paused) {
      tail.changed = false
      try {
        await update(tail)
      } catch (error) {
        wait = afterFailure(tail, error)
      }
    }
    if (tails.has(tail.id)) arm(tail, clock.now() + wait)
  }

  /** One edit after the other: what is said last stays. */
  const update = (tail: Tail): Promise<void> => {
    tail.shown = tail.shown.catch(() => {}).then(() => say(tail))
    return tail.shown
  }

  const say = async (tail: Tail): Promise<void> => {
    if (tail.channel.capabilities.edits) return tail.channel.edit(tail.ref, cardOf(tail, clock.now()))
    const lines = linesOf(tail)
    tail.lines = []
    tail.missed = 0
    if (lines.length > 0) await tail.channel.post({ title: '', tone: 'plain', lines }, nonce())
  }

  const afterFailure = (tail: Tail, error: unknown): number => {
    tail.changed = true
    if (!(error instanceof DeliveryError)) logger.error('a tail could not be shown', { error })
    const refused = error instanceof DeliveryError && (error.code === 'refused' || error.code === 'gone')
    if (refused) forget(tail)
    return error instanceof DeliveryError ? (error.retryAfterMs ?? RETRY) : RETRY
  }

  const forget = (tail: Tail) => {
    tail.unfollow()
    tail.cancel()
    tails.delete(tail.id)
  }

  const end = async (tail: Tail, why: string): Promise<void> => {
    forget(tail)
    tail.ended = why
    await update(tail)
      .then(() => (tail.channel.capabilities.edits ? null : tail.channel.post({ title: why, tone: 'muted' }, nonce())))
      .catch(error => logger.debug('the end of a tail could not be shown', { error }))
  }

  return {
    async start(request) {
      if (tails.size >= MOST_TAILS)
        throw new Problem('busy', `${MOST_TAILS} tails are running already. Stop one first.`)
      const id = ++last
      const until = clock.now() + request.durationMs
      const tail: Tail = {
        ...request,
        id,
        ref: '',
        until,
        lines: [],
        seen: 0,
        missed: 0,
        paused: false,
        changed: false,
        unfollow() {},
        cancel() {},
        ended: null,
        shown: Promise.resolve(),
      }
      tails.set(id, tail)
      try {
        // First, so that what cannot be followed is answered and not announced in the channel.
        tail.unfollow = await request.follow(lines => take(tail, lines))
      } catch (error) {
        tails.delete(id)
        throw error
      }
      try {
        tail.ref = await request.channel.post(cardOf(tail, clock.now()), nonce())
      } catch (error) {
        forget(tail)
        throw new Problem('busy', `The tail could not be shown in ${request.channel.name}: ${(error as Error).message}`)
      }
      arm(tail, clock.now() + PACE)
      return id
    },
    pause(id) {
      const tail = find(id)
      tail.paused = true
      void update(tail).catch(error => afterFailure(tail, error))
    },
    resume(id) {
      const tail = find(id)
      tail.paused = false
      tail.changed = true
      void turn(tail)
    },
    stop: (id, by) => end(find(id), `Stopped by ${by}.`),
    async stopAll() {
      await Promise.all([...tails.values()].map(tail => end(tail, 'Vakt stopped.')))
    },
  }
}

function take(tail: Tail, lines: readonly unknown[]): void {
  tail.seen += lines.length
  const room = tail.channel.capabilities.edits ? SHOWN : PRINTED
  tail.missed += Math.max(0, tail.lines.length + lines.length - room)
  tail.lines.push(...lines.slice(-room))
  tail.lines.splice(0, Math.max(0, tail.lines.length - room))
  tail.changed = true
}

function cardOf(tail: Tail, now: number): Card {
  const buttons: Button[] = [
    tail.paused
      ? { label: 'Go on', line: `${tail.command} --resume ${tail.id}`, tone: 'primary' }
      : { label: 'Pause', line: `${tail.command} --pause ${tail.id}` },
    { label: 'Stop', line: `${tail.command} --stop ${tail.id}` },
  ]
  const exported: Button[] = tail.canExport ? [{ label: 'Export', line: `${tail.command} --export ${tail.id}` }] : []
  const word = tail.ended === null ? (tail.status?.() ?? null) : null
  const state =
    tail.ended ?? (tail.paused ? 'Paused.' : `Live for ${aboutDuration(Math.max(MINUTE, tail.until - now))} more.`)
  return {
    title: `${tail.ended ? 'Tail of' : tail.paused ? 'Paused tail of' : 'Live tail of'} ${tail.subject || 'every line'}`,
    tone: tail.ended ? 'muted' : 'info',
    lines: [...(tail.lines.length > 0 ? linesOf(tail) : ['No line has come yet.']), ...(word === null ? [] : [word])],
    buttons: [...(tail.ended ? [] : buttons), ...exported],
    footer: `${tail.seen} ${tail.seen === 1 ? 'line' : 'lines'} so far · begun by ${tail.by} · ${state}`,
  }
}

function linesOf(tail: Tail): Text[] {
  const above = tail.missed > 0 ? [`… ${tail.missed} more above`] : []
  return [...above, ...tail.lines.map(line => tail.show(line))]
}

function nonce(): string {
  return randomBytes(12).toString('hex')
}
