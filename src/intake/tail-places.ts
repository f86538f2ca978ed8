// The places for clients that follow lines over HTTP: a few for each key and some in all, and none for a key that is revoked.
import type { Requester } from '../chat/channel.ts'
import { Problem } from '../problem.ts'
import { isKeyLive } from '../projects/keys.ts'
import type { State } from '../state/database.ts'
import { plural } from '../text.ts'
import { SECOND } from '../time.ts'

/** How many streams of lines a key may have open, and all keys together. */
export type TailLimits = { perKey: number; total: number }

/** One stream's place. */
export type TailPlace = {
  /** Calls `listener` with a sentence about why the stream must end. */
  onEnd(listener: (reason: string) => void): void
  /** Gives the place back; more than once is fine. */
  release(): void
}

export interface TailPlaces {
  /** A place for a requester. Throws `limited` when there is none left. */
  take(requester: Requester): TailPlace
}

/** When a refused client may try again: places become free whenever somebody leaves. */
const RETRY_AFTER_MS = 10 * SECOND

type Taken = { keyId: string; isProjectKey: boolean; end: (reason: string) => void }

export function createTailPlaces(state: State, { perKey, total }: TailLimits): TailPlaces {
  const taken = new Set<Taken>()

  state.onCommit(topics => {
    if (!topics.has('keys')) return
    for (const place of taken)
      if (place.isProjectKey && !isKeyLive(state, place.keyId))
        place.end(`The key ${place.keyId} was revoked, or its project was removed.`)
  })

  return {
    take({ id, name, key }) {
      const own = [...taken].filter(({ keyId }) => keyId === id).length
      const who = key ? `The ${name}` : 'The admin key'
      if (own >= perKey)
        throw full(`${who} follows ${plural(own, 'stream')} of lines already, which is its limit. Close one first.`)
      if (taken.size >= total)
        throw full(
          `${plural(taken.size, 'stream')} of lines are open, which is the limit of this Vakt. Try again later.`,
        )
      const place: Taken = { keyId: id, isProjectKey: key !== undefined, end() {} }
      taken.add(place)
      return {
        onEnd(listener) {
          place.end = listener
        },
        release: () => void taken.delete(place),
      }
    },
  }
}

function full(message: string): Problem {
  return new Problem('limited', message, { retryAfterMs: RETRY_AFTER_MS })
}
