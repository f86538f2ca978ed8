// auth.test, bots.info, users.info, users.list and apps.connections.open.
import { asText, type Obj, type Person, SlackRefusal } from '../wire.ts'
import { APP_ID, BOT, TEAM } from '../workspace.ts'
import type { Call, Method } from './method.ts'

export const identityMethods: Record<string, Method> = {
  'auth.test': { tier: 'none', scopes: [], run: authTest },
  'bots.info': { tier: 3, scopes: ['users:read'], run: botInfo },
  'users.info': { tier: 4, scopes: ['users:read'], run: userInfo },
  'users.list': { tier: 2, scopes: ['users:read'], run: userList },
  'apps.connections.open': { tier: 1, scopes: ['connections:write'], appLevel: true, run: openConnection },
}

function authTest({ base }: Call): Obj {
  return {
    url: `${base}/`,
    team: TEAM.domain,
    user: BOT.name,
    team_id: TEAM.id,
    user_id: BOT.user,
    bot_id: BOT.id,
    is_enterprise_install: false,
  }
}

function botInfo({ args }: Call): Obj {
  if (args.bot !== undefined && args.bot !== BOT.id) throw new SlackRefusal('bot_not_found')
  return { bot: { id: BOT.id, user_id: BOT.user, name: BOT.name, app_id: APP_ID, deleted: false } }
}

function userInfo({ args, workspace }: Call): Obj {
  return { user: show(workspace.person(asText(args.user))) }
}

function userList({ workspace }: Call): Obj {
  return { members: [...workspace.people.values()].map(show), response_metadata: { next_cursor: '' } }
}

function openConnection({ base, ticket }: Call): Obj {
  return { url: `${base.replace('http', 'ws')}/link/?ticket=${ticket()}&app_id=${APP_ID}` }
}

function show(person: Person): Obj {
  return {
    ...person,
    team_id: person.team_id ?? TEAM.id,
    is_primary_owner: false,
    is_restricted: false,
    is_ultra_restricted: false,
    profile: { real_name: person.real_name, display_name: person.name },
  }
}
