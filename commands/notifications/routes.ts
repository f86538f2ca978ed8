// Routes: which alerts go where, with whom they call out, and why one goes where it does.
import { z } from 'zod'
import type { Alert } from '../../src/alerts/alert.ts'
import { findAlert, listAlerts } from '../../src/alerts/alerts.ts'
import { matchesAlert, readMatcher } from '../../src/alerts/matcher.ts'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { listChannels } from '../../src/notifications/routing/channels.ts'
import { mentionName } from '../../src/notifications/routing/mentions.ts'
import { listRecipients } from '../../src/notifications/routing/recipients.ts'
import { matchRoutes, type Route, recipientsOf } from '../../src/notifications/routing/route.ts'
import { addRoute, editRoute, findRoute, listRoutes, removeRoute } from '../../src/notifications/routing/routes.ts'
import { invalid } from '../../src/problem.ts'
import { readProjectById } from '../../src/projects/projects.ts'
import { SEVERITIES } from '../../src/severity.ts'
import type { State } from '../../src/state/database.ts'
import { isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, counted, yes } from '../context.ts'
import { channelIds, matcher, mentionWords, setName, toChannels } from './recipient-arguments.ts'

const routeName = () => completes(positional(z.string().max(64)), 'route').describe('Name of the route')
const settings = {
  mention: z.string().max(500).optional().describe('Who is called out: people, oncall, @here, a role or group; none'),
  mentionFrom: z.enum(SEVERITIES).optional().describe('From which severity they are called out, critical unless said'),
  continue: z.boolean().optional().describe('Try the routes after it as well'),
  before: completes(z.string().max(64), 'route').optional().describe('Put it before this route; last unless said'),
}
/** Of how many alerts `routes test --matcher` tells where they would go. */
const TRIED = 10

const add = command({
  name: 'routes add',
  summary: 'Say where alerts go: those that fit go to these channels',
  details:
    'Routes are tried in order; the first that fits takes the alert unless it says --continue. What no route takes goes to the channels of the settings. Without any route everything goes everywhere.',
  examples: [
    'routes add payments --matcher "project:shop severity>=warning" --to "#payments" --mention oncall',
    'routes add all-to-mail --to ops-mail --continue',
  ],
  role: 'admin',
  args: {
    name: positional(setName()).describe('A name for it'),
    matcher: matcher().optional(),
    to: toChannels().describe('Channels, by name or id, with commas between them'),
    ...settings,
  },
  run(
    { name, matcher: wanted = '', to, mention, mentionFrom, before, continue: goesOn = false },
    { state, platforms, by, now },
  ) {
    const row = {
      matcher: wanted,
      channels: channelIds(state, to),
      mention: mention === undefined ? [] : mentionWords({ state, platforms }, mention),
      mentionFrom: mentionFrom ?? ('critical' as const),
      goesOn,
      setBy: by.name,
    }
    return routeAnswer(state, addRoute(state, name, row, before, now), 'good')
  },
})

const list = command({
  name: 'routes list',
  summary: 'Show the routes in the order they are tried',
  role: 'viewer',
  args: {},
  run(_, { state }) {
    const routes = listRoutes(state)
    const all = listChannels(state).filter(row => row.origin !== 'person')
    const empty = `Every alert goes to every channel: ${all.map(row => row.name).join(', ') || 'there is none'}. "routes add" changes that.`
    return {
      card: {
        title: routes.length === 0 ? 'No routes' : counted(routes.length, 'route'),
        tone: 'plain',
        lines:
          routes.length === 0
            ? [empty]
            : [
                ...routes.map(route => routeLine(state, route)),
                'What none takes goes to the channels of the settings.',
              ],
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
  summary: 'Change a route; open alerts follow it at once',
  examples: ['routes edit payments --mention none', 'routes edit payments --before all-to-mail'],
  role: 'admin',
  args: {
    name: routeName(),
    matcher: matcher().optional().describe('Which alerts now: project:shop severity>=warning host:web-*'),
    to: toChannels().optional().describe('Channels'),
    ...settings,
  },
  run({ name, matcher: wanted, to, mention, mentionFrom, before, continue: goesOn }, { state, platforms }) {
    const changes = {
      ...(wanted === undefined ? {} : { matcher: wanted }),
      ...(to === undefined ? {} : { channels: channelIds(state, to) }),
      ...(mention === undefined ? {} : { mention: mentionWords({ state, platforms }, mention) }),
      ...(mentionFrom === undefined ? {} : { mentionFrom }),
      ...(goesOn === undefined ? {} : { goesOn }),
    }
    if (Object.keys(changes).length === 0 && before === undefined)
      throw invalid(
        'settings',
        'Say what to change: --matcher, --to, --mention, --mention-from, --continue or --before.',
      )
    return routeAnswer(state, editRoute(state, name, changes, before), 'good')
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
  summary: 'Show where an alert goes, or would go by the routes as they are now, and why',
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
      throw invalid('alert', 'Say which alert, or which alerts with --matcher.')
    const wanted = readMatcher(asked ?? '')
    const found =
      id === undefined
        ? listAlerts(state, { limit: 500 })
            .filter(one => matchesAlert(wanted, one, projectOf(state, one)))
            .slice(0, TRIED)
        : [findAlert(state, id)]
    return {
      card: {
        title: found.length === 0 ? 'No alert has fitted so far' : `Where ${id === undefined ? 'they go' : 'it goes'}`,
        tone: 'plain',
        lines:
          found.length === 0
            ? ['"alerts history" shows those there were. A test with a number says where that one goes.']
            : found.flatMap(alert => whereLines(state, alert, id !== undefined)),
      },
      result: { tests: found.map(alert => whereResult(state, alert)) },
    }
  },
})

export const routeCommands = [add, list, show, edit, remove, test]

function whereLines(state: State, alert: Alert, inFull: boolean): Text[] {
  const { targets, judged, told } = where(state, alert)
  const goes = targets.map(one => `${one.name} (${one.why})${calls(one.mention)}`).join(', ')
  const title: Text = [{ bold: `${alert.id}` }, ` ${alert.title} → ${goes || 'nowhere'}`]
  if (!inFull) return [title]
  return [
    title,
    ...judged.map(
      ({ route, says }): Text => [`Route ${route.name}: ${says}. `, { code: route.matcher || 'everything' }],
    ),
    ...told.map(row => `Told in ${row.channelId} because of ${row.why}${calls(row.mention)}.`),
  ]
}

function whereResult(state: State, alert: Alert) {
  const { targets, judged, told } = where(state, alert)
  return {
    alert: alert.id,
    would_go: targets.map(one => ({ channel: one.channelId, why: one.why, mention: one.mention })),
    routes: judged.map(({ route, says }) => ({ name: route.name, says })),
    told: told.map(row => ({ channel: row.channelId, why: row.why, mention: row.mention, since: isoTime(row.since) })),
  }
}

function where(state: State, alert: Alert) {
  const channels = listChannels(state)
  const ways = [alert, projectOf(state, alert), listRoutes(state), channels] as const
  const named = (id: string) => channels.find(row => row.id === id)?.name ?? id
  return {
    targets: recipientsOf(...ways).map(one => ({ ...one, name: named(one.channelId) })),
    judged: matchRoutes(...ways),
    told: listRecipients(state, alert.id),
  }
}

function projectOf(state: State, { projectId }: Alert): string | null {
  return projectId === null ? null : (readProjectById(state, projectId)?.name ?? null)
}

function calls(mention: readonly string[]): string {
  return mention.length === 0 ? '' : `, calling out ${mention.map(mentionName).join(', ')}`
}

function routeAnswer(state: Context['state'], route: Route, tone: 'good' | 'plain') {
  const lines = [routeLine(state, route), `"routes test --matcher …" shows where alerts go now.`]
  return { card: { title: `Route ${route.name}`, tone, lines }, result: { route: routeResult(route) } }
}

function routeLine(state: State, route: Route): Text {
  const channels = listChannels(state)
  const to = route.channels.map(id => channels.find(row => row.id === id)?.name ?? `${id} (gone)`).join(', ')
  const from = route.mention.length === 0 ? '' : ` from ${route.mentionFrom} on`
  return [
    { bold: route.name },
    ': ',
    { code: route.matcher || 'everything' },
    ` → ${to}${calls(route.mention)}${from}${route.goesOn ? '; then the next ones' : ''}`,
  ]
}

function routeResult(route: Route) {
  return {
    name: route.name,
    matcher: route.matcher,
    channels: route.channels,
    mention: route.mention,
    mention_from: route.mentionFrom,
    continue: route.goesOn,
    set_by: route.setBy,
    created_at: isoTime(route.createdAt),
  }
}
