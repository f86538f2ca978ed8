// People and Vakt on Discord, on the wire: commands, buttons, forms, suggestions, and who may use them where.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { Problem } from '../../problem.ts'
import { everyComponent } from '../../testing/discord/message-rules.ts'
import { type Stage, setStage } from './dispatcher.testing.ts'

let stage: Stage
const MINUTE = 60_000

beforeEach(async () => {
  stage = await setStage({ platform: { deferAfterMs: 20 } })
})

afterEach(async () => {
  await stage.close()
  expect(stage.discord.violations).toEqual([])
})

/** A card as delivery posts it. */
async function alertCard() {
  const buttons = [
    { label: 'Acknowledge', line: 'ack 12' },
    { label: 'Slow and quiet', line: 'slow --quiet' },
  ]
  await stage.platform.channels[0]!.post({ title: 'down', tone: 'critical', buttons }, 'n1')
  return stage.discord.messages().at(-1)!
}

/** What the newest exchange ended in, as its reader sees it. */
const text = (exchange: Awaited<ReturnType<Stage['discord']['say']>>) => stage.discord.text(exchange.original!)

test('a command is answered at once and privately', async () => {
  const { discord } = stage
  const answer = await discord.say('/status')
  expect(answer).toMatchObject({ private: true, acknowledged: 4 })
  expect(text(answer)).toBe('### All is well')
  expect(discord.messages()).toEqual([])
})

test('a command that is not private is answered for all', async () => {
  stage.dispatcher.isPublic = true
  await stage.discord.say('/status')
  expect(stage.discord.messages().map(stage.discord.text)).toEqual(['### All is well'])
})

test('options become arguments by name, of their own type', async () => {
  const { discord, dispatcher } = stage
  await discord.say('/checks add', { name: 'nightly', every: '1d', after: 2, loud: true })
  expect(dispatcher.ran[0]?.request).toEqual({
    command: 'checks add',
    args: { name: 'nightly', every: '1d', after: 2, loud: true },
  })
})

test('a slow command is deferred, as private as its reply will be', async () => {
  const { discord, dispatcher } = stage
  const quietly = await discord.say('/slow')
  expect(quietly).toMatchObject({ acknowledged: 5, private: true })
  expect(text(quietly)).toBe('### done at last')
  dispatcher.isPublic = true
  await discord.say('/slow')
  expect(discord.messages().map(discord.text)).toEqual(['### done at last'])
})

test('a refusal is private even when its command was deferred for all', async () => {
  const { discord, dispatcher } = stage
  dispatcher.isPublic = true
  const exchange = await discord.say('/slow', { fail: true }).catch(() => discord.exchanges().at(-1)!)
  await discord.until(() => exchange.followUps.length === 1)
  expect(discord.messages()).toEqual([])
  expect(discord.ephemerals().map(discord.text)).toEqual(['### 🟠 No\nIt came to nothing.'])
})

test('a slow quiet button leaves nothing behind', async () => {
  const { discord } = stage
  const pressed = discord.press(await alertCard(), 'Slow and quiet')
  await discord.until(() => discord.requests.some(r => r.method === 'DELETE' && r.status === 204))
  expect((await pressed.catch(() => discord.exchanges().at(-1)!)).original).toBeUndefined()
})

test('a member with Manage Server is an admin, other members are not, and the roles of both are known', async () => {
  const { discord, dispatcher } = stage
  const sre = discord.person('kim', { roles: ['77'] })
  expect(text(await discord.say('/whoami'))).toBe('### ada admin')
  expect(text(await discord.say('/whoami', {}, { by: sre }))).toBe('### kim member 77')
  expect(dispatcher.ran.map(r => r.by.platform)).toEqual(['discord', 'discord'])
})

test('members can use a channel that was added while it is in use, not when it was only tried nor once it is removed', async () => {
  const inUse = new Set<string>()
  const own = await setStage({ platform: { isChannel: id => inUse.has(id) } })
  const added = own.discord.channel('payments')
  own.platform.open!({ id: `discord:${added}`, name: '', address: null, secret: null })
  const ask = async () => text(await own.discord.say('/status', {}, { by: own.discord.member, channelId: added }))
  expect(await ask()).toContain('answers only in its own channel')
  inUse.add(`discord:${added}`)
  expect(await ask()).not.toContain('answers only in its own channel')
  inUse.clear()
  expect(await ask()).toContain('answers only in its own channel')
  expect(own.dispatcher.ran).toHaveLength(1)
  await own.close()
})

test('members can use the channel and its threads, admins any channel of the server', async () => {
  const { discord, dispatcher } = stage
  const elsewhere = discord.channel('random')
  const thread = discord.channel('samples', discord.channelId)
  const refused = await discord.say('/status', {}, { by: discord.member, channelId: elsewhere })
  expect(refused.private).toBe(true)
  expect(text(refused)).toContain('answers only in its own channel')
  expect(dispatcher.ran).toEqual([])
  await discord.say('/status', {}, { by: discord.member, channelId: thread })
  await discord.say('/status', {}, { channelId: elsewhere })
  expect(dispatcher.ran).toHaveLength(2)
})

test('a button runs its line, and a quiet outcome adds nothing beside the card', async () => {
  const { discord, dispatcher } = stage
  const pressed = await discord.press(await alertCard(), 'Acknowledge', discord.member)
  expect(dispatcher.ran.at(-1)).toMatchObject({ request: { line: 'ack 12' }, by: { name: 'max', admin: false } })
  expect(pressed).toMatchObject({ acknowledged: 6, followUps: [] })
  expect(discord.messages()).toHaveLength(1)
})

test('the same press is answered on a card that delivery does not update', async () => {
  const shown = await stage.discord.say('/card')
  const pressed = await stage.discord.press(shown.original!, 'Acknowledge')
  expect(text(pressed)).toBe('### 12 acked by ada: -')
})

test('a button that asks for arguments opens a form, and its entries become arguments', async () => {
  const { discord, dispatcher } = stage
  const shown = await discord.say('/card')
  const opened = await discord.press(shown.original!, 'With note')
  expect(opened.modal).toMatchObject({ title: 'Take an alert' })
  const done = await discord.submit(opened, { Note: `it's "mine"` })
  expect(dispatcher.ran.at(-1)?.request).toEqual({ line: `ack 12 --note="it's \\"mine\\""` })
  expect(text(done)).toContain(`12 acked by ada: it's "mine"`)
})

test('an empty form runs the line alone', async () => {
  const { discord, dispatcher } = stage
  const shown = await discord.say('/card')
  const opened = await discord.press(shown.original!, 'With note')
  await discord.submit(opened, {})
  expect(dispatcher.ran.at(-1)?.request).toEqual({ line: 'ack 12' })
})

test('a line that is too long for a button is remembered', async () => {
  const { discord, dispatcher } = stage
  const long = 'x'.repeat(120)
  const shown = await discord.say('/card', { long })
  await discord.press(shown.original!, 'Long')
  expect(dispatcher.ran.at(-1)?.request).toEqual({ line: `ack 12 "because ${long}"` })
})

test('a long line that a restart forgot is explained privately', async () => {
  const { discord } = stage
  const shown = await discord.say('/card')
  const old = structuredClone(shown.original!)
  const button = everyComponent(old.components).find(part => part.label === 'Long')
  Object.assign(button!, { custom_id: '2||~gone' })
  const answer = await discord.press(old, 'Long')
  expect(answer.private).toBe(true)
  expect(text(answer)).toContain('This button is from before the last restart of Vakt')
})

test('suggestions match what was typed', async () => {
  expect(await stage.discord.type('/checks add', { name: 'night' }, 'name')).toEqual([
    { name: 'name: nightly', value: 'nightly' },
  ])
})

test('a command that Discord may have given up on is acknowledged before it runs', async () => {
  await stage.close()
  const now = Date.now() - MINUTE
  stage = await setStage({ discord: { now: () => now } })
  const answer = await stage.discord.say('/status')
  expect(answer.acknowledged).toBe(5)
  expect(text(answer)).toBe('### All is well')
})

test('a command that Discord has given up on does not run', async () => {
  await stage.close()
  let now = Date.now() - MINUTE
  stage = await setStage({ discord: { now: () => now, timeoutMs: 150 } })
  const invoking = stage.discord.say('/status')
  now += 4_000
  await expect(invoking).rejects.toThrow('the application did not respond')
  await stage.discord.until(() => stage.logger.lines.at(-1)?.includes('was not answered'))
  expect(stage.dispatcher.ran).toEqual([])
})

test('suggestions show control characters as pictures, and keep their values', async () => {
  stage.dispatcher.complete = () => [{ name: 'job\x1b[31m', value: 'job\x1b[31m' }]
  const choices = await stage.discord.type('/checks add', { name: 'j' }, 'name')
  expect(choices).toEqual([{ name: 'job␛[31m', value: 'job\x1b[31m' }])
})

test('a person without the role is refused before a form is opened', async () => {
  const { discord, dispatcher } = stage
  dispatcher.refusalFor = (line, by) => ({
    ok: false,
    problem: new Problem('forbidden', `${by.name} may not ${line}.`),
    card: { title: `${by.name} may not ${line}.`, tone: 'warning' },
    private: true,
  })
  const shown = await discord.say('/card')
  const pressed = await discord.press(shown.original!, 'With note')
  expect(pressed.modal).toBeUndefined()
  expect(text(pressed)).toBe('### 🟠 ada may not ack 12.')
})

test('no command waits for the reply to another, nor for its rate limits', async () => {
  await stage.close()
  stage = await setStage({ discord: { rateLimits: true } })
  const { discord } = stage
  const callback = 'POST /interactions/{interaction_id}/{interaction_token}/callback'
  discord.hang(callback, 1)
  const callbacks = () => discord.requests.filter(request => request.path.endsWith('/callback'))
  // One that waited for the first, or for the limit, would be later than the simulator is patient.
  // The simulator counts all callbacks together, which Discord does not; what matters is that each is sent at once.
  void Promise.allSettled(Array.from({ length: 12 }, () => discord.say('/status')))
  await discord.until(() => callbacks().length >= 12)
  discord.heal()
})
