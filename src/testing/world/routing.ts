// The routing of a world as command lines, made from a seed.
import { MINUTE } from '../../time.ts'
import type { Routing } from './model/routing.ts'
import type { Random } from './random.ts'

type Route = Routing['routes'][number]

export const PAGER = 'pager'

/** Three ways to route, each with a last route that takes every alert. */
export function planRouting(random: Random): Routing {
  return {
    routes: planRoutes(random),
    escalation: { afterMs: random.pick([10, 30, 60]) * MINUTE, chat: PAGER },
    rotation: {
      members: ['ann', 'ben', 'cleo'],
      hour: random.pick([8, 9, 20]),
      zone: random.pick(['Europe/Oslo', 'UTC']),
    },
  }
}

export function planRoutes(random: Random): Route[] {
  const chats = random.pick([['discord'], ['slack'], ['discord', 'slack']])
  const rest = random.pick([['slack'], ['discord', 'slack']])
  return [
    {
      name: 'urgent',
      from: random.pick(['critical', 'warning']),
      chats,
      continues: random.chance(0.5),
      mentions: true,
    },
    { name: 'rest', from: null, chats: rest, continues: false, mentions: random.chance(0.3) },
  ]
}

/** The command lines that make a routing. */
export function routingLines({ routes, escalation, rotation }: Routing): string[] {
  const { members, hour, zone } = rotation
  const minutes = escalation.afterMs / MINUTE
  return [
    ...members.map(name => `oncall member add ${name} --email ${name}@example.org`),
    `oncall add primary --members ${members.join(',')} --every daily --handover ${String(hour).padStart(2, '0')}:00 --tz ${zone}`,
    ...routes.map(route => `routes add ${route.name} ${settingsOf(route)}${route.continues ? ' --continue' : ''}`),
    `escalations add second-line --matcher severity:critical --after ${minutes}m --to ${escalation.chat}`,
  ]
}

/** The command lines that change the routes of a routing. */
export function rerouteLines(routes: readonly Route[]): string[] {
  return routes.map(route => `routes edit ${route.name} ${settingsOf(route)} --continue=${route.continues}`)
}

function settingsOf({ from, chats, mentions }: Route): string {
  const matcher = from === null ? '' : `--matcher severity>=${from} `
  return `${matcher}--to ${chats.join(',')} --mention ${mentions ? 'oncall' : 'none'}`
}
