// The manifest of the Slack app, made from the settings and the commands, so that setting it up is one paste.
/** The scopes of the bot token, each with what it is for. */
export const SCOPES = [
  'commands', // people type /vakt
  'app_mentions:read', // people ask about an alert in its thread
  'chat:write', // cards
  'files:write', // charts and exports
  'channels:history', // finding a card that may or may not have arrived
  'groups:history', // the same in a private channel
  'channels:read', // the channel's name
  'groups:read',
  'users:read', // who is a workspace admin
  'im:write', // files of private replies
  'pins:write', // the board stays in sight
  // "channels:read" also shows who may look at the Home tab: the members of the alert channels.
] as const

/** The one slash command. */
export const SLASH_COMMAND = '/vakt'

/** The callback id of the shortcut at messages. */
export const LOGS_AROUND = 'vakt_logs_around'

/** Where Slack sends requests in HTTP mode. */
const EVENTS_PATH = '/slack/events'
const MAX_HINT_LENGTH = 120

/**
 * The app manifest as JSON (https://api.slack.com/reference/manifests): for HTTP mode at PUBLIC_URL when the settings ask
 * for it, or when Slack is not configured and PUBLIC_URL is one that Slack can reach; otherwise for Socket Mode, which
 * needs no address. The commands become the hint that is shown while people type.
 */
export function slackManifest(
  config: { publicUrl: string | null; slack: { appToken: string | null } | null },
  commands: readonly { name: string }[] = [],
): Record<string, unknown> {
  const isReachable = config.publicUrl?.startsWith('https://') === true
  const isSocketMode = config.slack === null ? !isReachable : config.slack.appToken !== null
  const url = isSocketMode ? undefined : `${config.publicUrl ?? ''}${EVENTS_PATH}`
  const groups = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))]
  return {
    display_information: {
      name: 'Vakt',
      description: 'Monitors your jobs, logs and hosts, and alerts here.',
      background_color: '#1D3557',
    },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: true },
      shortcuts: [
        {
          name: 'Search logs around this time',
          type: 'message',
          callback_id: LOGS_AROUND,
          description: 'Shows log lines from five minutes before to five after',
        },
      ],
      bot_user: { display_name: 'vakt', always_online: true },
      slash_commands: [
        {
          command: SLASH_COMMAND,
          description: 'Run a command of Vakt',
          usage_hint: hint(groups),
          // Mentions then come with their ids, so that roles can be given to them.
          should_escape: true,
          ...(url && { url }),
        },
      ],
    },
    oauth_config: { scopes: { bot: [...SCOPES] } },
    settings: {
      event_subscriptions: { bot_events: ['app_mention', 'app_home_opened'], ...(url && { request_url: url }) },
      interactivity: { is_enabled: true, ...(url && { request_url: url, message_menu_options_url: url }) },
      org_deploy_enabled: false,
      socket_mode_enabled: isSocketMode,
      token_rotation_enabled: false,
    },
  }
}

/** Slack shows the hint in one line; whole words only. */
function hint(words: readonly string[]): string {
  let text = ''
  for (const word of words) if (text.length + word.length < MAX_HINT_LENGTH) text += text === '' ? word : ` | ${word}`
  return text === '' ? 'help' : text
}
