// The queue of open alerts whose suppression must be evaluated again because something relevant changed.
import type { State } from '../../state/database.ts'

/** The alerts still to evaluate, and whether all open alerts follow after them. */
type Queue = { ids: number[]; isRequested: boolean }

// After a start all open alerts are evaluated once, because anything may have changed meanwhile.
const queues = new WeakMap<State, Queue>()

/** Requests that all open alerts are evaluated again, from the next tick on. */
export function requestReevaluation(state: State): void {
  queueOf(state).isRequested = true
  state.emit('alerts')
}

/** Whether every open alert was evaluated since the last change. */
export function isReevaluated(state: State): boolean {
  const { ids, isRequested } = queueOf(state)
  return !isRequested && ids.length === 0
}

/**
 * Takes up to `limit` ids of open alerts to evaluate from the queue. A request amid a round appends all others behind those
 * that still wait, so that frequent changes starve no alert.
 */
export function nextForReevaluation(state: State, limit: number): number[] {
  const queue = queueOf(state)
  if (queue.isRequested) {
    const waiting = new Set(queue.ids)
    queue.ids = [...queue.ids, ...readOpenIds(state).filter(id => !waiting.has(id))]
    queue.isRequested = false
  }
  return queue.ids.splice(0, limit)
}

function queueOf(state: State): Queue {
  const known = queues.get(state)
  if (known) return known
  const first = { ids: [], isRequested: true }
  queues.set(state, first)
  return first
}

function readOpenIds(state: State): number[] {
  const query = `select id from alerts where state <> 'resolved' order by id`
  return state
    .prepare<[], { id: number }>(query)
    .all()
    .map(({ id }) => id)
}
