// The channels and people behind the words of an escalation: a channel, a person, the person on call.
import type { State } from '../../state/database.ts'
import { listChannels, savePersonChannel } from './channels.ts'
import { type Person, readPerson } from './people.ts'
import { listRecipients } from './recipients.ts'
import { onCallNow } from './rotations.ts'

/** The channels to notify with the people to mention there, and their names for the timeline. */
export type EscalationTargets = { targets: { channelId: string; mention: string[] }[]; names: string[] }

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
): EscalationTargets {
  const resolved: EscalationTargets = { targets: [], names: [] }
  const channels = listChannels(state)
  for (const word of to) {
    const channel = channels.find(({ id }) => id === word)
    if (channel) {
      resolved.targets.push({ channelId: channel.id, mention: [] })
      resolved.names.push(channel.name)
      continue
    }
    const [, rotation] = /^oncall(?::(.+))?$/.exec(word) ?? []
    const name = /^oncall(:|$)/.test(word)
      ? (onCallNow(state, rotation, now)?.who ?? null)
      : word.replace(/^person:/, '')
    const person = name === null ? undefined : readPerson(state, name)
    resolved.names.push(person?.name ?? `${word} (deleted)`)
    if (!person) continue
    const mention = [`person:${person.name}`]
    for (const { channelId } of listRecipients(state, alertId)) resolved.targets.push({ channelId, mention })
    for (const channelId of directChannels(person)) {
      savePersonChannel(state, channelId, person.name, now)
      resolved.targets.push({ channelId, mention })
    }
  }
  return resolved
}
