// The whole Slack platform against the simulator, as the tests of this folder start it.

import { type Clock, systemClock } from '../../clock.ts'
import { silentLogger } from '../../logger.ts'
import { type Message, type SlackOptions, startSlack } from '../../testing/slack/slack.ts'
import { slack as definition } from './definition.ts'
import { createTestDispatcher } from './dispatcher.testing.ts'
import { SCOPES } from './manifest.ts'
import { createSlack } from './platform.ts'

export type Started = Awaited<ReturnType<typeof startBot>>

/** A clock on which waits are over almost at once. */
export const hasty: Clock = { now: Date.now, at: (at, task) => systemClock.at(Math.min(at, Date.now() + 30), task) }

/** Starts a simulator and a bot that is online with it over Socket Mode, allowed only what the manifest asks for. */
export async function startBot(
  options: SlackOptions = {},
  clock: Clock = systemClock,
  isChannel: (id: string) => boolean = () => true,
) {
  const slack = await startSlack({ scopes: SCOPES, ...options })
  const dispatcher = createTestDispatcher()
  const settings = {
    botToken: slack.botToken,
    appToken: slack.appToken,
    signingSecret: null,
    channelId: slack.channel,
    apiUrl: slack.apiUrl,
  }
  const bot = createSlack({
    settings,
    capabilities: definition.capabilities,
    dispatcher: dispatcher.dispatcher,
    isChannel,
    clock,
    logger: silentLogger,
    timeoutMs: 1_500,
  })
  bot.start()
  await slack.until(() => bot.status().state === 'online')
  return {
    slack,
    bot,
    dispatcher,
    stop: async () => {
      await bot.stop()
      await slack.stop()
    },
    vakt: (line: string, user = slack.member, channel = slack.channel) =>
      slack.say(`/vakt ${line}`.trim(), user, channel),
    /** The texts a person got in private, once there are `count`. */
    async answersTo(user: string, count: number, channel = slack.channel): Promise<string[]> {
      await slack.until(() => slack.ephemerals(user, channel).length >= count, `${count} answers to ${user}`)
      return slack.ephemerals(user, channel).map(message => message.text)
    },
    /** An alert with a button, as it stands in the channel. */
    async alert(ask?: string[]): Promise<Message> {
      const button = { label: 'Acknowledge', line: 'ack 7', ...(ask && { ask }) }
      await bot.channels[0]!.post({ title: 'Late', tone: 'critical', buttons: [button] }, 'n1')
      return slack.messages().at(-1)!
    },
  }
}
