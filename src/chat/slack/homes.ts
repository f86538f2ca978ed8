// The Home tab of the app: a live board for each person who looks at it, for members of the alert channels only.
// https://docs.slack.dev/surfaces/app-home
import type { types, webApi } from '@slack/bolt'
import { BoundedMap } from '../../bounded-map.ts'
import type { Card } from '../../card.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { HOUR, MINUTE, SECOND } from '../../time.ts'
import type { Reply } from '../channel.ts'
import type { PlatformMemory } from '../platform-definition.ts'
import type { NewerBlocks } from './newer-blocks.ts'
import { renderCard } from './render.ts'

const MEMORY_NAME = 'slack homes'
/** Slack does not tell that somebody closed the tab; it tells each time that it is opened. */
const OPEN_FOR_MS = 12 * HOUR
const MAX_OPEN = 100
const MEMBERS_CACHE_MS = 5 * MINUTE
const MAX_PAGES = 10
const PAGE_SIZE = 1_000
/** Slack takes about 100 views a minute. */
const MIN_INTERVAL_MS = 30 * SECOND
const MAX_BLOCKS = 100

export type HomesParts = {
  web: webApi.WebClient
  newerBlocks: NewerBlocks
  memory: PlatformMemory
  /** The channels whose members may look. */
  channels(): readonly string[]
  channelName(): string
  /** The board of a person. */
  board(user: string): Promise<Reply>
  isAdmin(user: string): Promise<boolean>
  timeZone: string
  instance?: string | undefined
  clock: Clock
  logger: Logger
}

export interface Homes {
  /** Shows the board to somebody who opened the tab. Never rejects. */
  open(user: string): Promise<void>
  /** Whether a person is in an alert channel or administers the workspace: only they read boards and press their buttons. */
  mayLook(user: string): Promise<boolean>
  /** Brings the boards of all who look up to date, at most every 30 s. */
  refresh(): void
  stop(): void
}

/** The Home tabs of one workspace. Who has one open outlives restarts. */
export function createHomes(parts: HomesParts): Homes {
  const { web, newerBlocks, memory, clock, logger } = parts
  const openedAt = new Map<string, number>(readOpen(memory))
  const shown = new BoundedMap<string, string>(MAX_OPEN)
  let members: { at: number; byChannel: ReadonlyMap<string, ReadonlySet<string>>; users: ReadonlySet<string> } | null =
    null
  let refreshedAt = Number.NEGATIVE_INFINITY
  let isRefreshing = false
  let cancel = () => {}
  let isStopped = false

  const mayLook = async (user: string): Promise<boolean> => {
    if ((await readMembers()).has(user)) return true
    return parts.isAdmin(user)
  }

  /** The members of all alert channels; of a channel that cannot be read, the last known ones. */
  const readMembers = async (): Promise<ReadonlySet<string>> => {
    if (members && clock.now() - members.at < MEMBERS_CACHE_MS) return members.users
    const before = members
    const byChannel = new Map<string, ReadonlySet<string>>()
    let isComplete = true
    for (const channel of parts.channels()) {
      try {
        const users = new Set<string>()
        for await (const user of membersOf(channel)) users.add(user)
        byChannel.set(channel, users)
      } catch (error) {
        isComplete = false
        byChannel.set(channel, before?.byChannel.get(channel) ?? new Set())
        logger.warn('the members of a Slack channel could not be read', { channel, error })
      }
    }
    const users = new Set([...byChannel.values()].flatMap(own => [...own]))
    // What is incomplete is read again with the next question.
    members = { at: isComplete ? clock.now() : Number.NEGATIVE_INFINITY, byChannel, users }
    return users
  }

  async function* membersOf(channel: string): AsyncGenerator<string> {
    let cursor: string | undefined
    for (let page = 0; page < MAX_PAGES; page++) {
      const answer = await web.conversations.members({ channel, limit: PAGE_SIZE, ...(cursor && { cursor }) })
      yield* answer.members ?? []
      cursor = answer.response_metadata?.next_cursor
      if (!cursor) return
    }
  }

  const publish = async (user: string): Promise<void> => {
    const isAllowed = await mayLook(user)
    const card = isAllowed ? (await parts.board(user)).card : notHere(parts.channelName())
    const content = JSON.stringify(card)
    if (shown.get(user) === content) return
    const { timeZone, instance } = parts
    await newerBlocks.send(
      refused => renderCard(card, { timeZone, instance, refused }),
      async ({ blocks, attachments }) => {
        const own = attachments.flatMap(attachment => (attachment.blocks ?? []) as types.KnownBlock[])
        const all = [...blocks, ...own, asOf(clock.now())].slice(0, MAX_BLOCKS)
        await web.views.publish({ user_id: user, view: { type: 'home', blocks: all } })
      },
    )
    shown.set(user, content)
  }

  const refreshAll = async (): Promise<void> => {
    isRefreshing = true
    refreshedAt = clock.now()
    for (const [user, at] of openedAt) {
      if (isStopped) break
      if (clock.now() - at > OPEN_FOR_MS) openedAt.delete(user)
      else await publish(user).catch(error => logger.debug('a Home tab on Slack could not be updated', { error, user }))
    }
    isRefreshing = false
  }

  return {
    mayLook,
    async open(user) {
      openedAt.delete(user)
      openedAt.set(user, clock.now())
      for (const oldest of [...openedAt.keys()].slice(0, -MAX_OPEN)) openedAt.delete(oldest)
      memory.write(MEMORY_NAME, JSON.stringify([...openedAt]))
      shown.set(user, '')
      await publish(user).catch(error => logger.warn('a Home tab on Slack could not be shown', { error, user }))
    },
    refresh() {
      if (isStopped || openedAt.size === 0) return
      cancel()
      const at = refreshedAt + MIN_INTERVAL_MS
      if (isRefreshing || clock.now() < at)
        cancel = clock.at(Math.max(at, clock.now() + SECOND), () => void refreshAll())
      else void refreshAll()
    },
    stop() {
      isStopped = true
      cancel()
    },
  }
}

function notHere(channelName: string): Card {
  return {
    title: 'Vakt',
    tone: 'plain',
    lines: [`Join ${channelName}: its members see here what is wrong now, and who is on it.`],
  }
}

function asOf(now: number): types.KnownBlock {
  const date = `<!date^${Math.floor(now / 1000)}^As of {date_short_pretty} at {time_secs}|As of now>`
  return { type: 'context', elements: [{ type: 'mrkdwn', text: `${date} · updates by itself`, verbatim: true }] }
}

function readOpen(memory: PlatformMemory): [string, number][] {
  try {
    const stored = JSON.parse(memory.read(MEMORY_NAME) ?? '[]') as unknown
    return Array.isArray(stored) ? (stored as [string, number][]) : []
  } catch {
    return []
  }
}
