// The rules of being online: a quorum of targets, and a second look before anybody is told. Pure.

/** One round of probes: when it began (epoch ms), how many targets answered, of how many. */
export type Round = { at: number; answered: number; of: number }

/**
 * `offline` since the round that settled it; `degraded` while some targets do not answer. `failing` counts the
 * rounds that failed in a row, and `heardAt` is when the last one that did not fail began.
 */
export type Connectivity = {
  state: 'online' | 'degraded' | 'offline'
  since: number
  failing: number
  heardAt: number
}

/** How many rounds in a row must fail before Vakt counts as offline. */
const ROUNDS_TO_FAIL = 2

export function startedOnline(at: number): Connectivity {
  return { state: 'online', since: at, failing: 0, heardAt: at }
}

/** The connectivity after one more round. A round fails when no more than half of the targets answered. */
export function afterRound(before: Connectivity, round: Round): Connectivity {
  if (round.answered * 2 > round.of) {
    const state = round.answered < round.of ? 'degraded' : 'online'
    return { state, since: state === before.state ? before.since : round.at, failing: 0, heardAt: round.at }
  }
  const failing = before.failing + 1
  if (before.state === 'offline') return { ...before, failing }
  if (failing < ROUNDS_TO_FAIL) return { ...before, failing }
  return { ...before, state: 'offline', since: round.at, failing }
}
