// Slack as Vakt knows it without loading its SDK.
import { z } from 'zod'
import { requiredWith, textSetting, urlSetting } from '../../config/setting.ts'
import { definePlatform } from '../platform-definition.ts'

const capabilities = { edits: true, threads: true, pictures: true, mentions: true, interactive: true }

export const slack = definePlatform({
  name: 'slack',
  label: 'Slack',
  capabilities,
  settings: {
    SLACK_BOT_TOKEN: z.string().startsWith('xoxb-', 'must begin with xoxb-').optional(),
    SLACK_APP_TOKEN: z.string().startsWith('xapp-', 'must begin with xapp-').optional(),
    SLACK_SIGNING_SECRET: textSetting().optional(),
    SLACK_CHANNEL_ID: z
      .string()
      .regex(/^[CGD][A-Z0-9]{5,}$/, 'must be a channel id such as C0123456789')
      .optional(),
    SLACK_API_URL: urlSetting('https://slack.com/api/').default('https://slack.com/api/'),
  },
  required: [
    requiredWith('SLACK_CHANNEL_ID', ['SLACK_BOT_TOKEN'], 'the channel for alerts'),
    requiredWith(
      'SLACK_APP_TOKEN',
      ['SLACK_BOT_TOKEN'],
      'the token for Socket Mode (or set SLACK_SIGNING_SECRET for HTTP mode)',
      ['SLACK_SIGNING_SECRET'],
    ),
    requiredWith(
      'SLACK_BOT_TOKEN',
      ['SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET', 'SLACK_CHANNEL_ID'],
      'the token of the bot',
    ),
  ],
  secrets: env => [env.SLACK_BOT_TOKEN, env.SLACK_APP_TOKEN, env.SLACK_SIGNING_SECRET],
  readSettings: env =>
    env.SLACK_BOT_TOKEN === undefined
      ? null
      : {
          botToken: env.SLACK_BOT_TOKEN,
          appToken: env.SLACK_APP_TOKEN ?? null,
          signingSecret: env.SLACK_SIGNING_SECRET ?? null,
          channelId: env.SLACK_CHANNEL_ID!,
          apiUrl: `${env.SLACK_API_URL.replace(/\/+$/, '')}/`,
        },
  async load(settings) {
    const { createSlack } = await import('./platform.ts')
    return parts => createSlack({ ...parts, settings, capabilities })
  },
  async diagnose(settings, signal) {
    const { diagnose } = await import('./diagnosis/diagnose.ts')
    return diagnose(settings, signal)
  },
  channels: {
    written: 'slack:<channel id>',
    pattern: /^slack:[CGD][A-Z0-9]{5,}$/,
    example: 'channels add slack:C0123456789 --name payments',
    setting: 'SLACK_BOT_TOKEN',
  },
  accounts: {
    schema: z
      .string()
      .regex(/^(<@)?[UW][A-Z0-9]{4,}/, 'must be a Slack user id such as U012AB3CD')
      .transform(text => /[UW][A-Z0-9]+/.exec(text)![0])
      .describe('Slack user id or mention'),
  },
  roles: {
    subject: /^[UWS][A-Z0-9]{2,}$/,
    unmistakable: /^[UWS][A-Z0-9]{5,}$/,
    admins: 'Slack admins',
    picking: 'on Slack write @ and pick the person (user groups have no roles)',
    example: 'roles set U012AB3CD viewer --platform slack',
  },
  mentions: [
    { kind: 'user', typed: /^<@([UW][A-Z0-9]{4,})(?:\|[^>]*)?>$/, id: /^[A-Z0-9]{5,}$/ },
    { kind: 'group', typed: /^<!subteam\^(S[A-Z0-9]{4,})(?:\|[^>]*)?>$/, id: /^[A-Z0-9]{5,}$/ },
  ],
  requests: {
    path: '/slack/events',
    description:
      'Events, commands and button presses. Slack signs the raw body in `X-Slack-Signature` and `X-Slack-Request-Timestamp`: https://docs.slack.dev/authentication/verifying-requests-from-slack',
    notConfigured: 'Slack is not in HTTP mode here. Set SLACK_SIGNING_SECRET instead of SLACK_APP_TOKEN.',
  },
})
