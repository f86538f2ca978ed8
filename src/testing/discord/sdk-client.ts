// The unmodified discord.js client, pointed at the simulator, for the simulator's own tests.

import { Client, type ClientOptions, Events, GatewayIntentBits } from 'discord.js'
import type { Discord } from './discord.ts'

/** A client that is not logged in; only the SDK's 5 s pause between two IDENTIFYs is taken out. */
export function makeClient(discord: Discord, options: Partial<ClientOptions> = {}): Client {
  const client = new Client({
    intents: [GatewayIntentBits.Guilds],
    ...options,
    rest: { api: discord.apiUrl, version: '10', ...options.rest },
    ws: { buildIdentifyThrottler: async () => ({ waitForIdentify: async () => {} }), ...options.ws },
  })
  client.on(Events.Error, () => {})
  return client
}

/** A client that is ready. */
export async function connect(discord: Discord, options: Partial<ClientOptions> = {}): Promise<Client<true>> {
  const client = makeClient(discord, options)
  const ready = new Promise<Client<true>>(resolve => client.once(Events.ClientReady, resolve))
  await client.login(discord.token)
  return ready
}

/** One REST request by hand, for what no SDK would send; by default with the right token. */
export async function ask(discord: Discord, method: string, path: string, body?: unknown, token = discord.token) {
  const response = await fetch(`${discord.apiUrl}/v10${path}`, {
    method,
    headers: { authorization: `Bot ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const json = text ? (JSON.parse(text) as Record<string, unknown> & { code?: number; id?: string }) : {}
  return { status: response.status, headers: response.headers, body: json }
}
