// The manifest of the Slack app, made from the commands, so that setting up is one paste.

/** What the bot token must be allowed to do, and why. */
export const SCOPES = [
  'commands', // people type /vakt
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
 * The app manifest, as Slack takes it in JSON. With `socketMode` no address is needed; otherwise `publicUrl` (without a
 * final slash) is where Slack reaches us. `commandNames` become the hint shown while people type.
 */
export function createManifest(options: {
  socketMode: boolean
  publicUrl: string | null
  commandNames: readonly string[]
}): Record<string, unknown> {
  const url = options.socketMode ? undefined : `${options.publicUrl ?? 'https://example.org'}${EVENTS_PATH}`
  const groups = [...new Set(options.commandNames.map(name => name.split(' ')[0] ?? ''))]
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
          should_escape: false,
          ...(url && { url }),
        },
      ],
    },
    oauth_config: { scopes: { bot: [...SCOPES] } },
    settings: {
      interactivity: { is_enabled: true, ...(url && { request_url: url, message_menu_options_url: url }) },
      org_deploy_enabled: false,
      socket_mode_enabled: options.socketMode,
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
