// The manifest of the Slack app, made from the settings and the commands, so that setting up is one paste.
/** What the bot token must be allowed to do, and why. */
export const SCOPES = [
  'commands', // people type /vakt
  'app_mentions:read', // people ask about an alert in its thread
  'chat:write', // cards
  'files:write', // charts and exports
  'channels:history', // finding a card again after a send that may or may not have arrived
  'groups:history', // the same in a private channel
  'channels:read', // the channel's name
  'groups:read',
  'users:read', // who is a workspace admin
  'im:write', // files of private answers
] as const

/** The slash command everything is under. */
export const SLASH_COMMAND = '/vakt'

const EVENTS_PATH = '/slack/events'

/**
 * The app manifest, as Slack takes it in JSON: for HTTP mode at PUBLIC_URL when the settings say so, or when nothing is
 * set yet and PUBLIC_URL is one that Slack could reach; for Socket Mode, which needs no address, in every other case.
 * The commands become the hint shown while people type.
 */
export function slackManifest(
  config: { publicUrl: string | null; slack: { appToken: string | null } | null },
  commands: readonly { name: string }[] = [],
): Record<string, unknown> {
  const reachable = config.publicUrl?.startsWith('https://') === true
  const socketMode = config.slack === null ? !reachable : config.slack.appToken !== null
  const url = socketMode ? undefined : `${config.publicUrl ?? ''}${EVENTS_PATH}`
  const groups = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))]
  return {
    display_information: {
      name: 'Vakt',
      description: 'Watches your jobs, logs and hosts, and says so here.',
      background_color: '#1D3557',
    },
    features: {
      bot_user: { display_name: 'vakt', always_online: true },
      slash_commands: [
        {
          command: SLASH_COMMAND,
          description: 'Ask Vakt, or tell it what to do',
          usage_hint: hint(groups),
          // Mentions come with their ids, so that roles can be given to them.
          should_escape: true,
          ...(url && { url }),
        },
      ],
    },
    oauth_config: { scopes: { bot: [...SCOPES] } },
    settings: {
      event_subscriptions: { bot_events: ['app_mention'], ...(url && { request_url: url }) },
      interactivity: { is_enabled: true, ...(url && { request_url: url, message_menu_options_url: url }) },
      org_deploy_enabled: false,
      socket_mode_enabled: socketMode,
      token_rotation_enabled: false,
    },
  }
}

/** Slack shows the hint in one line; whole words only. */
function hint(words: readonly string[]): string {
  let text = ''
  for (const word of words) if (text.length + word.length < 120) text += text === '' ? word : ` | ${word}`
  return text === '' ? 'help' : text
}
