// What a mention of the bot under an alert's card means: a further question about the evidence that is there already.
import { type AnswerPlace, type Mention, threadId } from '../chat/channel.ts'
import { quoteWord } from '../command/command-line.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { countFollowed, newestOfAlert } from './analyses.ts'

/** After so many questions about the same evidence it is looked anew. */
const MOST_IN_A_ROW = 10

const NO_CARD =
  'Vakt is asked about an alert under its card: mention it in a reply to the card or in its thread. "help" shows what else can be asked.'

/**
 * The command line of a mention, and where its answer belongs: in the thread that it is in, or else under the card. Without
 * words, or where no evidence is kept, the alert is analysed. Throws `not_found` where it hangs from no card.
 */
export function readMention(
  state: State,
  { channels, under, text, thread }: Mention,
): { line: string; place: AnswerPlace } {
  const card = cardOf(state, channels, under)
  if (card === null) throw new Problem('not_found', NO_CARD)
  const place = thread
    ? { channel: threadId(card.channel, thread.id), ref: thread.ref }
    : { channel: card.channel, ref: card.ref }
  const question = text.replace(/\s+/g, ' ').trim()
  if (question === '') return { line: `analyze alert ${card.alert}`, place }
  const newest = newestOfAlert(state, card.alert)
  const about =
    newest !== null && countFollowed(state, newest) < MOST_IN_A_ROW
      ? `analyze ask --analysis ${newest}`
      : `analyze alert ${card.alert}`
  return { line: `${about} --question=${quoteWord(question)}`, place }
}

function cardOf(state: State, channels: readonly string[], under: readonly string[]) {
  const query = state.prepare<[string, string], { alert: number }>(
    'select alert_id as alert from notifications where channel_id = ? and ref = ?',
  )
  for (const ref of under) {
    for (const channel of channels) {
      const found = query.get(channel, ref)
      if (found) return { ...found, channel, ref }
    }
  }
  return null
}
