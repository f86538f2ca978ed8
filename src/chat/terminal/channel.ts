// The terminal as the delivery loop uses it: a card is printed again when it changes.
import type { Card } from '../../card.ts'
import type { Channel } from '../channel.ts'
import { createReportedEnds } from '../reported-ends.ts'

/** Nobody at a terminal is known by an account, so nobody confirms an action there. */
const CAPABILITIES = { edits: false, threads: false, pictures: false, mentions: false, interactive: false }

/** The channel over `show`, which prints a card. References are numbers that count up. */
export function createChannel(show: (card: Card) => void): Channel {
  const reportedEnds = createReportedEnds()
  let posted = 0

  return {
    id: 'terminal',
    capabilities: CAPABILITIES,
    name: 'Terminal',
    async post(card) {
      show(card)
      return String(++posted)
    },
    async edit(ref, card) {
      if (!reportedEnds.isRepeated(ref, card)) show(card)
    },
    async reply(ref, card) {
      show(card)
      reportedEnds.noteReply(ref, card)
      return String(++posted)
    },
    // A card that was printed before a crash may be out of sight, so it is printed a second time.
    find: async () => null,
  }
}
