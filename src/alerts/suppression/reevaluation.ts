// Which open alerts are still to be judged anew, because what holds them back has changed.
import type { State } from '../../state/database.ts'

/** What is left of a round, and whether another one is to follow it. */
type Round = { left: number[]; again: boolean }

// After a start everything is judged once, for nobody knows what changed meanwhile.
const rounds = new WeakMap<State, Round>()

/** Has every open alert judged anew, from the next turn on. */
export function requestReevaluation(state: State): void {
  roundOf(state).again = true
  state.emit('alerts')
}

/** Whether nothing has changed since every open alert was judged. */
export function isReevaluated(state: State): boolean {
  const { left, again } = roundOf(state)
  return !again && left.length === 0
}

/**
 * Takes the numbers of up to `limit` open alerts that are to be judged. A change amid a round has those at its end judged
 * before those at its beginning are again: however often something changes, everybody's turn comes.
 */
export function nextForReevaluation(state: State, limit: number): number[] {
  const round = roundOf(state)
  if (round.again) {
    const waiting = new Set(round.left)
    round.left = [...round.left, ...openAlerts(state).filter(id => !waiting.has(id))]
    round.again = false
  }
  return round.left.splice(0, limit)
}

function roundOf(state: State): Round {
  const known = rounds.get(state)
  if (known) return known
  const first = { left: [], again: true }
  rounds.set(state, first)
  return first
}

function openAlerts(state: State): number[] {
  const query = `select id from alerts where state <> 'resolved' order by id`
  return state
    .prepare<[], { id: number }>(query)
    .all()
    .map(({ id }) => id)
}
