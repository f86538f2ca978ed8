// The started server itself: a beat falls silent, three chats tell it, somebody acknowledges, it recovers.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chatSettings } from './testing/chats.ts'
import { startDiscord } from './testing/discord/discord.ts'
import { newFolder, type Running, startVakt, until } from './testing/running.ts'
import { startSlack } from './testing/slack/slack.ts'

const folder = newFolder()
let discord: Awaited<ReturnType<typeof startDiscord>>
let slack: Awaited<ReturnType<typeof startSlack>>
let vakt: Running

beforeEach(async () => {
  discord = await startDiscord()
  slack = await startSlack()
  vakt = await startVakt(folder.path, chatSettings({ discord, slack }))
})

afterEach(async () => {
  await vakt.kill()
  await discord.close()
  await slack.stop()
  folder.remove()
})

describe('a started Vakt with Discord, Slack and the terminal', () => {
  it('tells a silent job everywhere, an acknowledgement changes every card, and so does the recovery', async () => {
    const curl = /ping\/(\w+\/hello\?create=1)/.exec(vakt.printed())![1]!
    expect((await vakt.ping(`${curl}&period=1s&grace=1s`)).status).toBe(201)

    const [onDiscord, onSlack] = await until(() => {
      const cards = [discord.messages()[0], slack.messages()[0]] as const
      return cards[0] && cards[1] ? cards : null
    }, 'both cards')
    expect(discord.text(onDiscord!)).toContain('Critical: hello sent no beat')
    expect(onSlack!.text).toContain('Critical: hello sent no beat')
    await until(() => vakt.printed().includes('Critical: hello sent no beat'), 'the card in the terminal')
    const { alerts } = await vakt.command<{ alerts: { fired_at: string }[] }>('alerts list')
    const { check } = await vakt.command<{ check: { last_beat_at: string } }>('checks show hello')
    const delay = Date.parse(alerts[0]!.fired_at) - Date.parse(check.last_beat_at)
    expect(delay).toBeGreaterThanOrEqual(2000)

    await slack.press(onSlack!, 'Acknowledge', slack.member)
    await until(
      () => discord.text(discord.messages()[0]!).includes('Acknowledged: hello'),
      'the acknowledgement on Discord',
    )
    await until(() => slack.messages()[0]!.text.includes('Acknowledged: hello'), 'the acknowledgement on Slack')
    expect(discord.text(discord.messages()[0]!)).toContain('kari')

    await vakt.ping(curl)
    await until(() => discord.text(discord.messages()[0]!).includes('Resolved: hello'), 'the recovery on Discord')
    await until(() => slack.messages()[0]!.text.includes('Resolved: hello'), 'the recovery on Slack')
    await until(() => vakt.printed().includes('Resolved after'), 'the recovery in the terminal')
    expect(discord.violations).toEqual([])
    expect(slack.violations).toEqual([])
    expect(await vakt.stop()).toBe(0)
  })
})
