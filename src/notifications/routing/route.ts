// Where an alert is told: the routes it fits, in their order, as channels with who is called out there. Pure.
import type { Alert } from '../../alerts/alert.ts'
import { knownMatcher, type Matchable, matchesAlert } from '../../alerts/matcher.ts'
import { SEVERITIES } from '../../severity.ts'
import type { channels, routes } from '../../state/schema/index.ts'

export type Route = typeof routes.$inferSelect
export type ChannelRow = typeof channels.$inferSelect

/** One channel of an alert's audience, who is called out there, and why it is told. */
export type Target = { channelId: string; mention: readonly string[]; why: string }

/** How one route takes an alert, for `routes test`. */
export type RouteMatch = {
  route: Route
  says: 'fits' | 'does not fit' | 'not asked, for an earlier route took it' | 'its channels are gone'
}

/**
 * The audience of an alert of the project named. The first route that fits takes it, and each after it as long as routes go
 * on; without any route every channel is told. What no route takes is told in the channels of the settings, for nothing may
 * be lost between routes. Tests of the way to the chats go everywhere; channels of persons are reached by escalation only.
 */
export function recipientsOf(
  alert: Matchable,
  project: string | null,
  routes: readonly Route[],
  channels: readonly ChannelRow[],
): Target[] {
  const open = channels.filter(channel => channel.origin !== 'person')
  if (routes.length === 0 || alert.detector === 'test') return open.map(channel => toEvery(channel, 'every channel'))
  const taking = matchRoutes(alert, project, routes, open).filter(({ says }) => says === 'fits')
  const targets = new Map<string, Target>()
  for (const { route } of taking) {
    for (const channel of open.filter(({ id }) => route.channels.includes(id))) {
      const before = targets.get(channel.id)
      const mention = [...new Set([...(before?.mention ?? []), ...mentionOf(route, alert.severity)])]
      targets.set(channel.id, { channelId: channel.id, mention, why: before?.why ?? `route ${route.name}` })
    }
  }
  if (taking.length > 0) return [...targets.values()]
  return open.filter(({ origin }) => origin === 'settings').map(channel => toEvery(channel, 'no route fits'))
}

/** What each route says to an alert, in order. */
export function matchRoutes(
  alert: Matchable,
  project: string | null,
  routes: readonly Route[],
  channels: readonly ChannelRow[],
): RouteMatch[] {
  let taken = false
  return routes.map((route): RouteMatch => {
    if (taken) return { route, says: 'not asked, for an earlier route took it' }
    if (!matchesAlert(knownMatcher(route.matcher), alert, project)) return { route, says: 'does not fit' }
    if (!channels.some(({ id }) => route.channels.includes(id))) return { route, says: 'its channels are gone' }
    taken = !route.goesOn
    return { route, says: 'fits' }
  })
}

function mentionOf(route: Route, severity: Alert['severity']): readonly string[] {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(route.mentionFrom) ? route.mention : []
}

function toEvery({ id }: ChannelRow, why: string): Target {
  return { channelId: id, mention: [], why }
}
