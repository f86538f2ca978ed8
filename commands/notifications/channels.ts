// Channels that commands add beside those of the settings: added with a test card, listed, tested, removed.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Card, Row, Text } from '../../src/card.ts'
import { DeliveryError } from '../../src/chat/channel.ts'
import type { PlatformDefinition } from '../../src/chat/platform-definition.ts'
import { completes, positional, secret } from '../../src/command/command.ts'
import {
  addChannel,
  type ChannelRow,
  findChannel,
  listChannels,
  removeChannel,
} from '../../src/notifications/routing/channels.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { plural } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, refusePublicSecret, yes } from '../context.ts'
import { setName } from './recipient-arguments.ts'

const channelName = () =>
  completes(positional(z.string().min(1).max(200)), 'channel').describe('Name or id of the channel')

const add = (platforms: readonly PlatformDefinition[]) =>
  command({
    name: 'channels add',
    summary: 'Add a channel for alerts; a test card is sent to it first',
    details: [
      `A channel is one of ${orList(platforms)}.`,
      ...platforms.flatMap(({ channels }) => channels.note ?? []),
      'Without any route it gets every alert.',
    ].join(' '),
    examples: platforms.map(({ channels }) => channels.example),
    role: 'admin',
    args: {
      // The address of a webhook may carry a secret of its own.
      where: secret(positional(z.string().min(1).max(1000))).describe(`Channel: ${orList(platforms)}`),
      name: setName().optional().describe('Name (default: its name on the platform; required for webhooks)'),
    },
    async run({ where, name }, context) {
      const platform = platforms.find(({ channels }) => channels.pattern.test(where))
      // What was mistyped may be the secret address of a webhook, so the error does not repeat it.
      if (!platform) throw invalid('where', `That is not a channel. Write ${orList(platforms)}.`)
      const added = platform.channels.read?.(where, name) ?? {
        id: where,
        name: name ?? '',
        address: null,
        secret: null,
      }
      const isShown = added.secret !== null && platform.channels.secret !== 'given'
      if (isShown) refusePublicSecret(context, 'the secret of its signatures')
      const channel = context.parts.openChannel(added)
      if (!channel) throw notConfigured(platform)
      await sendTest(channel.post.bind(channel), context)
      const { address, secret: signing } = added
      const row = addChannel(
        context.state,
        {
          id: added.id,
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
            'The test card has arrived there. "routes add" sets which alerts go where.',
            ...(isShown ? ['The secret of its signatures is shown only now.'] : []),
          ],
          ...(isShown ? { code: { text: signing! } } : {}),
        },
        result: { channel: { ...channelResult(row), ...(isShown ? { secret: signing } : {}) } },
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
        title: rows.length === 0 ? 'No channels' : plural(rows.length, 'channel'),
        tone: 'plain',
        ...(rows.length === 0
          ? { lines: ['Configure a chat in the settings, or add a channel: "channels add mailto:ops@example.org".'] }
          : { rows: rows.map(channelRow) }),
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
    if (!channel) throw notConfigured(context.platforms.find(({ channels }) => channels.pattern.test(row.id)))
    await sendTest(channel.post.bind(channel), context)
    return {
      card: { title: `A test card has arrived in ${row.name}`, tone: 'good' },
      result: { channel: channelResult(row) },
    }
  },
})

const remove = command({
  name: 'channels remove',
  summary: 'Remove a channel that a command added; its cards stay as they are',
  role: 'admin',
  args: { channel: channelName(), yes: yes() },
  run({ channel: name, yes }, { state, now, interactive }) {
    const row = findChannel(state, name)
    if (interactive && !yes && row.origin !== 'settings')
      return confirmation(`Remove ${row.name}?`, [channelLine(row)], { line: `channels remove ${row.id}` })
    removeChannel(state, row, now)
    return {
      card: { title: `${row.name} gets no more alerts`, tone: 'muted' },
      result: { channel: channelResult(row) },
    }
  },
})

/** The commands about channels; what they take depends on the platforms there are. */
export function channelCommands(platforms: readonly PlatformDefinition[]) {
  return [add(platforms), list, test, remove]
}

/** `discord:<channel id>, mailto:<address> or https://<URL of a webhook>`. */
function orList(platforms: readonly PlatformDefinition[]): string {
  const written = platforms.map(({ channels }) => channels.written)
  return [written.slice(0, -1).join(', '), written.at(-1)].filter(Boolean).join(' or ')
}

function notConfigured(platform: PlatformDefinition | undefined): Problem {
  const { label, channels } = platform ?? { label: 'The platform of the channel', channels: { setting: null } }
  const remedy = channels.setting === null ? '' : ` Set ${channels.setting} and restart Vakt.`
  return new Problem('conflict', `${label} is not configured.${remedy}`)
}

async function sendTest(post: (card: Card, nonce: string) => Promise<string>, { by }: Context): Promise<void> {
  const lines = [`${by.name} tests whether alerts arrive here. Nothing is wrong.`]
  try {
    await post({ title: 'A test from Vakt', tone: 'info', lines }, randomBytes(12).toString('hex'))
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    throw new Problem('conflict', `The test card did not arrive: ${error.message}`, {
      fields: { where: 'not reached' },
    })
  }
}

function channelLine({ id, name, origin }: ChannelRow): Text {
  const from = { settings: 'from the settings', command: 'added by command', person: 'reaches one person' }[origin]
  return [{ bold: name }, ' ', { code: id }, ` ${from}`]
}

function channelRow(row: ChannelRow): Row {
  const test = { label: 'Test', line: `channels test ${row.id}` }
  return { name: row.name, text: channelLine(row), ...(row.origin === 'person' ? {} : { action: test }) }
}

function channelResult({ id, name, origin, addedAt }: ChannelRow) {
  return { id, name, given: origin, added_at: isoTime(addedAt) }
}
