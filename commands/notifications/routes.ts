// The commands about routes: which alerts go to which channels, whom they mention, and why.
import { z } from 'zod'
import type { Alert } from '../../src/alerts/alert.ts'
import { findAlert, listAlerts } from '../../src/alerts/alerts.ts'
import { matchesAlert, readMatcher } from '../../src/alerts/matcher.ts'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { listChannels } from '../../src/notifications/routing/channels.ts'
import { mentionName } from '../../src/notifications/routing/mentions.ts'
import { listRecipients } from '../../src/notifications/routing/recipients.ts'
import { chooseRecipients, matchRoutes, type Route, type RouteMatch } from '../../src/notifications/routing/route.ts'
import { addRoute, editRoute, findRoute, listRoutes, removeRoute } from '../../src/notifications/routing/routes.ts'
import { invalid } from '../../src/problem.ts'
import { readProjectById } from '../../src/projects/projects.ts'
import { SEVERITIES } from '../../src/severity.ts'
import type { State } from '../../src/state/database.ts'
import { plural } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
import { matcherHints } from '../alerts/matcher-hints.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, readable, yes } from '../context.ts'
import { channelIds, matcher, mentionWords, readLabelNames, setName, toChannels } from './recipient-arguments.ts'

const routeName = () => completes(positional(z.string().max(64)), 'route').describe('Name of the route')
/** How a route groups: the labels of `--group-by`, or off for a card each. */
function readGroupBy(text: string): { groupBy: string[] | null; ungrouped: boolean } {
  if (text === 'none') return { groupBy: null, ungrouped: false }
  if (text === 'off') return { groupBy: null, ungrouped: true }
  return { groupBy: readLabelNames(text), ungrouped: false }
}

const settings = {
  mention: z
    .string()
    .max(500)
    .optional()
    .describe('Whom new messages mention: people, oncall, @here, a role, a group, or none'),
  mentionFrom: z.enum(SEVERITIES).optional().describe('Lowest severity that mentions (default: critical)'),
  continue: z.boolean().optional().describe('Evaluate the routes after it as well'),
  groupBy: readable(readGroupBy, 300)
    .optional()
    .describe(
      'Labels by which its alerts share one card: host, or rule,host; all is one card, off a card each, none as rules and senders group',
    ),
  before: completes(z.string().max(64), 'route').optional().describe('Route to put it before (default: last)'),
}
/** Alerts that `routes test --matcher` shows. */
const MAX_TESTED_ALERTS = 10
const MAX_SEARCHED_ALERTS = 500

const add = command({
  name: 'routes add',
  summary: 'Send alerts that match to these channels',
  details:
    'Routes are evaluated in order; the first that matches takes the alert, unless it has --continue. An alert that no route takes goes to the channels of the settings. Without any route every alert goes to every channel.',
  examples: [
    'routes add payments --matcher "project:shop severity>=warning" --to "#payments" --mention oncall',
    'routes add all-to-mail --to ops-mail --continue',
    'routes add racks --matcher "host:rack-*" --to "#infra" --group-by host',
  ],
  role: 'admin',
  args: {
    name: positional(setName()).describe('Name of the route'),
    matcher: matcher().optional(),
    to: toChannels().describe('Channels by name or id, separated by commas'),
    ...settings,
  },
  run(
    { name, matcher: wanted = '', to, mention, mentionFrom, groupBy, before, continue: continues = false },
    { state, platforms, by, now },
  ) {
    const row = {
      matcher: wanted,
      channels: channelIds(state, to),
      mention: mention === undefined ? [] : mentionWords({ state, platforms }, mention),
      mentionFrom: mentionFrom ?? ('critical' as const),
      continues,
      ...(groupBy ?? { groupBy: null, ungrouped: false }),
      setBy: by.name,
    }
    return changedAnswer(state, addRoute(state, name, row, before, now))
  },
})

const list = command({
  name: 'routes list',
  summary: 'Show the routes in the order of their evaluation',
  role: 'viewer',
  args: {},
  run(_, { state }) {
    const routes = listRoutes(state)
    const all = listChannels(state).filter(row => row.origin !== 'person')
    const empty = `Every alert goes to every channel: ${all.map(row => row.name).join(', ') || 'there are none'}. "routes add" changes that.`
    return {
      card: {
        title: routes.length === 0 ? 'No routes' : plural(routes.length, 'route'),
        tone: 'plain',
        ...(routes.length === 0
          ? { lines: [empty] }
          : {
              lines: ['Alerts that no route takes go to the channels of the settings.'],
              rows: routes.map(route => ({
                name: route.name,
                text: routeLine(state, route),
                action: { label: 'Show', line: `routes show ${quoteWord(route.name)}` },
              })),
            }),
      },
      result: { routes: routes.map(routeResult) },
    }
  },
})

const show = command({
  name: 'routes show',
  summary: 'Show one route',
  role: 'viewer',
  args: { name: routeName() },
  run: ({ name }, { state }) => routeAnswer(state, findRoute(state, name), 'plain'),
})

const edit = command({
  name: 'routes edit',
  summary: 'Edit a route; the change applies to open alerts at once',
  examples: ['routes edit payments --mention none', 'routes edit payments --before all-to-mail'],
  role: 'admin',
  args: {
    name: routeName(),
    matcher: matcher().optional().describe('New matcher, such as project:shop severity>=warning host:web-*'),
    to: toChannels().optional().describe('Channels by name or id, separated by commas'),
    ...settings,
  },
  run({ name, matcher: wanted, to, mention, mentionFrom, groupBy, before, continue: continues }, { state, platforms }) {
    const changes = {
      ...(wanted === undefined ? {} : { matcher: wanted }),
      ...(to === undefined ? {} : { channels: channelIds(state, to) }),
      ...(mention === undefined ? {} : { mention: mentionWords({ state, platforms }, mention) }),
      ...(mentionFrom === undefined ? {} : { mentionFrom }),
      ...(continues === undefined ? {} : { continues }),
      ...(groupBy ?? {}),
    }
    if (Object.keys(changes).length === 0 && before === undefined)
      throw invalid(
        'settings',
        'Name what to change: --matcher, --to, --mention, --mention-from, --group-by, --continue or --before.',
      )
    return changedAnswer(state, editRoute(state, name, changes, before))
  },
})

const remove = command({
  name: 'routes remove',
  summary: 'Remove a route',
  role: 'admin',
  args: { name: routeName(), yes: yes() },
  run({ name, yes }, { state, interactive }) {
    const route = findRoute(state, name)
    if (interactive && !yes)
      return confirmation(`Remove the route ${name}?`, [routeLine(state, route)], { line: `routes remove ${name}` })
    removeRoute(state, name)
    return { card: { title: `The route ${name} is removed`, tone: 'muted' }, result: { route: routeResult(route) } }
  },
})

const test = command({
  name: 'routes test',
  summary: 'Show where an alert goes by the current routes, and why',
  examples: ['routes test 42', 'routes test --matcher "project:shop severity>=critical"'],
  role: 'viewer',
  args: {
    alert: positional(z.number({ error: 'must be an alert number such as 42' }).int().positive().optional()).describe(
      'Alert number, such as 42',
    ),
    matcher: matcher().optional(),
  },
  run({ alert: id, matcher: asked }, { state }) {
    if (id === undefined && asked === undefined)
      throw invalid('alert', 'Name an alert, or use --matcher to select alerts.')
    const wanted = readMatcher(asked ?? '')
    const found =
      id === undefined
        ? listAlerts(state, { limit: MAX_SEARCHED_ALERTS })
            .filter(alert => matchesAlert(wanted, alert, projectOf(state, alert)))
            .slice(0, MAX_TESTED_ALERTS)
        : [findAlert(state, id)]
    return {
      card: {
        title:
          found.length === 0
            ? 'No alert matches'
            : `Recipients of ${id === undefined ? 'matching alerts' : `alert ${id}`}`,
        tone: 'plain',
        lines:
          found.length === 0
            ? ['"alerts history" shows past alerts. "routes test 42" shows the recipients of alert 42.']
            : found.flatMap(alert => recipientLines(state, alert, id !== undefined)),
      },
      result: { tests: found.map(alert => recipientsResult(state, alert)) },
    }
  },
})

export const routeCommands = [add, list, show, edit, remove, test]

/** Results keep the former words of outcomes, because scripts compare them. */
const OUTCOMES_IN_RESULTS: Record<RouteMatch['outcome'], string> = {
  matches: 'fits',
  'does not match': 'does not fit',
  'not evaluated': 'not asked, for an earlier route took it',
  'channels removed': 'its channels are gone',
}
const OUTCOME_TEXTS: Record<RouteMatch['outcome'], string> = {
  matches: 'matches',
  'does not match': 'does not match',
  'not evaluated': 'not evaluated, because an earlier route took the alert',
  'channels removed': 'its channels are removed',
}

function recipientLines(state: State, alert: Alert, isDetailed: boolean): Text[] {
  const { chosen, matches, current } = readRecipients(state, alert)
  const to = chosen.map(({ name, why, mention }) => `${name} (${why})${mentionsText(mention)}`).join(', ')
  const title: Text = [{ bold: `${alert.id}` }, ` ${alert.title} → ${to || 'nowhere'}`]
  if (!isDetailed) return [title]
  return [
    title,
    ...matches.map(
      ({ route, outcome }): Text => [
        `Route ${route.name}: ${OUTCOME_TEXTS[outcome]}. `,
        { code: route.matcher || 'everything' },
      ],
    ),
    ...current.map(row => `Sent to ${row.channelId} by ${row.why}${mentionsText(row.mention)}.`),
  ]
}

function recipientsResult(state: State, alert: Alert) {
  const { chosen, matches, current } = readRecipients(state, alert)
  const recipients = current.map(({ channelId, why, mention, since }) => ({
    channel: channelId,
    why,
    mention,
    since: isoTime(since),
  }))
  return {
    alert: alert.id,
    would_go: chosen.map(({ channelId, why, mention }) => ({ channel: channelId, why, mention })),
    routes: matches.map(({ route, outcome }) => ({ name: route.name, outcome, says: OUTCOMES_IN_RESULTS[outcome] })),
    recipients,
    told: recipients,
  }
}

/** The recipients that the routes choose now, what each route does, and the recipients that the alert has. */
function readRecipients(state: State, alert: Alert) {
  const channels = listChannels(state)
  const routing = [alert, projectOf(state, alert), listRoutes(state), channels] as const
  const nameOf = (id: string) => channels.find(channel => channel.id === id)?.name ?? id
  return {
    chosen: chooseRecipients(...routing).map(recipient => ({ ...recipient, name: nameOf(recipient.channelId) })),
    matches: matchRoutes(...routing),
    current: listRecipients(state, alert.id),
  }
}

function projectOf(state: State, { projectId }: Alert): string | null {
  return projectId === null ? null : (readProjectById(state, projectId)?.name ?? null)
}

function mentionsText(mention: readonly string[]): string {
  return mention.length === 0 ? '' : `, mentioning ${mention.map(mentionName).join(', ')}`
}

/** The answer to a change, with what is odd about the matcher. */
function changedAnswer(state: Context['state'], route: Route) {
  const { card, result } = routeAnswer(state, route, 'good')
  const warnings = matcherHints(state, route.matcher)
  return { card: { ...card, lines: [...warnings, ...card.lines] }, result: { ...result, warnings } }
}

function routeAnswer(state: Context['state'], route: Route, tone: 'good' | 'plain') {
  const lines = [routeLine(state, route), '"routes test --matcher …" shows where alerts go now.']
  return { card: { title: `Route ${route.name}`, tone, lines }, result: { route: routeResult(route) } }
}

function routeLine(state: State, route: Route): Text {
  const channels = listChannels(state)
  const to = route.channels.map(id => channels.find(channel => channel.id === id)?.name ?? `${id} (removed)`).join(', ')
  const from = route.mention.length === 0 ? '' : ` for severity>=${route.mentionFrom}`
  return [
    { bold: route.name },
    ': ',
    { code: route.matcher || 'everything' },
    ` → ${to}${mentionsText(route.mention)}${from}${groupingText(route)}${route.continues ? '; continues with the next route' : ''}`,
  ]
}

function groupingText({ groupBy, ungrouped }: Route): string {
  if (ungrouped) return '; a card for each alert'
  if (groupBy === null) return ''
  return groupBy.length === 0 ? '; one card for all of its alerts' : `; one card for each ${groupBy.join(' and ')}`
}

function routeResult(route: Route) {
  return {
    name: route.name,
    matcher: route.matcher,
    channels: route.channels,
    mention: route.mention,
    mention_from: route.mentionFrom,
    continue: route.continues,
    group_by: route.ungrouped ? 'off' : route.groupBy,
    set_by: route.setBy,
    created_at: isoTime(route.createdAt),
  }
}
