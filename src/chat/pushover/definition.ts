// Pushover as Vakt knows it before it sends anything. https://pushover.net/api
import { z } from 'zod'
import { requiredWith } from '../../config/setting.ts'
import { definePlatform } from '../platform-definition.ts'

const capabilities = { edits: false, threads: false, pictures: false, mentions: false, interactive: false }
const KEY = /^[A-Za-z0-9]{30}$/
const key = z.string().regex(KEY, 'must be 30 letters and digits')

export const pushover = definePlatform({
  name: 'pushover',
  label: 'Pushover',
  capabilities,
  settings: {
    PUSHOVER_TOKEN: key.optional(),
    PUSHOVER_USER: key.optional(),
    PUSHOVER_URL: z
      .string()
      .refine(
        text => /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
        'must be a URL such as https://api.pushover.net',
      )
      .default('https://api.pushover.net'),
  },
  required: [requiredWith('PUSHOVER_TOKEN', ['PUSHOVER_USER'], 'the token of the application that sends')],
  secrets: env => [env.PUSHOVER_TOKEN],
  readSettings: env =>
    env.PUSHOVER_TOKEN === undefined
      ? null
      : { token: env.PUSHOVER_TOKEN, user: env.PUSHOVER_USER ?? null, url: env.PUSHOVER_URL.replace(/\/+$/, '') },
  async load(settings) {
    const { createPushover } = await import('./platform.ts')
    return parts => createPushover({ ...parts, settings, capabilities })
  },
  channels: {
    written: 'pushover:<key of a user or group>',
    pattern: /^pushover:[A-Za-z0-9]{30}$/,
    example: 'channels add pushover:uQiRzpo4DXghDmr9QzzfQu27cmVRsG --name phone',
    setting: 'PUSHOVER_TOKEN',
  },
})
