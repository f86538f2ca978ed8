// Somebody presses a button on a card that a chat shows: the command line behind it runs.
import { HOUR, MINUTE } from '../../../time.ts'
import type { ChatMessage } from '../chat.ts'
import type { Press } from '../model/model.ts'
import { stepKind } from './step.ts'

const BUTTONS = ['ack', 'unack', 'snooze', 'note'] as const

export const press = stepKind<{ chat: string; button: (typeof BUTTONS)[number]; place: number; ms: number }>({
  name: 'press',
  weight: 16,
  plan: (random, site) => ({
    chat: random.pick(site.chats),
    button: random.pick(BUTTONS),
    place: random.whole(0, 9),
    ms: random.whole(5 * MINUTE, 2 * HOUR),
  }),
  async play(world, { chat: id, button, place, ms }) {
    const chat = world.chats.find(candidate => candidate.id === id)!
    const open = chat.messages.filter(isPressable)
    const message = open[place % Math.max(1, open.length)]
    if (!message || world.orphans.has(message)) return
    const alert = Number(/^Alert (\d+)/.exec(String([message.card.footer].flat(2)[0]))?.[1])
    const minutes = Math.round(ms / MINUTE)
    const line = {
      ack: `ack ${alert}`,
      unack: `unack ${alert}`,
      snooze: `snooze ${alert} --for ${minutes}m`,
      note: `note ${alert} looking`,
    }
    const answer = await world.command(line[button])
    if (button === 'note') return
    const before: Press = world.model.presses.get(alert) ?? { word: null, until: null, isCertain: true }
    const until = button === 'snooze' ? world.clock.now() + minutes * MINUTE : null
    const word = ({ ack: 'Acknowledged', unack: null, snooze: 'Snoozed' } as const)[button]
    if (answer?.ok) world.model.presses.set(alert, { word, until, isCertain: true })
    else if (answer === null && world.wasReached()) world.model.presses.set(alert, { ...before, isCertain: false })
  },
})

/** An alert of a check that is open, as the card shows it. */
function isPressable({ card }: ChatMessage): boolean {
  return /^(Critical|Warning|Info|Acknowledged|Snoozed): [\w-]+ (sent|started|reported)/.test(card.title)
}
