// Further questions that mention the bot under a card on Discord: without a privileged intent, about the same evidence.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Discord, startDiscord } from '../../testing/discord/discord.ts'
import { type AppWithMentions, startAppWithMentions } from '../../testing/mentions.ts'
import { discord as definition } from './definition.ts'
import { settingsFor } from './dispatcher.testing.ts'
import { createDiscord } from './platform.ts'

let at: AppWithMentions
let discord: Discord
beforeEach(async () => {
  discord = await startDiscord()
  at = await startAppWithMentions(parts =>
    createDiscord({ ...parts, settings: settingsFor(discord), capabilities: definition.capabilities }),
  )
  await discord.until(() => discord.registeredCommands().length > 0)
})
afterEach(async () => {
  await at.close()
  await discord.close()
  expect(discord.violations).toEqual([])
})

const shown = (words: string, channelId = discord.channelId) =>
  discord.until(
    () =>
      discord
        .messages(channelId)
        .findLast(m => m.author.id === discord.applicationId && discord.text(m).includes(words)),
    `a message with "${words}"`,
  )

test('a reply to the card or to an answer is a further question about the same evidence', async () => {
  await at.fails()
  const card = await shown('Critical')
  await discord.press(card, 'Analyze', discord.member)
  const answer = await shown('Cause found')
  const evidence = at.evidence().at(-1)
  await at.logs([{ message: 'disk is full', level: 'error', source: 'db' }])
  discord.write(`${discord.mention} was it the deploy?`, { to: answer })
  const further = await shown('Question: was it the deploy?')
  expect(further.message_reference?.message_id).toBe(card.id)
  expect(at.evidence()).toEqual([evidence, evidence])
  expect(at.model.requests.at(-1)!.text).toContain('was it the deploy?')
  expect(at.model.requests.at(-1)!.text).toContain('Your earlier answer on this evidence')
  expect(at.history()).toMatchObject([{ kind: 'question', askedBy: 'max', parentId: 1 }, { id: 1 }])
})

test('a question in a thread under the card is answered in the thread', async () => {
  await at.fails()
  const card = await shown('Critical')
  const thread = discord.beginThread(card)
  discord.write(`${discord.mention}`, { channelId: thread })
  await shown('Cause found', thread)
  const asked = discord.write(`and why, <@${discord.applicationId}>?`, { channelId: thread })
  const further = await shown('Question: and why, ?', thread)
  expect(further.message_reference?.message_id).toBe(asked.id)
  expect(discord.messages().filter(m => m.type === 19)).toEqual([])
  expect(at.evidence()).toHaveLength(2)
  expect(new Set(at.evidence()).size).toBe(1)
})

test('a question in a thread under an answer is about the same alert', async () => {
  await at.fails()
  const card = await shown('Critical')
  await discord.press(card, 'Analyze', discord.member)
  const thread = discord.beginThread(await shown('Cause found'))
  discord.write(`${discord.mention} was it the deploy?`, { channelId: thread })
  await shown('Question: was it the deploy?', thread)
  expect(at.history()).toMatchObject([{ kind: 'question', parentId: 1 }, { id: 1 }])
  const elsewhere = discord.channel('Lunch', discord.channelId)
  discord.write(`${discord.mention} pizza?`, { channelId: elsewhere })
  await shown('mention Vakt in a reply to the card', elsewhere)
})

test('a message that does not mention the bot is not answered; elsewhere a sentence tells where to ask', async () => {
  await at.fails()
  const card = await shown('Critical')
  discord.write('thanks, looking', { to: card })
  discord.write('nobody is meant here')
  await discord.settled()
  expect(discord.messages().filter(m => m.type === 19 && m.author.id === discord.applicationId)).toEqual([])
  expect(at.model.requests).toEqual([])
  const lost = discord.write(`${discord.mention} hello?`)
  const reply = await shown('mention Vakt in a reply to the card')
  expect(reply.message_reference?.message_id).toBe(lost.id)
  expect(at.model.requests).toEqual([])
})

test('a viewer is refused', async () => {
  await at.fails()
  const card = await shown('Critical')
  await at.app.result(`roles set ${discord.member.id} viewer --platform discord`)
  discord.write(`${discord.mention} why?`, { to: card })
  await shown('needs the role responder')
  expect(at.model.requests).toEqual([])
})
