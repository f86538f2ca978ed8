// The manifest: what people paste to set the app up, and that it allows exactly what the bot does.
import { expect, test } from 'vitest'
import { createManifest, SCOPES } from './manifest.ts'

const names = ['alerts list', 'alerts show', 'checks add', 'help']

test('with Socket Mode it needs no address', () => {
  const manifest = createManifest({ socketMode: true, publicUrl: null, commandNames: names })
  expect(manifest).toMatchObject({
    display_information: { name: 'Vakt' },
    features: { slash_commands: [{ command: '/vakt', usage_hint: 'alerts | checks | help' }] },
    oauth_config: { scopes: { bot: [...SCOPES] } },
    settings: { socket_mode_enabled: true, interactivity: { is_enabled: true } },
  })
  expect(JSON.stringify(manifest)).not.toContain('http')
})

test('in HTTP mode everything comes to /slack/events', () => {
  const publicUrl = 'https://vakt.example.org'
  const url = `${publicUrl}/slack/events`
  expect(createManifest({ socketMode: false, publicUrl, commandNames: names })).toMatchObject({
    features: { slash_commands: [{ url }] },
    settings: { socket_mode_enabled: false, interactivity: { request_url: url, message_menu_options_url: url } },
  })
})

test('the hint stays short however many commands there are', () => {
  const many = Array.from({ length: 100 }, (_, i) => `command${i}`)
  const manifest = createManifest({ socketMode: true, publicUrl: null, commandNames: many })
  const [slash] = (manifest.features as { slash_commands: { usage_hint: string }[] }).slash_commands
  expect(slash!.usage_hint.length).toBeLessThan(125)
  expect(slash!.usage_hint).toMatch(/command\d+$/)
})
