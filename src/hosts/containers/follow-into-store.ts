// One followed container's lines into the log store: batch by batch, each stored once, also when Vakt dies meanwhile.
import { randomUUID } from 'node:crypto'
import type { Batch, LogWriter } from '../../logs/store.ts'
import type { Position } from '../../state/schema/index.ts'
import { SECOND } from '../../time.ts'
import { type FollowOptions, followContainer } from './follow-stream.ts'
import { notePending, notePosition, readPosition } from './follows.ts'
import { inOrder, type OutputLine } from './output-line.ts'
import { after, beyond, START } from './position.ts'

/** A batch is stored when there are so many lines or letters, or after so long. */
const LINES = 1_000
const LETTERS = 4 * 1024 * 1024
const AGE = SECOND
/** With so many waiting, no more are read until those are stored. */
const MOST_LINES = 20_000
const MOST_LETTERS = 8 * LETTERS
const RETRY = 3 * SECOND
/** The lines of a batch that was being stored should be read again within so long; they may be rotated away. */
const SETTLED = 10 * SECOND

export type IntoStoreOptions = Pick<FollowOptions, 'state' | 'clock' | 'fleet' | 'host' | 'container'> & {
  logWriter: LogWriter
  /** Where to begin when nothing is stored yet, RFC 3339. */
  since: string
  /** The settings of the project at the moment. */
  settings(): Pick<Batch, 'project' | 'limits' | 'retentionMs' | 'privacy'>
  onTrouble(error: unknown): void
}

/** A batch that is being stored, or was when Vakt died: then its lines are gathered again before it is. */
type Hand = { key: string; until: Position; count: number; lines: OutputLine[] }

/** Follows until the returned function is called; what was read and not stored by then is read again the next time. */
export function followIntoStore(options: IntoStoreOptions): () => void {
  const { state, clock, host, container, since } = options
  const left = readPosition(state, host.id, container)
  let position = left?.position ?? START
  let reached = position
  let hand: Hand | null = left?.pending ? { ...left.pending, count: left.pending.lines, lines: [] } : null
  const isLater = beyond(hand?.until ?? position, position)
  const began = clock.now()
  let waiting: OutputLine[] = []
  let letters = 0
  let storing = false
  let stopped = false
  let cancel = () => {}
  let unfollow: (() => void) | null = null

  const follow = () => {
    const known = reached.stdout !== null || reached.stderr !== null
    const from = known ? reached : { since }
    unfollow = followContainer({ ...options, insist: false, from, onLines: take })
  }

  const take = (lines: readonly OutputLine[]) => {
    for (const line of lines) {
      reached = after(reached, line)
      if (isLater(line)) {
        waiting.push(line)
        letters += line.text.length
      } else hand?.lines.push(line)
    }
    if (waiting.length >= MOST_LINES || letters >= MOST_LETTERS) {
      unfollow?.()
      unfollow = null
    }
    arm(isBatch() ? 0 : AGE)
  }

  const isBatch = () => waiting.length >= LINES || letters >= LETTERS

  const arm = (ms: number) => {
    if (stopped) return
    cancel()
    cancel = clock.at(clock.now() + ms, turn)
  }

  const turn = () => {
    if (storing || stopped) return
    if (hand !== null && hand.lines.length < hand.count && clock.now() < began + SETTLED) return arm(AGE)
    hand ??= nextHand()
    if (hand === null) return
    storing = true
    put(hand).then(
      () => {
        storing = false
        if (unfollow === null && !stopped && !isBatch()) follow()
        if (waiting.length > 0) arm(isBatch() ? 0 : AGE)
      },
      error => {
        // The same batch is tried again, for it may have been stored after all.
        storing = false
        if (!stopped) options.onTrouble(error)
        arm(RETRY)
      },
    )
  }

  const nextHand = (): Hand | null => {
    if (waiting.length === 0) return null
    const lines = waiting.slice(0, batchOf(waiting))
    waiting = waiting.slice(lines.length)
    letters -= lettersIn(lines)
    return { key: randomUUID(), until: lines.reduce(after, position), count: lines.length, lines }
  }

  const put = async ({ key, until, count, lines }: Hand) => {
    notePending(state, host.id, container, position, { key, until, lines: count })
    if (lines.length > 0)
      await options.logWriter.append({
        ...options.settings(),
        body: textOf(lines),
        format: 'text',
        defaults: { source: container, host: host.name },
        receivedAt: clock.now(),
        idempotencyKey: `follow:${key}`,
      })
    position = until
    hand = null
    // Whoever stopped following may have forgotten the position already.
    if (!stopped) notePosition(state, host.id, container, position)
  }

  follow()
  if (hand !== null) arm(AGE)
  return () => {
    stopped = true
    cancel()
    unfollow?.()
  }
}

/** How many of the lines fit into one batch, one at the least. */
function batchOf(lines: readonly OutputLine[]): number {
  let letters = 0
  for (const [i, line] of lines.entries()) {
    letters += line.text.length
    if (i === LINES || (i > 0 && letters > LETTERS)) return i
  }
  return lines.length
}

function lettersIn(lines: readonly OutputLine[]): number {
  return lines.reduce((sum, line) => sum + line.text.length, 0)
}

/** As text that the store reads: each line dated, but for those that go on what stands above, such as stack traces. */
function textOf(lines: readonly OutputLine[]): ArrayBuffer {
  const text = inOrder(lines)
    .map(({ stamp, text }, i) => (i > 0 && /^(?:\s|Caused by: |\}$)/.test(text) ? text : `${stamp} ${text}`))
    .join('\n')
  return new Uint8Array(Buffer.from(text)).buffer
}
