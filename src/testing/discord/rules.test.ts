// Every bad body the description or the simulator's own rules must refuse, and good ones that must pass.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Discord, startDiscord } from './discord.ts'
import { ask } from './sdk-client.ts'

let discord: Discord
beforeAll(async () => {
  discord = await startDiscord()
})
afterAll(() => discord.close())

const button = (id: string, more = {}) => ({ type: 2, style: 1, label: 'Go', custom_id: id, ...more })
const row = (...components: unknown[]) => ({ type: 1, components })
const select = { type: 3, custom_id: 's', options: [{ label: 'a', value: 'a' }] }
const long = (n: number) => 'x'.repeat(n)
const many = <T>(n: number, make: (i: number) => T) => Array.from({ length: n }, (_, i) => make(i))

const badMessages: [string, Record<string, unknown>, number?][] = [
  ['content of 2001', { content: long(2001) }],
  ['nothing at all', {}, 50006],
  ['only blanks', { content: ' \n ' }, 50006],
  ['embed title of 257', { embeds: [{ title: long(257) }] }],
  ['embed description of 4097', { embeds: [{ description: long(4097) }] }],
  ['26 fields', { embeds: [{ title: 'x', fields: many(26, i => ({ name: `${i}`, value: 'x' })) }] }],
  ['field value of 1025', { embeds: [{ fields: [{ name: 'a', value: long(1025) }] }] }],
  ['blank field value', { embeds: [{ fields: [{ name: 'a', value: ' ' }] }] }],
  ['footer of 2049', { embeds: [{ title: 'x', footer: { text: long(2049) } }] }],
  ['11 embeds', { embeds: many(11, () => ({ title: 'x' })) }],
  ['6001 over all embeds', { embeds: [{ description: long(4000) }, { description: long(2001) }] }],
  ['an empty embed', { embeds: [{ color: 1 }] }],
  ['6 rows', { content: 'x', components: many(6, i => row(button(`${i}`))) }],
  ['6 buttons in a row', { content: 'x', components: [row(...many(6, i => button(`${i}`)))] }],
  ['an empty row', { content: 'x', components: [row()] }],
  ['the same custom_id twice', { content: 'x', components: [row(button('a')), row(button('a'))] }],
  ['custom_id of 101', { content: 'x', components: [row(button(long(101)))] }],
  ['label of 81', { content: 'x', components: [row(button('a', { label: long(81) }))] }],
  ['a button without label', { content: 'x', components: [row(button('a', { label: '' }))] }],
  ['a button without custom_id', { content: 'x', components: [row({ type: 2, style: 1, label: 'x' })] }],
  ['a link with custom_id', { content: 'x', components: [row(button('a', { style: 5, url: 'https://a.b' }))] }],
  ['a link without url', { content: 'x', components: [row({ type: 2, style: 5, label: 'x' })] }],
  ['a select beside a button', { content: 'x', components: [row(select, button('a'))] }],
  [
    '26 choices in a select',
    { content: 'x', components: [row({ ...select, options: many(26, i => ({ label: `${i}`, value: `${i}` })) })] },
  ],
  ['a nonce of 26', { content: 'x', nonce: long(26) }],
  ['parse and list of the same kind', { content: 'x', allowed_mentions: { parse: ['roles'], roles: ['1'] } }],
  ['content beside components v2', { content: 'x', flags: 1 << 15, components: [{ type: 10, content: 'y' }] }],
]

test.each(badMessages)('a message with %s is refused', async (_name, message, code = 50035) => {
  const answer = await ask(discord, 'POST', `/channels/${discord.channelId}/messages`, {
    allowed_mentions: { parse: [] },
    ...message,
  })
  expect(answer).toMatchObject({ status: 400, body: { code } })
  expect(discord.violations.splice(0)).toHaveLength(1)
})

test('a message at every limit at once passes', async () => {
  const fields = many(3, i => ({ name: `${i}`, value: long(300) }))
  const answer = await ask(discord, 'POST', `/channels/${discord.channelId}/messages`, {
    content: '😀'.repeat(2000),
    embeds: [{ title: long(256), description: long(4096), fields, footer: { text: long(700) } }],
    components: many(5, r => row(...many(5, c => button(`${r}${c}${long(98)}`, { label: long(80) })))),
    allowed_mentions: { parse: [] },
  })
  expect(answer.status).toBe(200)
  expect(discord.violations).toEqual([])
})

test.each([
  ['half a character', { content: 'a\ud83d' }, 'a character cut in half (lone surrogate)'],
  ['no allowed_mentions', { content: 'a', allowed_mentions: undefined }, 'a message body without allowed_mentions'],
  [
    'an image that is not there',
    { embeds: [{ image: { url: 'attachment://a.png' } }] },
    'attachment://a.png names no file of the message',
  ],
])('a message with %s passes but is a violation', async (_name, message, violation) => {
  const body = { allowed_mentions: { parse: [] }, ...message }
  expect((await ask(discord, 'POST', `/channels/${discord.channelId}/messages`, body)).status).toBe(200)
  expect(discord.violations.splice(0)).toEqual([violation])
})

const text = (name: string, more = {}) => ({ type: 3, name, description: 'x', ...more })
const sub = (name: string, options: unknown[] = []) => ({ type: 1, name, description: 'x', options })
const badCommands: [string, Record<string, unknown>][] = [
  ['capitals in its name', { name: 'Status' }],
  ['a blank in its name', { name: 'a b' }],
  ['a name of 33', { name: long(33) }],
  ['no description', { description: undefined }],
  ['a description of 101', { description: long(101) }],
  ['26 options', { options: many(26, i => text(`o${i}`)) }],
  ['a required option after an optional one', { options: [text('a'), text('b', { required: true })] }],
  ['the same option twice', { options: [text('a'), text('a')] }],
  ['subcommands beside options', { options: [sub('a'), text('b')] }],
  [
    'a required option after an optional one in a subcommand',
    { options: [sub('a', [text('a'), text('b', { required: true })])] },
  ],
  ['26 choices', { options: [text('a', { choices: many(26, i => ({ name: `${i}`, value: `${i}` })) })] }],
  ['choices and autocomplete', { options: [text('a', { autocomplete: true, choices: [{ name: 'a', value: 'a' }] })] }],
  [
    'more than 8000 characters',
    {
      options: many(25, i =>
        sub(
          `s${i}`,
          many(4, o => text(`o${o}`, { description: long(100) })),
        ),
      ),
    },
  ],
]

test.each(badCommands)('a command with %s is refused', async (_name, command) => {
  const at = `/applications/${discord.applicationId}/guilds/${discord.guildId}/commands`
  const body = { name: 'status', description: 'x', ...command }
  expect(await ask(discord, 'PUT', at, [body])).toMatchObject({ status: 400, body: { code: 50035 } })
  expect(await ask(discord, 'POST', at, body)).toMatchObject({ status: 400, body: { code: 50035 } })
  expect(discord.violations.splice(0)).toHaveLength(2)
  expect(discord.registeredCommands()).toEqual([])
})

test('two commands of one name are refused', async () => {
  const command = { name: 'a', description: 'x' }
  const at = `/applications/${discord.applicationId}/guilds/${discord.guildId}/commands`
  expect(await ask(discord, 'PUT', at, [command, command])).toMatchObject({ status: 400, body: { code: 50035 } })
  discord.violations.splice(0)
})
