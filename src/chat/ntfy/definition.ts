// The push service ntfy as Vakt knows it before it sends anything. https://docs.ntfy.sh/publish/
import { z } from 'zod'
import { requiredWith } from '../../config/setting.ts'
import { definePlatform } from '../platform-definition.ts'

const capabilities = { edits: false, threads: false, pictures: false, mentions: false, interactive: false }
const TOPIC = /^[-_A-Za-z0-9]{1,64}$/

export const ntfy = definePlatform({
  name: 'ntfy',
  label: 'ntfy',
  capabilities,
  settings: {
    NTFY_URL: z
      .string()
      .refine(
        text => /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
        'must be a URL such as https://ntfy.example.org',
      )
      .optional(),
    NTFY_TOKEN: z.string().optional(),
    NTFY_TOPIC: z.string().regex(TOPIC, 'must be up to 64 letters, digits, - and _').optional(),
  },
  required: [requiredWith('NTFY_URL', ['NTFY_TOKEN', 'NTFY_TOPIC'], 'the server that the telephones listen to')],
  secrets: env => [env.NTFY_TOKEN],
  // It needs no setting: any topic of the public server can be added by a command.
  readSettings: env => ({
    url: (env.NTFY_URL ?? 'https://ntfy.sh').replace(/\/+$/, ''),
    token: env.NTFY_TOKEN ?? null,
    topic: env.NTFY_TOPIC ?? null,
  }),
  async load(settings) {
    const { createNtfy } = await import('./platform.ts')
    return parts => createNtfy({ ...parts, settings, capabilities })
  },
  channels: {
    written: 'ntfy:<topic>',
    pattern: /^ntfy:[-_A-Za-z0-9]{1,64}$/,
    example: 'channels add ntfy:vakt-x7Kq2mP9 --name phone',
    note: 'Everybody who knows the name of a topic of ntfy reads it, so choose one that nobody guesses.',
    setting: null,
  },
})
