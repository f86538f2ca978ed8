// Webhooks as Vakt knows them before it sends anything.
import { randomBytes } from 'node:crypto'
import { invalid } from '../../problem.ts'
import type { AddedChannel } from '../channel.ts'
import { definePlatform } from '../platform-definition.ts'

const capabilities = { edits: true, threads: false, pictures: false, mentions: false, interactive: false }

export const webhook = definePlatform({
  name: 'webhook',
  label: 'Webhook',
  capabilities,
  settings: {},
  required: [],
  secrets: () => [],
  // Always there: every webhook is added by a command.
  readSettings: () => ({}),
  async load() {
    const { createWebhooks } = await import('./platform.ts')
    return parts => createWebhooks({ ...parts, capabilities })
  },
  channels: {
    written: 'https://<URL of a webhook>',
    pattern: /^https?:\/\//i,
    example: 'channels add https://example.org/hooks/vakt --name pager',
    note: 'Requests to a webhook are signed with a secret that is shown once.',
    setting: null,
    read: readWebhook,
  },
})

/** A webhook is known by its name, because its URL may carry a secret of its own. */
function readWebhook(where: string, name: string | undefined): AddedChannel {
  const url = URL.parse(where)
  if (url === null || url.username !== '' || url.password !== '')
    throw invalid('where', 'The URL of the webhook must be http:// or https://, without a user in it.')
  if (name === undefined) throw invalid('name', 'Give the webhook a name with --name, because its URL is never shown.')
  return { id: `webhook:${name}`, name, address: url.href, secret: randomBytes(32).toString('base64url') }
}
