// Interactions of the simulator against the unmodified SDK: every kind of act, every kind of answer, every deadline.

import {
  ActionRowBuilder,
  ButtonBuilder,
  ButtonStyle,
  type Client,
  Events,
  type Interaction,
  MessageFlags,
  ModalBuilder,
  TextInputBuilder,
  TextInputStyle,
} from 'discord.js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Discord, startDiscord } from './discord.ts'
import { connect } from './sdk-client.ts'

let discord: Discord
let client: Client<true>
let now = 1_800_000_000_000
const nobody = { allowedMentions: { parse: [] } }

beforeEach(async () => {
  discord = await startDiscord({ now: () => now, timeoutMs: 1_500 })
  client = await connect(discord)
  const name = { type: 3, name: 'name', description: 'Which check', required: true, autocomplete: true }
  const every = { type: 3, name: 'every', description: 'How often' }
  await client.application.commands.set(
    [
      {
        name: 'checks',
        description: 'Checks',
        options: [{ type: 1, name: 'add', description: 'Add', options: [name, every] }],
      },
    ],
    discord.guildId,
  )
})

afterEach(async () => {
  await client.destroy()
  await discord.close()
})

function onInteraction(answer: (interaction: Interaction<'cached'>) => Promise<unknown>): { failed: unknown[] } {
  const failed: unknown[] = []
  client.on(Events.InteractionCreate, i => {
    answer(i as Interaction<'cached'>).catch(error => failed.push(error))
  })
  return { failed }
}

test('a slash command arrives with its options, member and permissions, and is answered', async () => {
  onInteraction(async i => {
    if (!i.isChatInputCommand()) return
    const admin = i.memberPermissions?.has('ManageGuild')
    await i.reply({
      content: `${i.options.getSubcommand()} ${i.options.getString('name')} ${i.user.username} ${admin}`,
      ...nobody,
    })
  })
  await discord.say('/checks add', { name: 'nightly' })
  await discord.say('/checks add', { name: 'nightly' }, { by: discord.member })
  expect(discord.messages().map(m => m.content)).toEqual(['add nightly ada true', 'add nightly max false'])
  expect(discord.violations).toEqual([])
})

test('people cannot send what a Discord client would not let them', async () => {
  await expect(discord.say('/checks remove')).rejects.toThrow('there is no "remove" here; offered: add')
  await expect(discord.say('/checks')).rejects.toThrow('needs one of: add')
  await expect(discord.say('/checks add')).rejects.toThrow('needs name')
  await expect(discord.say('/checks add', { name: 'x', nope: 'y' })).rejects.toThrow('has no option "nope"')
})

test('a deferred private answer is private to the end', async () => {
  onInteraction(async i => {
    if (!i.isChatInputCommand()) return
    await i.deferReply({ flags: MessageFlags.Ephemeral })
    await i.editReply({ content: 'secret', ...nobody })
    await i.followUp({ content: 'and more', flags: MessageFlags.Ephemeral, ...nobody })
  })
  const answer = await discord.say('/checks add', { name: 'x' })
  await discord.until(() => answer.followUps.length === 1)
  expect(answer).toMatchObject({ private: true, acknowledged: 5 })
  expect(discord.ephemerals().map(m => m.content)).toEqual(['secret', 'and more'])
  expect(discord.messages()).toEqual([])
  expect(discord.violations).toEqual([])
})

test('a button updates its message, and a press on an old copy still runs its own line', async () => {
  const row = (label: string, id: string) =>
    new ActionRowBuilder<ButtonBuilder>().addComponents(
      new ButtonBuilder({ label, customId: id, style: ButtonStyle.Primary }),
    )
  onInteraction(async i => {
    if (i.isChatInputCommand()) await i.reply({ content: 'card', components: [row('Acknowledge', 'ack 1')], ...nobody })
    if (i.isButton() && i.customId === 'ack 1')
      await i.update({ content: `acked by ${i.user.username}`, components: [row('Resolve', 'resolve 1')], ...nobody })
  })
  await discord.say('/checks add', { name: 'x' })
  const [card] = discord.messages()
  await discord.press(card!, 'Acknowledge', discord.member)
  expect(discord.text(discord.messages()[0]!)).toBe('acked by max\n[Resolve]')
  await discord.press(card!, 'Acknowledge')
  expect(discord.messages()[0]!.content).toBe('acked by ada')
  await expect(discord.press(discord.messages()[0]!, 'Acknowledge')).rejects.toThrow(
    'there is no button "Acknowledge"; there are: Resolve',
  )
})

test('a modal opens, is filled in by label and answered', async () => {
  const input = new TextInputBuilder({ customId: 'why', label: 'Reason', style: TextInputStyle.Short })
  const modal = new ModalBuilder({ customId: 'm', title: 'Silence' }).addComponents(
    new ActionRowBuilder<TextInputBuilder>().addComponents(input),
  )
  onInteraction(async i => {
    if (i.isChatInputCommand()) await i.showModal(modal)
    if (i.isModalSubmit()) await i.reply({ content: `because ${i.fields.getTextInputValue('why')}`, ...nobody })
  })
  const opened = await discord.say('/checks add', { name: 'x' })
  await expect(discord.submit(opened, { Cause: 'x' })).rejects.toThrow('wants "Reason"')
  await discord.submit(opened, { Reason: 'maintenance' })
  expect(discord.messages()[0]!.content).toBe('because maintenance')
})

test('autocomplete offers what the bot suggests for what was typed', async () => {
  onInteraction(async i => {
    if (i.isAutocomplete()) await i.respond([{ name: `${i.options.getFocused()}ly`, value: 'nightly' }])
  })
  expect(await discord.type('/checks add', { name: 'night' }, 'name')).toEqual([{ name: 'nightly', value: 'nightly' }])
})

test('an answer after three seconds is refused with 10062, and the person sees that nothing came', async () => {
  const { failed } = onInteraction(async i => {
    now += 3_001
    if (i.isChatInputCommand()) await i.reply({ content: 'late', ...nobody })
  })
  const invoking = discord.say('/checks add', { name: 'x' })
  await expect(invoking).rejects.toThrow('the application did not respond')
  expect(failed).toMatchObject([{ code: 10062, status: 404 }])
})

test('a second acknowledgement is refused with 40060 and is a violation', async () => {
  const { failed } = onInteraction(async i => {
    if (!i.isChatInputCommand()) return
    await i.reply({ content: 'one', ...nobody })
    await client.rest.post(`/interactions/${i.id}/${i.token}/callback`, { auth: false, body: { type: 5 } })
  })
  await discord.say('/checks add', { name: 'x' })
  await discord.until(() => failed.length === 1)
  expect(failed).toMatchObject([{ code: 40060 }])
  expect(discord.violations.splice(0)).toHaveLength(1)
})

test('a token is dead after fifteen minutes', async () => {
  const { failed } = onInteraction(async i => {
    if (!i.isChatInputCommand()) return
    await i.deferReply()
    now += 15 * 60_000 + 1
    await i.editReply({ content: 'too late', ...nobody })
  })
  await expect(discord.say('/checks add', { name: 'x' })).rejects.toThrow('still thinking')
  expect(failed).toMatchObject([{ code: 50027, status: 401 }])
})
