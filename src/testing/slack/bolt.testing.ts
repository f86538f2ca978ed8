// An unmodified Bolt app over Socket Mode that the simulator's own tests talk to.
import { App, type BlockAction, SocketModeReceiver, type webApi } from '@slack/bolt'
import type { Slack } from './slack.ts'

/** A logger for the SDK that writes nothing. */
export const quiet = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => 'error' as never,
  setName() {},
}

export const MODAL = {
  type: 'modal' as const,
  callback_id: 'note',
  title: { type: 'plain_text' as const, text: 'Acknowledge' },
  submit: { type: 'plain_text' as const, text: 'Send' },
  blocks: [
    {
      type: 'input' as const,
      block_id: 'reason',
      label: { type: 'plain_text' as const, text: 'Why' },
      element: { type: 'plain_text_input' as const, action_id: 'value', max_length: 20 },
    },
  ],
}
const BUTTONS = [
  {
    type: 'actions' as const,
    elements: [
      {
        type: 'button' as const,
        action_id: 'ack',
        value: 'ack 1',
        text: { type: 'plain_text' as const, text: 'Acknowledge' },
      },
      { type: 'button' as const, action_id: 'form', value: 'x', text: { type: 'plain_text' as const, text: 'Note…' } },
    ],
  },
]

/** A small Bolt app that answers a command, a button and a modal. Reconnects after 250 ms. */
export async function startApp(slack: Slack) {
  const pressed: BlockAction[] = []
  const clientOptions: webApi.WebClientOptions = {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 3, minTimeout: 20 },
  }
  const installerOptions = { clientOptions: { slackApiUrl: slack.apiUrl, logger: quiet } }
  const receiver = new SocketModeReceiver({
    appToken: slack.appToken,
    clientPingTimeout: 250,
    installerOptions,
    logger: quiet,
  })
  const app = new App({ token: slack.botToken, receiver, clientOptions, logger: quiet })
  app.command('/vakt', async ({ ack, command, respond, client }) => {
    if (command.text === 'silent') return
    if (command.text === 'direct') return ack('here at once')
    if (command.text === 'oops') return ack({ text: 'x', blocks: [{ type: 'nonsense' } as never] })
    await ack()
    if (command.text === 'alert')
      await client.chat.postMessage({ channel: command.channel_id, text: 'Late', blocks: BUTTONS })
    else if (command.text === 'flood') for (let i = 0; i < 6; i++) await respond(`answer ${i}`).catch(() => {})
    else await respond(`you said ${command.text}`)
  })
  app.action('ack', async ({ ack, body, respond }) => {
    await ack()
    pressed.push(body as BlockAction)
    await respond({ replace_original: true, text: `by ${body.user.id}` })
  })
  app.action('form', async ({ ack, body, client }) => {
    await ack()
    await client.views.open({ trigger_id: (body as BlockAction).trigger_id, view: MODAL })
  })
  app.view('note', async ({ ack, view }) => {
    const text = view.state.values.reason?.value?.value ?? ''
    if (text === 'no') return ack({ response_action: 'errors', errors: { reason: 'Say more' } })
    if (text === 'wrong') return ack({ response_action: 'errors', errors: { elsewhere: 'Say more' } })
    if (text === 'more')
      return ack({ response_action: 'update', view: { ...MODAL, title: { type: 'plain_text', text: 'More' } } })
    await ack()
  })
  app.event('app_home_opened', async () => {})
  await app.start()
  return { app, pressed }
}
