// The manifest: what people paste to set the app up, and that it allows exactly what the bot does.
import { expect, test } from 'vitest'
import { slack as definition } from './definition.ts'
import { SCOPES, slackManifest } from './manifest.ts'

const commands = ['alerts list', 'alerts show', 'checks add', 'help'].map(name => ({ name }))
const set = { botToken: 'xoxb-1', channelId: 'C000OPS', apiUrl: '', signingSecret: null, appToken: null }

test('on a bare machine it is for Socket Mode and needs no address', () => {
  const manifest = slackManifest({ publicUrl: 'http://127.0.0.1:8080', slack: null }, commands)
  expect(manifest).toMatchObject({
    display_information: { name: 'Vakt' },
    features: { slash_commands: [{ command: '/vakt', usage_hint: 'alerts | checks | help', should_escape: true }] },
    oauth_config: { scopes: { bot: [...SCOPES] } },
    settings: {
      socket_mode_enabled: true,
      interactivity: { is_enabled: true },
      event_subscriptions: { bot_events: ['app_mention', 'app_home_opened'] },
    },
  })
  expect(SCOPES).toContain('app_mentions:read')
  expect(JSON.stringify(manifest)).not.toContain('http')
})

test('an app token selects Socket Mode, a signing secret HTTP mode', () => {
  const publicUrl = 'https://vakt.example.org'
  const url = `${publicUrl}/slack/events`
  const socket = slackManifest({ publicUrl, slack: { ...set, appToken: 'xapp-1' } })
  expect(socket).toMatchObject({ settings: { socket_mode_enabled: true } })
  const byHttp = {
    features: { slash_commands: [{ url }] },
    settings: {
      socket_mode_enabled: false,
      interactivity: { request_url: url, message_menu_options_url: url },
      event_subscriptions: { bot_events: ['app_mention', 'app_home_opened'], request_url: url },
    },
  }
  expect(slackManifest({ publicUrl, slack: set })).toMatchObject(byHttp)
  expect(slackManifest({ publicUrl, slack: null })).toMatchObject(byHttp)
})

test('the hint stays short with any number of commands', () => {
  const many = Array.from({ length: 100 }, (_, i) => ({ name: `command${i}` }))
  const manifest = slackManifest({ publicUrl: null, slack: null }, many)
  const [slash] = (manifest.features as { slash_commands: { usage_hint: string }[] }).slash_commands
  expect(slash!.usage_hint.length).toBeLessThan(125)
  expect(slash!.usage_hint).toMatch(/command\d+$/)
})

test('requests come to the path at which the intake listens for Slack', () => {
  const manifest = slackManifest({ publicUrl: 'https://vakt.example.org', slack: set })
  expect(JSON.stringify(manifest)).toContain(`https://vakt.example.org${definition.requests?.path}`)
})
