// Channels beside those of the settings: added with a test card, listed, tested, removed.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Card, Text } from '../../src/card.ts'
import { type AddedChannel, DeliveryError } from '../../src/chat/channel.ts'
import { completes, positional, secret } from '../../src/command/command.ts'
import {
  addChannel,
  type ChannelRow,
  findChannel,
  listChannels,
  removeChannel,
} from '../../src/notifications/routing/channels.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, counted, yes } from '../context.ts'
import { setName } from './recipient-arguments.ts'

const channelName = () =>
  completes(positional(z.string().min(1).max(200)), 'channel').describe('Name or id of the channel')

/** How each kind is written, and what its id becomes. */
const KINDS: { pattern: RegExp; needs: string }[] = [
  { pattern: /^discord:\d{15,21}$/, needs: 'DISCORD_TOKEN' },
  { pattern: /^slack:[CGD][A-Z0-9]{5,}$/, needs: 'SLACK_BOT_TOKEN' },
  { pattern: /^telegram:(-?\d{3,20}|@\w{5,32})$/, needs: 'TELEGRAM_BOT_TOKEN' },
  { pattern: /^mailto:[^\s@,;<>"]+@[^\s@,;<>"]+$/, needs: 'SMTP_URL' },
]

const add = command({
  name: 'channels add',
  summary: 'Add a channel for alerts; a test card is sent to it first',
  details:
    'discord:<channel id>, slack:<channel id>, telegram:<chat id>, mailto:<address>, or the https:// URL of a webhook, which is signed with a secret that is shown once. Without any route it gets every alert.',
  examples: [
    'channels add discord:123456789012345678 --name payments',
    'channels add mailto:ops@example.org --name ops-mail',
    'channels add https://example.org/hooks/vakt --name pager',
  ],
  role: 'admin',
  args: {
    // The address of a webhook may carry a secret of its own.
    where: secret(positional(z.string().min(1).max(1000))).describe(
      'discord:, slack:, telegram:, mailto: or https:// and what follows',
    ),
    name: setName().optional().describe('What it is called here; needed for webhooks'),
  },
  async run({ where, name }, context) {
    const { given, address, secret: signing } = readWhere(where, name)
    const channel = context.parts.openChannel(given)
    if (!channel) throw notSetUp(given.id)
    await sendTest(channel.post.bind(channel), context)
    const row = addChannel(
      context.state,
      {
        id: given.id,
        name: name ?? channel.name,
        ...(address === null ? {} : { address }),
        ...(signing === null ? {} : { secretSealed: context.vault.seal(signing) }),
      },
      context.now,
    )
    return {
      card: {
        title: `${row.name} gets alerts from now on`,
        tone: 'good',
        lines: [
          'The test card has arrived there. "routes add" says which alerts go where.',
          ...(signing === null ? [] : ['This is the only time that the secret of its signatures is shown.']),
        ],
        ...(signing === null ? {} : { code: { text: signing } }),
      },
      result: { channel: { ...channelResult(row), ...(signing === null ? {} : { secret: signing }) } },
    }
  },
})

const list = command({
  name: 'channels list',
  summary: 'Show the channels that alerts can go to',
  role: 'viewer',
  args: {},
  run(_, { state }) {
    const rows = listChannels(state)
    return {
      card: {
        title: rows.length === 0 ? 'No channels' : counted(rows.length, 'channel'),
        tone: 'plain',
        lines:
          rows.length === 0
            ? ['Set a chat up in the settings, or add one: "channels add mailto:ops@example.org".']
            : rows.map(channelLine),
      },
      result: { channels: rows.map(channelResult) },
    }
  },
})

const test = command({
  name: 'channels test',
  summary: 'Send a test card to one channel',
  examples: ['channels test ops-mail'],
  role: 'responder',
  args: { channel: channelName() },
  async run({ channel: name }, context) {
    const row = findChannel(context.state, name)
    const channel = context.parts.channel(row.id)
    if (!channel) throw notSetUp(row.id)
    await sendTest(channel.post.bind(channel), context)
    return {
      card: { title: `A test card has arrived in ${row.name}`, tone: 'good' },
      result: { channel: channelResult(row) },
    }
  },
})

const remove = command({
  name: 'channels remove',
  summary: 'Take a channel away that was added by command; its cards stay as they are',
  role: 'admin',
  args: { channel: channelName(), yes: yes() },
  run({ channel: name, yes }, { state, now, interactive }) {
    const row = findChannel(state, name)
    if (interactive && !yes && row.given !== 'settings')
      return confirmation(`Remove ${row.name}?`, [channelLine(row)], { line: `channels remove ${row.id}` })
    removeChannel(state, row, now)
    return {
      card: { title: `${row.name} gets no more alerts`, tone: 'muted' },
      result: { channel: channelResult(row) },
    }
  },
})

export const channelCommands = [add, list, test, remove]

function readWhere(where: string, name: string | undefined) {
  if (/^https?:\/\//i.test(where)) return readWebhook(where, name)
  const kind = KINDS.find(({ pattern }) => pattern.test(where))
  if (!kind)
    throw invalid(
      'where',
      // What was mistyped may be the secret address of a webhook, which no audit is to show.
      `That is no channel. Write discord:<id>, slack:<id>, telegram:<chat id>, mailto:<address> or https://….`,
    )
  const given: AddedChannel = { id: where, name: name ?? '', address: null, secret: null }
  return { given, address: null, secret: null }
}

function readWebhook(where: string, name: string | undefined) {
  const url = URL.parse(where)
  if (url === null || url.username !== '' || url.password !== '')
    throw invalid('where', 'The URL of the webhook is not right; it must be http:// or https://, without a user in it.')
  if (name === undefined) throw invalid('name', 'Give the webhook a name with --name, for its URL is never shown.')
  const secret = randomBytes(32).toString('base64url')
  const given: AddedChannel = { id: `webhook:${name}`, name, address: url.href, secret }
  return { given, address: url.href, secret }
}

function notSetUp(id: string): Problem {
  const needs = KINDS.find(({ pattern }) => pattern.test(id))?.needs ?? 'the platform'
  return new Problem('conflict', `${id.split(':')[0]} is not set up here: set ${needs} and start Vakt anew.`)
}

async function sendTest(post: (card: Card, nonce: string) => Promise<string>, { by }: Context): Promise<void> {
  const lines = [`${by.name} tries whether alerts arrive here. Nothing is wrong.`]
  try {
    await post({ title: 'A test from Vakt', tone: 'info', lines }, randomBytes(12).toString('hex'))
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    throw new Problem('conflict', `The test card did not arrive: ${error.message}`, {
      fields: { where: 'not reached' },
    })
  }
}

function channelLine({ id, name, given }: ChannelRow): Text {
  const from = { settings: 'from the settings', command: 'added by command', person: 'reaches one person' }[given]
  return [{ bold: name }, ' ', { code: id }, ` ${from}`]
}

function channelResult({ id, name, given, addedAt }: ChannelRow) {
  return { id, name, given, added_at: isoTime(addedAt) }
}
