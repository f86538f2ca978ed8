// The boards table: which channels have a live board, and which message it is.
import { randomBytes } from 'node:crypto'
import type { State } from '../../state/database.ts'
import { asc, eq } from '../../state/orm.ts'
import { boards } from '../../state/schema/index.ts'

export type Board = typeof boards.$inferSelect

/** All boards, in the order of their channels. */
export function listBoards(state: State): Board[] {
  return state.prepared('boards', db => db.select().from(boards).orderBy(asc(boards.channelId)).prepare()).all()
}

/** The board of a channel. */
export function readBoard(state: State, channelId: string): Board | undefined {
  return state.db.select().from(boards).where(eq(boards.channelId, channelId)).get()
}

/** Gives a channel a board, in place of one that it may have; its message is still to be posted. */
export function setBoard(state: State, draft: Pick<Board, 'channelId' | 'projectId' | 'setBy'>, now: number): Board {
  const values = { ...draft, ...unposted(), createdAt: now }
  return state.transaction(() => {
    state.emit('boards')
    return state.db
      .insert(boards)
      .values(values)
      .onConflictDoUpdate({ target: boards.channelId, set: values })
      .returning()
      .get()
  })
}

/** Records what happened to the message of a board; nothing when the board was removed or replaced meanwhile. */
export function markBoard(
  state: State,
  { channelId, nonce }: Board,
  changes: Partial<Pick<Board, 'ref' | 'sentAt' | 'isPinned'>>,
): void {
  state.transaction(() => {
    if (readBoard(state, channelId)?.nonce === nonce)
      state.db.update(boards).set(changes).where(eq(boards.channelId, channelId)).run()
  })
}

/** Forgets the message of a board, so that another is posted. */
export function forgetMessage(state: State, { channelId, nonce }: Board): void {
  state.transaction(() => {
    if (readBoard(state, channelId)?.nonce === nonce)
      state.db.update(boards).set(unposted()).where(eq(boards.channelId, channelId)).run()
  })
}

/** Removes the board of a channel. */
export function removeBoard(state: State, { channelId }: Pick<Board, 'channelId'>): void {
  state.transaction(() => {
    state.emit('boards')
    state.db.delete(boards).where(eq(boards.channelId, channelId)).run()
  })
}

function unposted() {
  return { ref: null, nonce: randomBytes(12).toString('hex'), sentAt: null, isPinned: false }
}
