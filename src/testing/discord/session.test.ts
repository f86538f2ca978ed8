// The gateway of the simulator against the unmodified SDK: sessions begin, break, resume and end as on Discord.

import { type Client, Events, Status } from 'discord.js'
import { afterEach, expect, test } from 'vitest'
import { type Discord, type DiscordOptions, startDiscord } from './discord.ts'
import { ask, connect, makeClient } from './sdk-client.ts'

let discord: Discord
let client: Client | undefined

async function start(options: DiscordOptions = {}): Promise<void> {
  discord = await startDiscord(options)
}

afterEach(async () => {
  // The SDK never finishes destroying a client that is about to be ready.
  await discord.until(() => discord.gateway.connected === 0 || client?.ws.shards.first()?.status === Status.Ready)
  await client?.destroy()
  client = undefined
  await discord.close()
})

async function registerStatus(): Promise<void> {
  await ask(discord, 'PUT', `/applications/${discord.applicationId}/guilds/${discord.guildId}/commands`, [
    { name: 'status', description: 'How are things' },
  ])
}

/** Answers every interaction with its count. */
function answering(connected: Client): string[] {
  const seen: string[] = []
  connected.on(Events.InteractionCreate, async interaction => {
    if (!interaction.isChatInputCommand()) return
    seen.push(interaction.commandName)
    await interaction.reply({ content: `answer ${seen.length}`, allowedMentions: { parse: [] } })
  })
  return seen
}

test('the client gets ready with its guild and channel', async () => {
  await start()
  const connected = await connect(discord)
  client = connected
  expect(connected.user.username).toBe('vakt')
  expect(connected.guilds.cache.get(discord.guildId)?.channels.cache.get(discord.channelId)?.name).toBe('alerts')
  expect(discord.gateway.counts).toEqual({ identify: 1, resume: 0, connect: 1 })
  expect(discord.violations).toEqual([])
})

test('a dropped connection resumes, and messages from meanwhile are replayed', async () => {
  await start()
  await registerStatus()
  client = await connect(discord)
  const seen = answering(client)
  discord.dropGateway(4000)
  await discord.until(() => discord.gateway.connected === 0)
  const answer = await discord.say('/status')
  expect(discord.text(answer.original!)).toBe('answer 1')
  expect(seen).toEqual(['status'])
  expect(discord.gateway.counts).toMatchObject({ identify: 1, resume: 1 })
})

test('op 7 makes the client reconnect and resume', async () => {
  await start()
  client = await connect(discord)
  discord.gateway.askToReconnect()
  await discord.until(() => discord.gateway.counts.resume === 1)
  expect(discord.gateway.counts.identify).toBe(1)
})

test('an invalid session makes the client identify again; the gap is lost', async () => {
  await start()
  client = await connect(discord)
  await registerStatus()
  discord.gateway.invalidate(false)
  await expect(discord.say('/status')).rejects.toThrow('the bot is offline')
  await discord.until(() => discord.gateway.counts.identify === 2)
  expect(discord.gateway.counts.resume).toBe(0)
})

test('a forgotten session is refused with op 9 on resume', async () => {
  await start()
  client = await connect(discord)
  discord.gateway.forget()
  discord.dropGateway(4000)
  await discord.until(() => discord.gateway.counts.identify === 2)
  expect(discord.gateway.counts.resume).toBe(1)
})

test('a silently dead connection is noticed by missing acks and resumed', async () => {
  await start({ heartbeat: 250 })
  await registerStatus()
  client = await connect(discord)
  answering(client)
  discord.killGatewaySilently()
  expect(discord.gateway.connected).toBe(0)
  const answer = await discord.say('/status')
  expect(discord.text(answer.original!)).toBe('answer 1')
  expect(discord.gateway.counts.resume).toBe(1)
})

test('close code 4014 for a privileged intent ends the login', async () => {
  await start()
  client = makeClient(discord, { intents: ['Guilds', 'MessageContent'] })
  await expect(client.login(discord.token)).rejects.toThrow('Used disallowed intents')
})

test('close code 4004 and 401 for a wrong token', async () => {
  await start()
  client = makeClient(discord)
  await expect(client.login('wrong.token.here')).rejects.toThrow('An invalid token was provided')
  discord.gateway.refusesIdentifyWith = 4004
  await expect(client.login(discord.token)).rejects.toThrow()
  expect(discord.gateway.counts.identify).toBe(1)
})

test('going down breaks everything; coming back lets the client return', async () => {
  await start()
  client = await connect(discord)
  await discord.goDown()
  await expect(ask(discord, 'GET', '/users/@me')).rejects.toThrow()
  await discord.comeBack()
  await discord.until(() => discord.gateway.connected === 1)
  expect((await ask(discord, 'GET', '/users/@me')).status).toBe(200)
})

test('a client that asks for its budget first never identifies beyond it', async () => {
  await start({ identifies: 0 })
  client = makeClient(discord)
  await client.login(discord.token).catch(() => {})
  expect(discord.violations).toEqual([])
  expect(discord.gateway.counts.identify).toBe(0)
})
