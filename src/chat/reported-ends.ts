// For channels without edits: the end of an alert is sent once, though it changes the card and is announced by a reply.
import { BoundedMap } from '../bounded-map.ts'
import type { Card } from '../card.ts'

/** How many alerts are remembered. */
const SIZE = 1_000

export interface ReportedEnds {
  /** A reply was sent under the message `ref`. */
  noteReply(ref: string, card: Card): void
  /** Whether the change of `ref` into `card` is an end that a reply has already announced. Asked once. */
  isRepeated(ref: string, card: Card): boolean
}

export function createReportedEnds(): ReportedEnds {
  const announced = new BoundedMap<string, true>(SIZE)
  const isEnd = (card: Card) => card.tone === 'good'
  return {
    noteReply(ref, card) {
      if (isEnd(card)) announced.set(ref, true)
    },
    isRepeated: (ref, card) => isEnd(card) && announced.delete(ref),
  }
}
