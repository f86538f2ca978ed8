// Gotify as Vakt knows it before it sends anything. https://gotify.net/docs/pushmsg
import { z } from 'zod'
import { requiredWith } from '../../config/setting.ts'
import { invalid } from '../../problem.ts'
import type { AddedChannel } from '../channel.ts'
import { definePlatform } from '../platform-definition.ts'

const capabilities = { edits: false, threads: false, pictures: false, mentions: false, interactive: false }

export const gotify = definePlatform({
  name: 'gotify',
  label: 'Gotify',
  capabilities,
  settings: {
    GOTIFY_URL: z
      .string()
      .refine(
        text => /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
        'must be a URL such as https://gotify.example.org',
      )
      .optional(),
    GOTIFY_TOKEN: z.string().optional(),
  },
  required: [requiredWith('GOTIFY_URL', ['GOTIFY_TOKEN'], 'the server of the application')],
  secrets: env => [env.GOTIFY_TOKEN],
  readSettings: env =>
    env.GOTIFY_URL === undefined ? null : { url: env.GOTIFY_URL.replace(/\/+$/, ''), token: env.GOTIFY_TOKEN ?? null },
  async load(settings) {
    const { createGotify } = await import('./platform.ts')
    return parts => createGotify({ ...parts, settings, capabilities })
  },
  channels: {
    written: 'gotify:<token of an application>',
    pattern: /^gotify:[\w.-]{1,100}$/,
    example: 'channels add gotify:AzyoeNS.D4iJLVa --name phone',
    note: 'The token of a Gotify application is stored encrypted and never shown.',
    setting: 'GOTIFY_URL',
    secret: 'given',
    read: readApplication,
  },
})

/** An application is known by its name, because its token is a secret. */
function readApplication(where: string, name: string | undefined): AddedChannel {
  if (name === undefined)
    throw invalid('name', 'Give the application a name with --name, because its token is never shown.')
  return { id: `gotify:${name}`, name, address: null, secret: where.slice('gotify:'.length) }
}
