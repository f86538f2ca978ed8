// Reads a mention of the bot under an alert's card as a command line: a follow-up question, or a first analysis.
import { type AnswerPlace, type Mention, threadId } from '../chat/channel.ts'
import { quoteWord } from '../command/command-line.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { findAlertMessage } from './alert-messages.ts'
import { countAncestors, readNewestIdOfAlert } from './analyses.ts'

/** After this many follow-up questions about the same evidence, new evidence is gathered. */
const MAX_FOLLOW_UPS = 10

const NO_CARD_MESSAGE =
  'To ask about an alert, mention Vakt in a reply to the card of the alert, or in its thread. "help" shows all commands.'

/**
 * The command line of a mention, and where its answer belongs: the thread of the mention, otherwise under the card. Without
 * a question, or without stored evidence, the alert is analyzed. Throws `not_found` for a mention that is not under a card.
 */
export function readMention(
  state: State,
  { channels, under, text, thread }: Mention,
): { line: string; place: AnswerPlace } {
  const card = findAlertMessage(state, channels, under)
  if (card === null) throw new Problem('not_found', NO_CARD_MESSAGE)
  const place = thread
    ? { channel: threadId(card.channel, thread.id), ref: thread.ref }
    : { channel: card.channel, ref: card.ref }
  const question = text.replace(/\s+/g, ' ').trim()
  if (question === '') return { line: `analyze alert ${card.alert}`, place }
  const newest = readNewestIdOfAlert(state, card.alert)
  const command =
    newest !== null && countAncestors(state, newest) < MAX_FOLLOW_UPS
      ? `analyze ask --analysis ${newest}`
      : `analyze alert ${card.alert}`
  return { line: `${command} --question=${quoteWord(question)}`, place }
}
