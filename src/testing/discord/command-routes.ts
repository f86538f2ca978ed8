// REST routes of application commands, and those about the bot itself and its server.

import type { APIApplicationCommand } from 'discord-api-types/v10'
import { commandErrors, commandListErrors } from './command-rules.ts'
import { type Json, objects } from './message-rules.ts'
import { invalidForm, refusals } from './refusal.ts'
import type { RouteRequest, Routes } from './routing.ts'
import { applicationShape, guildShape, ownUserShape } from './shapes.ts'
import type { World } from './world-types.ts'

const GUILD = '/applications/{application_id}/guilds/{guild_id}/commands'
const GLOBAL = '/applications/{application_id}/commands'
const DAY = 86_400_000

type Shelf = 'guildCommands' | 'globalCommands'

export const commandRoutes: Routes = {
  ...shelfRoutes(GUILD, 'guildCommands'),
  ...shelfRoutes(GLOBAL, 'globalCommands'),
}

export const identityRoutes: Routes = {
  'GET /users/@me': world => ({ status: 200, body: ownUserShape(world) }),
  'GET /applications/@me': world => ({ status: 200, body: applicationShape(world) }),
  'GET /oauth2/applications/@me': world => ({ status: 200, body: applicationShape(world) }),
  'GET /guilds/{guild_id}': (world, { params }) => {
    if (params.guild_id !== world.guild.id) throw refusals.unknownGuild()
    return {
      status: 200,
      body: {
        ...guildShape(world),
        region: 'deprecated',
        widget_enabled: false,
        widget_channel_id: null,
        max_members: 500_000,
        max_presences: null,
        max_stage_video_channel_users: 50,
        max_video_channel_users: 25,
        home_header: null,
        incidents_data: null,
      },
    }
  },
}

function shelfRoutes(base: string, shelf: Shelf): Routes {
  return {
    [`GET ${base}`]: (world, { params }) => ({ status: 200, body: mine(world, params)[shelf] }),
    [`PUT ${base}`]: (world, asked) => replace(world, asked, shelf),
    [`POST ${base}`]: (world, asked) => add(world, asked, shelf),
    [`GET ${base}/{command_id}`]: (world, { params }) => ({ status: 200, body: known(world, params, shelf) }),
    [`PATCH ${base}/{command_id}`]: (world, { params, body }) => {
      const command = known(world, params, shelf)
      const changed = { ...command, ...body, version: world.nextId() } as APIApplicationCommand
      demandGood(commandErrors(changed as unknown as Json))
      world[shelf] = world[shelf].map(c => (c === command ? changed : c))
      return { status: 200, body: changed }
    },
    [`DELETE ${base}/{command_id}`]: (world, { params }) => {
      const command = known(world, params, shelf)
      world[shelf] = world[shelf].filter(c => c !== command)
      return { status: 204 }
    },
  }
}

function replace(world: World, { params, body }: RouteRequest, shelf: Shelf) {
  mine(world, params)
  const wanted = objects(body)
  demandGood(commandListErrors(wanted))
  const created = wanted.filter(w => !world[shelf].some(c => c.name === w.name))
  countCreations(world, created.length)
  world[shelf] = wanted.map(w =>
    shape(
      world,
      w,
      world[shelf].find(c => c.name === w.name),
      params.guild_id,
    ),
  )
  return { status: 200, body: world[shelf] }
}

function add(world: World, { params, body }: RouteRequest, shelf: Shelf) {
  mine(world, params)
  demandGood(commandErrors(body))
  const old = world[shelf].find(c => c.name === body.name)
  if (!old) countCreations(world, 1)
  const command = shape(world, body, old, params.guild_id)
  world[shelf] = [...world[shelf].filter(c => c !== old), command]
  return { status: old ? 200 : 201, body: command }
}

function shape(
  world: World,
  body: Json,
  old: APIApplicationCommand | undefined,
  guildId?: string,
): APIApplicationCommand {
  const { default_member_permissions: permissions, ...rest } = body
  return {
    nsfw: false,
    dm_permission: true,
    contexts: null,
    integration_types: [0],
    type: 1,
    description: '',
    ...rest,
    id: old?.id ?? world.nextId(),
    application_id: world.applicationId,
    version: world.nextId(),
    default_member_permissions: permissions === undefined || permissions === null ? null : String(permissions),
    ...(guildId && { guild_id: guildId }),
  } as unknown as APIApplicationCommand
}

function countCreations(world: World, count: number): void {
  world.creations = world.creations.filter(at => world.now() - at < DAY)
  if (world.creations.length + count > 200) throw refusals.tooManyCommandsToday()
  for (let i = 0; i < count; i++) world.creations.push(world.now())
}

function mine(world: World, params: Record<string, string>): World {
  if (params.application_id !== world.applicationId) throw refusals.missingAccess()
  if (params.guild_id !== undefined && params.guild_id !== world.guild.id) throw refusals.missingAccess()
  return world
}

function known(world: World, params: Record<string, string>, shelf: Shelf): APIApplicationCommand {
  const command = mine(world, params)[shelf].find(c => c.id === params.command_id)
  if (!command) throw refusals.unknownCommand()
  return command
}

function demandGood(errors: Parameters<typeof invalidForm>[0]): void {
  if (errors.length) throw invalidForm(errors)
}
