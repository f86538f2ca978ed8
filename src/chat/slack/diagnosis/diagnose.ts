// Asks Slack whether its tokens, scopes and channel work; https://docs.slack.dev/reference/methods describes the answers.
import { type Diagnosis, fails, isWell, warns } from '../../../diagnosis.ts'

const PART = 'Slack'
/** Without these, alerts or commands do not work. */
const SCOPES = ['chat:write', 'commands']

type Answer = {
  ok?: boolean
  error?: string
  user?: string
  team?: string
  channel?: { name?: string; is_member?: boolean }
}

/** Examines the app. Rejects when Slack cannot be reached. */
export async function diagnose(
  {
    botToken,
    appToken,
    channelId,
    apiUrl,
  }: { botToken: string; appToken: string | null; channelId: string; apiUrl: string },
  signal: AbortSignal,
): Promise<Diagnosis[]> {
  const ask = async (method: string, token: string, fields: Record<string, string> = {}) => {
    const response = await fetch(`${apiUrl.replace(/\/+$/, '')}/${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: new URLSearchParams(fields),
      signal,
    })
    const body = (await response.json().catch(() => ({ error: `HTTP ${response.status}` }))) as Answer
    return { body, scopes: response.headers.get('x-oauth-scopes') }
  }
  const self = await ask('auth.test', botToken)
  if (!self.body.ok)
    return [
      fails(
        PART,
        `Slack refuses SLACK_BOT_TOKEN (${self.body.error}).`,
        'Reinstall the app and copy its Bot User OAuth Token.',
      ),
    ]
  const found = [
    isWell(PART, `The bot token is that of ${self.body.user ?? 'the app'} in ${self.body.team ?? 'its workspace'}.`),
  ]
  const missing = self.scopes === null ? [] : SCOPES.filter(scope => !self.scopes!.split(/,\s*/).includes(scope))
  if (missing.length > 0)
    found.push(
      fails(
        PART,
        `The app lacks the scopes ${missing.join(', ')}.`,
        'Paste the output of "vakt manifest" into the app and reinstall it.',
      ),
    )
  if (appToken) {
    const socket = await ask('apps.connections.open', appToken)
    if (!socket.body.ok)
      found.push(
        fails(
          PART,
          `Slack refuses SLACK_APP_TOKEN (${socket.body.error}).`,
          'Make an app-level token with the scope connections:write.',
        ),
      )
  }
  const { body } = await ask('conversations.info', botToken, { channel: channelId })
  if (body.ok && body.channel?.is_member === false)
    found.push(
      fails(
        PART,
        `The app is not in the channel ${body.channel.name ?? channelId}.`,
        'Invite it there: /invite @Vakt.',
      ),
    )
  else if (body.ok) found.push(isWell(PART, `The app is in the channel ${body.channel?.name ?? channelId}.`))
  else if (body.error === 'missing_scope')
    found.push(
      warns(
        PART,
        'The app may not ask about channels.',
        'Paste the output of "vakt manifest" into the app and reinstall it.',
      ),
    )
  else
    found.push(
      fails(
        PART,
        `Slack does not know the channel ${channelId} for this app (${body.error}).`,
        'Correct SLACK_CHANNEL_ID, and invite the app there.',
      ),
    )
  return found
}
