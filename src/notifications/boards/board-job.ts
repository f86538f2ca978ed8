// The board job: keeps the message of every board up to date, within what platforms allow, apart from alerts.
import { backOff } from '../../backoff.ts'
import type { Card } from '../../card.ts'
import type { Channel, DeliveryError } from '../../chat/channel.ts'
import type { Clock } from '../../clock.ts'
import type { Connectivity } from '../../connectivity/connectivity.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { toDeliveryError } from '../delivery/send.ts'
import { boardCard, isSameBoard } from './board.ts'
import { readBoardFacts } from './board-facts.ts'
import { type Board, forgetMessage, listBoards, markBoard, readBoard, removeBoard, setBoard } from './boards.ts'

/** Edits of a board share the limits of its channel with alerts: Slack takes 50 edits a minute, Telegram 20 in a group. */
const MIN_INTERVAL_MS = 20 * SECOND
/** What changes without anybody telling, such as a late check, is looked for this often. */
const LOOK_INTERVAL_MS = MINUTE
/** A board whose instant is older than this does not reach its channel. */
const MAX_AGE_MS = 5 * MINUTE
const STOP_TIMEOUT_MS = 2 * SECOND
/** A message that can be edited only rarely (old ones on Discord) is replaced after this many refusals in a row. */
const MAX_EDIT_REFUSALS = 3
const UNREACHABLE_RETRY_MS = 5 * MINUTE

export type BoardJobOptions = {
  state: State
  clock: Clock
  logger: Logger
  hasLogs: boolean
  connectivity(): Connectivity
  /** The channel of an id while it can be reached. */
  channel(id: string): Channel | undefined
  /** Called when what boards show may have changed, at most every 20 s. */
  onChange?(): void
}

export interface BoardJob {
  /** The card of a board as it is now, for all projects or one. */
  card(projectId: number | null): Card
  /**
   * Posts a board in a channel, in place of one that is there. Throws `conflict` when it is refused there. While the chat
   * cannot be reached the board has no message yet (`ref`), and is posted later.
   */
  add(channel: Channel, projectId: number | null, by: string): Promise<Board>
  /** Removes the board of a channel with its message. Resolves with whether the message could be deleted. */
  remove(board: Board): Promise<boolean>
  /** Why the board of a channel is not up to date; null while it is. */
  error(channelId: string): string | null
  start(): void
  /** Says on every board that it is no longer live, as far as that takes two seconds. */
  stop(): Promise<void>
}

/** What is on the screen of a channel; a restart forgets it, so every board is edited once at the start. */
type Shown = {
  card: Card | null
  at: number
  nextAttemptAt: number
  failures: number
  error: string | null
  isBusy: boolean
}

/** A job for the boards of `state`. */
export function createBoardJob(options: BoardJobOptions): BoardJob {
  const { state, clock, logger, hasLogs } = options
  const shown = new Map<string, Shown>()
  let cancel = () => {}
  let wakeAt = Number.POSITIVE_INFINITY
  let lastTickAt = Number.NEGATIVE_INFINITY
  let isStopped = true

  const shownIn = (id: string): Shown => {
    const known = shown.get(id) ?? { card: null, at: 0, nextAttemptAt: 0, failures: 0, error: null, isBusy: false }
    shown.set(id, known)
    return known
  }

  const cardOf = (projectId: number | null, ended: string | null = null): Card => {
    const { state: internet } = options.connectivity()
    const trouble = internet === 'offline' ? 'Vakt itself is offline, so this may be old.' : null
    const now = clock.now()
    return boardCard(readBoardFacts(state, projectId, now, { hasLogs, trouble }), now, ended)
  }

  const schedule = (at: number) => {
    if (isStopped || at >= wakeAt) return
    cancel()
    wakeAt = at
    cancel = clock.at(Math.max(at, clock.now()), tick)
  }

  const tick = () => {
    wakeAt = Number.POSITIVE_INFINITY
    if (isStopped) return
    const now = clock.now()
    // After the clock went back, what was due in 20 s still is.
    const backMs = Math.max(0, lastTickAt - now)
    lastTickAt = now
    try {
      for (const own of shown.values()) {
        own.nextAttemptAt -= backMs
        own.at -= backMs
      }
      for (const board of listBoards(state)) {
        const own = shownIn(board.channelId)
        if (!own.isBusy && own.nextAttemptAt <= now) void update(board).catch(() => {})
        else if (!own.isBusy) schedule(own.nextAttemptAt)
      }
      options.onChange?.()
    } catch (error) {
      logger.error('reading the boards failed; retrying in 60 s', { error })
    }
    schedule(now + LOOK_INTERVAL_MS)
  }

  /** Brings one board up to date; rejects with the error that it has recorded. */
  const update = async (board: Board): Promise<void> => {
    const own = shownIn(board.channelId)
    const channel = options.channel(board.channelId)
    if (!channel) {
      own.error = 'The channel cannot be reached.'
      own.nextAttemptAt = clock.now() + UNREACHABLE_RETRY_MS
      return
    }
    own.isBusy = true
    try {
      await show(board, channel, own)
      Object.assign(own, { failures: 0, error: null, nextAttemptAt: clock.now() + MIN_INTERVAL_MS })
    } catch (error) {
      const cause = toDeliveryError(error)
      own.nextAttemptAt = clock.now() + waitAfter(board, cause, own)
      schedule(own.nextAttemptAt)
      throw cause
    } finally {
      own.isBusy = false
    }
  }

  const show = async (board: Board, channel: Channel, own: Shown): Promise<void> => {
    const card = cardOf(board.projectId)
    const now = clock.now()
    if (board.ref === null) {
      const ref = await postOnce(board, channel, card)
      Object.assign(own, { card, at: now })
      // It was removed, or replaced by another, while it was on its way.
      if (readBoard(state, board.channelId)?.nonce !== board.nonce) await channel.remove?.(ref).catch(() => {})
      return
    }
    if (own.card && isSameBoard(own.card, card) && now - own.at < MAX_AGE_MS) return
    await channel.edit(board.ref, card)
    Object.assign(own, { card, at: now })
  }

  /** Posts the message and pins it where that is allowed. One whose answer was lost is looked for first. */
  const postOnce = async (board: Board, channel: Channel, card: Card): Promise<string> => {
    const arrived = board.sentAt === null ? null : await channel.find(board.nonce, board.sentAt)
    markBoard(state, board, { sentAt: board.sentAt ?? clock.now() })
    const ref = arrived ?? (await channel.post(card, board.nonce))
    markBoard(state, board, { ref })
    const isPinned = await pin(channel, ref)
    markBoard(state, board, { isPinned })
    return ref
  }

  const pin = async (channel: Channel, ref: string): Promise<boolean> => {
    try {
      await channel.pin?.(ref)
      return channel.pin !== undefined
    } catch (error) {
      logger.info('a board could not be pinned', { channel: channel.id, reason: toDeliveryError(error).message })
      return false
    }
  }

  /** Records a failure and returns how long to wait, ms. */
  const waitAfter = (board: Board, cause: DeliveryError, own: Shown): number => {
    own.failures++
    own.error = cause.message
    if (own.failures === 1)
      logger.info('a board is not up to date', { channel: board.channelId, reason: cause.message })
    if (cause.code === 'gone' && cause.isStillShown && own.failures < MAX_EDIT_REFUSALS) return LOOK_INTERVAL_MS
    if (cause.code === 'gone') {
      // Deleted, or no longer to be edited: another takes its place at the end of the channel.
      if (cause.isStillShown && board.ref !== null)
        void options
          .channel(board.channelId)
          ?.remove?.(board.ref)
          .catch(() => {})
      forgetMessage(state, board)
      own.card = null
      return 0
    }
    if (cause.code === 'refused') return UNREACHABLE_RETRY_MS
    return Math.max(MIN_INTERVAL_MS, cause.retryAfterMs ?? backOff(own.failures))
  }

  return {
    card: projectId => cardOf(projectId),
    error: id => shown.get(id)?.error ?? null,
    async add(channel, projectId, by) {
      const earlier = readBoard(state, channel.id)
      const board = setBoard(state, { channelId: channel.id, projectId, setBy: by }, clock.now())
      shown.delete(channel.id)
      if (earlier?.ref) await channel.remove?.(earlier.ref).catch(() => {})
      try {
        await update(board)
      } catch (error) {
        const { code, message } = toDeliveryError(error)
        if (code === 'refused' || code === 'invalid_form' || code === 'gone') {
          removeBoard(state, board)
          throw new Problem('conflict', `The board could not be shown in ${channel.name}: ${message}`)
        }
      }
      schedule(clock.now() + MIN_INTERVAL_MS)
      return readBoard(state, channel.id) ?? board
    },
    async remove(board) {
      removeBoard(state, board)
      shown.delete(board.channelId)
      const channel = options.channel(board.channelId)
      if (!channel?.remove || board.ref === null) return false
      return channel.remove(board.ref).then(
        () => true,
        () => false,
      )
    },
    start() {
      isStopped = false
      state.onCommit(topics => {
        if (topics.has('channels')) for (const own of shown.values()) own.nextAttemptAt = 0
        if (topics.has('alerts') || topics.has('channels')) schedule(clock.now() + SECOND)
      })
      schedule(clock.now() + SECOND)
    },
    async stop() {
      isStopped = true
      cancel()
      const ended = 'Vakt has stopped. This board goes on when Vakt starts again.'
      const edits = listBoards(state).map(async ({ channelId, projectId, ref }) => {
        if (ref !== null) await options.channel(channelId)?.edit(ref, cardOf(projectId, ended))
      })
      await Promise.race([
        Promise.allSettled(edits),
        new Promise(resolve => setTimeout(resolve, STOP_TIMEOUT_MS).unref()),
      ])
    },
  }
}
