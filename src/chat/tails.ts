// Live tails: one message that shows the newest lines, edited at a pace that every platform allows, until it is stopped.
import { randomBytes } from 'node:crypto'
import type { Button, Card, Evidence, LogEntry, Text } from '../card.ts'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { Problem } from '../problem.ts'
import { errorMessage, plural } from '../text.ts'
import { aboutDuration, MINUTE, SECOND } from '../time.ts'
import { type Channel, DeliveryError } from './channel.ts'

/** Edits share the rate limit of the channel with alerts, so the tails of a channel together stay well below it. */
const UPDATE_INTERVAL_MS = 3 * SECOND
const RETRY_DELAY_MS = 5 * SECOND
const MAX_TAILS = 5
/** The lines that an edited message shows. */
const SHOWN_LINES = 12
/** The lines that are printed at a time where messages cannot be edited. */
const PRINTED_LINES = 200

/** What to follow, where to show it, and how a line looks. */
export type TailRequest<L> = {
  /** What is followed, for the card; empty for everything. */
  subject: string
  /** The command whose flags --pause, --resume and --stop control the tail, such as `logs tail`. */
  command: string
  channel: Channel
  by: string
  durationMs: number
  /** Begins to follow: new lines go to `take`, with how many were left out before them, until the returned function is called. */
  follow(take: (lines: readonly L[], leftOut?: number) => void): (() => void) | Promise<() => void>
  show(line: L): Text
  /** The line of a log, where it is one: such lines stand aligned in a block. */
  entry?(line: L): LogEntry
  /** Whether somebody asked for colours in the block of lines. */
  isColoured?: boolean
  /** Whether `--export` of the command returns all lines of the tail as a file. */
  canExport?: boolean
  /** A sentence about the source, such as that a host cannot be reached at the moment. */
  status?(): string | null
}

export interface Tails {
  /** Starts a tail and returns its number. Throws `busy` when too many run already or the channel fails, and what `follow` throws. */
  start<L>(request: TailRequest<L>): Promise<number>
  pause(id: number): void
  resume(id: number): void
  stop(id: number, by: string): Promise<void>
  /** Stops all tails; each message then shows its end. */
  stopAll(): Promise<void>
}

type Tail = TailRequest<unknown> & {
  id: number
  ref: string
  endsAt: number
  lines: unknown[]
  /** All lines so far. */
  count: number
  /** The lines that came and are no longer shown. */
  missed: number
  isPaused: boolean
  hasChanged: boolean
  unfollow(): void
  cancelUpdate(): void
  /** Why it ended; null while it runs. */
  ended: string | null
  /** Resolves when the last update is shown. */
  shown: Promise<void>
}

/** The live tails; each is updated by itself and outlives lost connections. */
export function createTails(clock: Clock, logger: Logger): Tails {
  const tails = new Map<number, Tail>()
  let lastId = 0

  const find = (id: number): Tail => {
    const tail = tails.get(id)
    if (tail) return tail
    throw new Problem('conflict', `The tail ${id} has ended. Run the same command to start another.`)
  }

  /** Slack allows 50 edits a minute in a workspace, so the tails of a channel share the pace of one. */
  const intervalIn = (channel: Channel): number => {
    const sharing = [...tails.values()].filter(tail => tail.channel.id === channel.id).length
    return channel.capabilities.edits ? UPDATE_INTERVAL_MS * Math.max(1, sharing) : UPDATE_INTERVAL_MS
  }

  const scheduleUpdate = (tail: Tail, at: number) => {
    tail.cancelUpdate()
    tail.cancelUpdate = clock.at(Math.min(at, Math.max(tail.endsAt, clock.now())), () => void tick(tail))
  }

  const tick = async (tail: Tail): Promise<void> => {
    if (!tails.has(tail.id)) return
    if (clock.now() >= tail.endsAt) return end(tail, `Its time is up. "${tail.command}" starts another.`)
    let waitMs = intervalIn(tail.channel)
    if (tail.hasChanged && !tail.isPaused) {
      tail.hasChanged = false
      try {
        await update(tail)
      } catch (error) {
        waitMs = waitAfterFailure(tail, error)
      }
    }
    if (tails.has(tail.id)) scheduleUpdate(tail, clock.now() + waitMs)
  }

  /** One edit after the other, so that the newest state stays. */
  const update = (tail: Tail): Promise<void> => {
    tail.shown = tail.shown.catch(() => {}).then(() => show(tail))
    return tail.shown
  }

  const show = async (tail: Tail): Promise<void> => {
    if (tail.channel.capabilities.edits) return tail.channel.edit(tail.ref, cardOf(tail, clock.now()))
    const lines = linesOf(tail)
    const evidence = evidenceOf(tail)
    tail.lines = []
    tail.missed = 0
    if (lines.length > 0 || evidence)
      await tail.channel.post({ title: '', tone: 'plain', lines, ...(evidence && { evidence }) }, createNonce())
  }

  const waitAfterFailure = (tail: Tail, error: unknown): number => {
    tail.hasChanged = true
    if (!(error instanceof DeliveryError)) {
      logger.error('a live tail could not be shown', { error })
      return RETRY_DELAY_MS
    }
    if (error.code === 'refused' || error.code === 'gone') forget(tail)
    return error.retryAfterMs ?? RETRY_DELAY_MS
  }

  const forget = (tail: Tail) => {
    tail.unfollow()
    tail.cancelUpdate()
    tails.delete(tail.id)
  }

  const end = async (tail: Tail, reason: string): Promise<void> => {
    forget(tail)
    tail.ended = reason
    await update(tail)
      .then(() =>
        tail.channel.capabilities.edits ? null : tail.channel.post({ title: reason, tone: 'muted' }, createNonce()),
      )
      .catch(error => logger.debug('the end of a live tail could not be shown', { error }))
  }

  return {
    async start(request) {
      if (tails.size >= MAX_TAILS) throw new Problem('busy', `${MAX_TAILS} tails are already running. Stop one first.`)
      const tail: Tail = {
        ...request,
        id: ++lastId,
        ref: '',
        endsAt: clock.now() + request.durationMs,
        lines: [],
        count: 0,
        missed: 0,
        isPaused: false,
        hasChanged: false,
        unfollow() {},
        cancelUpdate() {},
        ended: null,
        shown: Promise.resolve(),
      }
      tails.set(tail.id, tail)
      try {
        // First, so that a source that cannot be followed is refused and not announced in the channel.
        tail.unfollow = await request.follow((lines, leftOut = 0) => addLines(tail, lines, leftOut))
      } catch (error) {
        tails.delete(tail.id)
        throw error
      }
      try {
        tail.ref = await request.channel.post(cardOf(tail, clock.now()), createNonce())
      } catch (error) {
        forget(tail)
        throw new Problem('busy', `The tail could not be shown in ${request.channel.name}: ${errorMessage(error)}`)
      }
      scheduleUpdate(tail, clock.now() + UPDATE_INTERVAL_MS)
      return tail.id
    },
    pause(id) {
      const tail = find(id)
      tail.isPaused = true
      void update(tail).catch(error => waitAfterFailure(tail, error))
    },
    resume(id) {
      const tail = find(id)
      tail.isPaused = false
      tail.hasChanged = true
      void tick(tail)
    },
    stop: (id, by) => end(find(id), `Stopped by ${by}.`),
    async stopAll() {
      await Promise.all([...tails.values()].map(tail => end(tail, 'Vakt stopped.')))
    },
  }
}

function addLines(tail: Tail, lines: readonly unknown[], leftOut: number): void {
  tail.count += lines.length + leftOut
  const room = tail.channel.capabilities.edits ? SHOWN_LINES : PRINTED_LINES
  tail.missed += leftOut + Math.max(0, tail.lines.length + lines.length - room)
  tail.lines.push(...lines.slice(-room))
  tail.lines.splice(0, Math.max(0, tail.lines.length - room))
  tail.hasChanged = true
}

function cardOf(tail: Tail, now: number): Card {
  const { command, id, ended, isPaused } = tail
  const control: Button[] = [
    isPaused
      ? { label: 'Resume', line: `${command} --resume ${id}`, tone: 'primary' }
      : { label: 'Pause', line: `${command} --pause ${id}` },
    { label: 'Stop', line: `${command} --stop ${id}` },
  ]
  const exporting: Button[] = tail.canExport ? [{ label: 'Export', line: `${command} --export ${id}` }] : []
  const status = ended === null ? (tail.status?.() ?? null) : null
  const remaining = `Live for ${aboutDuration(Math.max(MINUTE, tail.endsAt - now))} more.`
  return {
    title: `${ended ? 'Tail of' : isPaused ? 'Paused tail of' : 'Live tail of'} ${tail.subject || 'every line'}`,
    tone: ended ? 'muted' : 'info',
    lines: [...(tail.lines.length > 0 ? linesOf(tail) : ['No lines yet.']), ...(status === null ? [] : [status])],
    ...(tail.entry && tail.lines.length > 0 ? { evidence: evidenceOf(tail)! } : {}),
    isView: true,
    buttons: [...(ended ? [] : control), ...exporting],
    footer: `${plural(tail.count, 'line')} so far · started by ${tail.by} · ${ended ?? (isPaused ? 'Paused.' : remaining)}`,
  }
}

function linesOf(tail: Tail): Text[] {
  const above = tail.missed > 0 ? [`… ${tail.missed} more above`] : []
  return [...above, ...(tail.entry ? [] : tail.lines.map(line => tail.show(line)))]
}

function evidenceOf({ entry, lines, isColoured }: Tail): Evidence[] | null {
  if (!entry || lines.length === 0) return null
  return [{ kind: 'log', entries: lines.map(line => entry(line)), ...(isColoured && { isColoured }) }]
}

function createNonce(): string {
  return randomBytes(12).toString('hex')
}
