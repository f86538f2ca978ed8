// Help: everything in one message, and more of a word or a command.
import { beforeEach, expect, it } from 'vitest'
import { cardText } from '../../src/chat/card-text.ts'
import { startApp, type TestApp } from '../../src/testing/app.ts'
import { commands } from '../index.ts'

let app: TestApp
beforeEach(async () => {
  app = await startApp()
})

/** The least room that a chat has for the text of one message. */
const SHORTEST_MESSAGE = 4_000

async function text(line: string): Promise<string> {
  const reply = await app.says(line)
  return cardText(reply.card, { timeZone: 'UTC', now: app.clock.now() })
}

it('shows every first word within one message', async () => {
  const said = await text('help')
  expect(said.length).toBeLessThan(SHORTEST_MESSAGE)
  for (const word of new Set(commands.map(one => one.name.split(' ')[0])))
    expect(said).toMatch(new RegExp(`^${word} `, 'm'))
})

it('shows the commands of a word, and one command in full', async () => {
  expect(await text('help checks')).toContain('checks pause')
  expect(await text('help checks add')).toMatch(/--grace.*role: /is)
  expect(await text('help silly')).toContain('There is no command "silly"')
})
