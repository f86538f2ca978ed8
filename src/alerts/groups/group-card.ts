// What the card of a group shows of its members: how many fire, and a table with what tells them apart. Pure.
import type { Evidence, Text } from '../../card.ts'
import { plural } from '../../text.ts'
import type { Alert } from '../alert.ts'
import { type MemberCounts, memberTable } from './group.ts'

/** The members of a group for its card: those that it shows, in order, and how many there are. */
export type GroupMembers = {
  shown: readonly Alert[]
  /** The members that the shown ones are to be told from. */
  all: readonly Alert[]
  counts: MemberCounts
  /** How many members do not go to the channel of the card. */
  elsewhere: number
}

/** How many members a card reads, how many have a line each, and how long the names of the others may get. */
export const MAX_SHOWN_MEMBERS = 200
const MAX_ROWS = 12
const MAX_LENGTH = 2_000
const SEPARATOR = ', '
const format = (count: number) => count.toLocaleString('en')

/** How many alerts of the group fire, are acknowledged and are resolved; many of them are listed by their state. */
export function groupLines(alert: Alert, members: GroupMembers): Text[] {
  const { counts, elsewhere, shown } = members
  const { total, open, acknowledged } = counts
  const firing = open - acknowledged
  const parts = [
    ...(firing > 0 ? [`${format(firing)} firing`] : []),
    ...(acknowledged > 0 ? [`${format(acknowledged)} acknowledged`] : []),
    ...(total > open ? [`${format(total - open)} resolved`] : []),
  ]
  const other =
    elsewhere === 0 ? '' : ` ${format(elsewhere)} of them ${elsewhere === 1 ? 'goes' : 'go'} to other channels.`
  const state = alert.state === 'resolved' ? 'all resolved' : parts.join(', ')
  const summary = `This card stands for ${plural(total, 'alert')}: ${state}.${other}`
  return [summary, ...(shown.length > MAX_ROWS ? stateLines(alert, members) : [])]
}

/** A few members as a table: what tells each of them from the others, and its state. */
export function groupTable({ shown, all }: GroupMembers): Evidence[] {
  if (shown.length === 0 || shown.length > MAX_ROWS) return []
  const { names, cells } = memberTable(shown, all)
  return [{ kind: 'table', columns: names.map(name => ({ name })), cells }]
}

/** A line for each state with the members in it, as many as there is room for; the rest is a number. */
function stateLines(alert: Alert, { shown, all, counts, elsewhere }: GroupMembers): Text[] {
  const byState = new Map<string, string[]>()
  let length = 0
  let listed = 0
  for (const row of memberTable(shown, all).cells) {
    const name = row.slice(0, -1).join(' ')
    length += name.length + SEPARATOR.length
    if (length > MAX_LENGTH) break
    const state = row.at(-1)!
    byState.set(state, [...(byState.get(state) ?? []), name])
    listed++
  }
  const more = counts.total - elsewhere - listed
  return [
    ...[...byState].map(
      ([state, names]): Text => [
        { bold: `${state.charAt(0).toUpperCase()}${state.slice(1)}${more > 0 ? '' : ` (${names.length})`}` },
        `: ${names.join(SEPARATOR)}`,
      ],
    ),
    ...(more > 0 ? [`… ${format(more)} more: "alerts show ${alert.id}" has all of them.`] : []),
  ]
}
