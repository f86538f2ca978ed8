// Which channels receive an alert: those of the routes that match, in their order, with the mentions there. Pure.
import type { Alert } from '../../alerts/alert.ts'
import { knownMatcher, type Matchable, matchesAlert } from '../../alerts/matcher.ts'
import { isWorse } from '../../severity.ts'
import type { channels, routes } from '../../state/schema/index.ts'

export type Route = typeof routes.$inferSelect
export type ChannelRow = typeof channels.$inferSelect

/** One channel that receives an alert, whom its messages mention there, and why (a sentence part for people). */
export type NewRecipient = { channelId: string; mention: readonly string[]; why: string; isEscalation?: boolean }

/** What a route does with an alert. It is not evaluated when an earlier one took the alert. */
export type RouteMatch = {
  route: Route
  outcome: 'matches' | 'does not match' | 'not evaluated' | 'channels removed'
}

/**
 * The recipients of an alert of this project. The first route that matches takes it; with `continues` the routes after it
 * are evaluated too. Without any route every channel receives it. An alert that no route takes goes to the channels of the
 * settings, so that none is lost. Test alerts go everywhere; the channels of people are only for escalations.
 */
export function chooseRecipients(
  alert: Matchable,
  project: string | null,
  routes: readonly Route[],
  channels: readonly ChannelRow[],
): NewRecipient[] {
  const open = channels.filter(channel => channel.origin !== 'person')
  if (routes.length === 0 || alert.detector === 'test')
    return open.map(channel => withoutMentions(channel, 'every channel'))
  const matching = matchRoutes(alert, project, routes, open).filter(({ outcome }) => outcome === 'matches')
  const recipients = new Map<string, NewRecipient>()
  for (const { route } of matching) {
    for (const channel of open.filter(({ id }) => route.channels.includes(id))) {
      const known = recipients.get(channel.id)
      const mention = [...new Set([...(known?.mention ?? []), ...mentionsOf(route, alert.severity)])]
      recipients.set(channel.id, { channelId: channel.id, mention, why: known?.why ?? `route ${route.name}` })
    }
  }
  if (matching.length > 0) return [...recipients.values()]
  return open.filter(({ origin }) => origin === 'settings').map(channel => withoutMentions(channel, 'no route fits'))
}

/** The recipients of several alerts with one card: each channel once, with the mentions of all. */
export function mergeRecipients(recipients: readonly NewRecipient[]): NewRecipient[] {
  const merged = new Map<string, NewRecipient>()
  for (const recipient of recipients) {
    const known = merged.get(recipient.channelId)
    const mention = [...new Set([...(known?.mention ?? []), ...recipient.mention])]
    merged.set(recipient.channelId, { ...(known ?? recipient), mention })
  }
  return [...merged.values()]
}

/** What each route does with an alert, in order. */
export function matchRoutes(
  alert: Matchable,
  project: string | null,
  routes: readonly Route[],
  channels: readonly ChannelRow[],
): RouteMatch[] {
  let isTaken = false
  return routes.map((route): RouteMatch => {
    if (isTaken) return { route, outcome: 'not evaluated' }
    if (!matchesAlert(knownMatcher(route.matcher), alert, project)) return { route, outcome: 'does not match' }
    if (!channels.some(({ id }) => route.channels.includes(id))) return { route, outcome: 'channels removed' }
    isTaken = !route.continues
    return { route, outcome: 'matches' }
  })
}

function mentionsOf(route: Route, severity: Alert['severity']): readonly string[] {
  return isWorse(route.mentionFrom, severity) ? [] : route.mention
}

function withoutMentions({ id }: ChannelRow, why: string): NewRecipient {
  return { channelId: id, mention: [], why }
}
