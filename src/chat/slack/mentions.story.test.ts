// Further questions that mention the bot in the thread of a card on Slack, about the same evidence.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AppWithMentions, startAppWithMentions } from '../../testing/mentions.ts'
import { type Message, type Slack, startSlack } from '../../testing/slack/slack.ts'
import { slack as definition } from './definition.ts'
import { SCOPES } from './manifest.ts'
import { createSlack } from './platform.ts'

let at: AppWithMentions
let slack: Slack
beforeEach(async () => {
  slack = await startSlack({ scopes: SCOPES })
  const settings = {
    ...{ botToken: slack.botToken, appToken: slack.appToken, signingSecret: null },
    ...{ channelId: slack.channel, apiUrl: slack.apiUrl },
  }
  at = await startAppWithMentions(parts => createSlack({ ...parts, settings, capabilities: definition.capabilities }))
  await slack.until(() => at.app.platforms[0]!.status().state === 'online')
})
afterEach(async () => {
  await at.close()
  await slack.stop()
  expect(slack.violations).toEqual([])
})

const mention = () => `<@${slack.botUser}>`
const textOf = (message: Message) => JSON.stringify([message.text, message.blocks, message.attachments])
const shown = async (words: string): Promise<Message> => {
  const find = () => slack.messages().findLast(one => one.user === slack.botUser && textOf(one).includes(words))
  await slack.until(() => find() !== undefined, `a message with "${words}"`)
  return find()!
}

test('a mention in the thread is a further question about the same evidence, answered in the thread only', async () => {
  await at.fails()
  const card = await shown('Critical')
  await slack.press(card, 'Analyze', slack.member)
  await shown('Cause found')
  const [evidence] = at.evidence()
  await at.logs([{ message: 'disk is full', level: 'error', source: 'db' }])
  await slack.say(`${mention()} was it the deploy &amp; nothing else?`, slack.member, slack.channel, card)
  const further = await shown('Question: was it the deploy &amp; nothing else?')
  expect(further).toMatchObject({ thread_ts: card.ts, broadcast: false })
  expect(at.evidence()).toEqual([evidence, evidence])
  expect(at.model.requests.at(-1)!.text).toContain('was it the deploy & nothing else?')
  expect(at.model.requests.at(-1)!.text).toContain('Your earlier answer on this evidence')
  expect(at.history()).toMatchObject([{ kind: 'question', askedBy: 'kari', parentId: 1 }, { id: 1 }])
})

test('a mention without words analyses the alert; elsewhere only the person who asked sees where to ask', async () => {
  await at.fails()
  const card = await shown('Critical')
  await slack.say(mention(), slack.member, slack.channel, card)
  expect(await shown('Cause found')).toMatchObject({ thread_ts: card.ts })
  expect(at.model.requests).toHaveLength(1)
  await slack.say(`${mention()} hello?`, slack.member, slack.channel)
  await slack.until(() => slack.ephemerals(slack.member).length === 1)
  expect(textOf(slack.ephemerals(slack.member)[0]!)).toContain('mention Vakt in a reply to the card')
  slack.addChannel({ id: 'C000TALK', name: 'talk' })
  await slack.say(`${mention()} why?`, slack.member, 'C000TALK')
  await slack.until(() => slack.ephemerals(slack.member, 'C000TALK').length === 1)
  expect(textOf(slack.ephemerals(slack.member, 'C000TALK')[0]!)).toContain('Ask in #ops')
  expect(at.model.requests).toHaveLength(1)
})

test('a mention that Slack delivers twice is answered once', async () => {
  await at.fails()
  const card = await shown('Critical')
  await slack.say(`${mention()} why?`, slack.member, slack.channel, card)
  await shown('Question: why?')
  await slack.redeliver()
  await slack.settled()
  expect(at.model.requests).toHaveLength(1)
  expect(slack.messages().filter(one => one.thread_ts === card.ts && one.user === slack.botUser)).toHaveLength(1)
})
