// E-mail as Vakt knows it without loading its SDK.
import { z } from 'zod'
import { requiredWith } from '../../config/setting.ts'
import { definePlatform } from '../platform-definition.ts'

const capabilities = { edits: false, threads: false, pictures: true, mentions: false, interactive: false }

export const email = definePlatform({
  name: 'email',
  label: 'E-mail',
  capabilities,
  settings: {
    SMTP_URL: z
      .string()
      .refine(
        text => /^smtps?:$/.test(URL.parse(text)?.protocol ?? ''),
        'must be a URL such as smtps://user:password@mail.example.org',
      )
      .optional(),
    MAIL_FROM: z
      .string()
      .regex(/^[^\r\n]*@[^\r\n]+$/, 'must be an address such as vakt@example.org')
      .optional(),
    MAIL_TO: z
      .string()
      .default('')
      .transform(text => text.split(/[\s,;]+/).filter(Boolean))
      .refine(
        list => list.every(address => /^[^\s@<>"]+@[^\s@<>"]+$/.test(address)),
        'must be addresses such as ops@example.org',
      ),
  },
  required: [
    requiredWith('MAIL_FROM', ['SMTP_URL'], 'the address that mails are sent from'),
    requiredWith('SMTP_URL', ['MAIL_FROM', 'MAIL_TO'], 'the server that sends them'),
  ],
  secrets: env => [smtpPassword(env.SMTP_URL)],
  readSettings: env =>
    env.SMTP_URL === undefined ? null : { url: env.SMTP_URL, from: env.MAIL_FROM!, to: env.MAIL_TO },
  async load(settings) {
    const { createEmail } = await import('./platform.ts')
    return parts => createEmail({ ...parts, settings, capabilities })
  },
  channels: {
    written: 'mailto:<address>',
    pattern: /^mailto:[^\s@,;<>"]+@[^\s@,;<>"]+$/,
    example: 'channels add mailto:ops@example.org --name ops-mail',
    setting: 'SMTP_URL',
  },
  accounts: {
    schema: z.email('must be an e-mail address').max(200).describe('E-mail address'),
    directChannel: account => `mailto:${account}`,
  },
})

function smtpPassword(url: string | undefined): string | undefined {
  const password = URL.parse(url ?? '')?.password
  return password ? decodeURIComponent(password) : undefined
}
