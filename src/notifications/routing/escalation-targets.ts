// Where somebody or something an alert is escalated to is reached: a channel, a person, whoever is on call.
import type { State } from '../../state/database.ts'
import { listChannels, savePersonChannel } from './channels.ts'
import type { Person } from './people.ts'
import { readPerson } from './people.ts'
import { listRecipients } from './recipients.ts'
import { onCallNow } from './rotations.ts'

/** Channels to be told, with who is called out there, and their names for the timeline. */
export type EscalationTarget = { targets: { channelId: string; mention: string[] }[]; names: string[] }

/** The ids of the channels that reach only this person, such as a mailbox; those that a configured platform can open. */
export type DirectChannels = (person: Person) => readonly string[]

/**
 * The targets of the words of an escalation for an alert: the channel itself; a person by name in every channel that
 * already has the alert, and in their direct channels.
 */
export function resolveTargets(
  state: State,
  alertId: number,
  to: readonly string[],
  now: number,
  directChannels: DirectChannels,
): EscalationTarget {
  const reached: EscalationTarget = { targets: [], names: [] }
  const channels = listChannels(state)
  for (const word of to) {
    const channel = channels.find(({ id }) => id === word)
    if (channel) {
      reached.targets.push({ channelId: channel.id, mention: [] })
      reached.names.push(channel.name)
      continue
    }
    const [, rotation] = /^oncall(?::(.+))?$/.exec(word) ?? []
    const name = /^oncall(:|$)/.test(word)
      ? (onCallNow(state, rotation, now)?.who ?? null)
      : word.replace(/^person:/, '')
    const person = name === null ? undefined : readPerson(state, name)
    reached.names.push(person?.name ?? `${word} (who is not there any more)`)
    if (!person) continue
    const mention = [`person:${person.name}`]
    for (const { channelId } of listRecipients(state, alertId)) reached.targets.push({ channelId, mention })
    for (const channelId of directChannels(person)) {
      savePersonChannel(state, channelId, person.name, now)
      reached.targets.push({ channelId, mention })
    }
  }
  return reached
}
