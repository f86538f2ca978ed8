// The rules of being online: a majority of targets must answer, and one failed round is not enough to be offline. Pure.

/** One round of probes: its start (epoch ms), how many targets answered, and how many were probed. */
export type Round = { at: number; answered: number; total: number }

/**
 * `offline` since the round that confirmed it; `degraded` while some targets do not answer. `failedRounds` counts
 * failures in a row since `failingSince`, the start of the first of them; `lastSuccessAt` (epoch ms) is the start of the
 * last round that did not fail. Somewhere between the two the outage began: deadlines count from the first, what people
 * read from the second.
 */
export type Connectivity = {
  state: 'online' | 'degraded' | 'offline'
  since: number
  failedRounds: number
  failingSince: number | null
  lastSuccessAt: number
}

/** How many rounds in a row must fail before Vakt counts as offline. */
const ROUNDS_TO_FAIL = 2

/** Vakt counts as online until a probe shows something else. */
export function initialConnectivity(at: number): Connectivity {
  return { state: 'online', since: at, failedRounds: 0, failingSince: null, lastSuccessAt: at }
}

/** The connectivity after one more round. A round fails unless more than half of the targets answer. */
export function afterRound(before: Connectivity, round: Round): Connectivity {
  if (round.answered * 2 > round.total) {
    const state = round.answered < round.total ? 'degraded' : 'online'
    const since = state === before.state ? before.since : round.at
    return { state, since, failedRounds: 0, failingSince: null, lastSuccessAt: round.at }
  }
  const failedRounds = before.failedRounds + 1
  const failing = { ...before, failedRounds, failingSince: before.failingSince ?? round.at }
  if (before.state === 'offline' || failedRounds < ROUNDS_TO_FAIL) return failing
  return { ...failing, state: 'offline', since: round.at }
}
