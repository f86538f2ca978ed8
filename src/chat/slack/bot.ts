// What people do in Slack becomes command lines for the dispatcher: the slash command, buttons, forms, suggestions.
import { type AckFn, App, type BlockAction, type ButtonAction, type Receiver, type webApi } from '@slack/bolt'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { HOUR } from '../../time.ts'
import type { CommandDispatcher, Reply, Request, Requester } from '../channel.ts'
import { PRESSED, readPress } from './buttons.ts'
import { sdkLogger } from './client.ts'
import { FORM, readEntries, readState, toModal, toOptions } from './forms.ts'
import { SLASH_COMMAND } from './manifest.ts'
import { unescapeTyped } from './mrkdwn.ts'
import { type Asked, createAnswers } from './replies.ts'

/** What the bot needs. `web` is for answers, `speakerOf` says who somebody is, `place` names the alert channel. */
export interface BotParts {
  dispatcher: CommandDispatcher
  web: webApi.WebClient
  receiver: Receiver
  clientOptions: webApi.WebClientOptions
  speakerOf: (id: string, name: string) => Promise<Requester>
  channelId: string
  /** Further channels that alerts go to; who is there may answer. */
  others?: ReadonlySet<string>
  place: () => string
  timeZone: string
  clock: Clock
  logger: Logger
}

// A form's errors can only be shown in the acknowledgement, for which Slack waits three seconds.
const FORM_WAIT_MS = 2000
// Slack shows nothing while a command runs, so one that takes longer says that it was heard.
const HEARD_AFTER_MS = 3000
const HEARD: Reply = {
  ok: true,
  card: { title: 'Working on it …', tone: 'muted' },
  result: null,
  private: true,
  quiet: false,
}

/** The Bolt app with everything it listens to, and `idle`, which resolves when no command is under way. */
export function createBot(parts: BotParts) {
  const { dispatcher, web, receiver, speakerOf, clock, logger } = parts
  const answer = createAnswers(web, parts.timeZone, logger)
  const underWay = new Set<Promise<void>>()
  const app = new App({
    receiver,
    // Who the bot is matters only for ignoring its own messages, and it listens to no messages.
    authorize: async () => ({ botToken: web.token ?? '' }),
    ignoreSelf: false,
    convoStore: false,
    clientOptions: parts.clientOptions,
    logger: sdkLogger(logger),
  })
  const seen = createDeduplicator(clock)

  app.error(async error => logger.error('Something asked for in Slack failed.', { error }))
  app.use(async ({ body, next, ...rest }) => {
    if (seen(body)) return acknowledge((rest as { ack?: AckFn<never> }).ack)
    await next()
  })

  app.command(SLASH_COMMAND, async ({ ack, command }) => {
    const request = { line: unescapeTyped(command.text).trim() || 'help' }
    // In public, people should see what was asked.
    await acknowledge(ack, dispatcher.isPrivate(request) ? undefined : { response_type: 'in_channel' })
    const asked = { user: command.user_id, name: command.user_name, channel: command.channel_id }
    await track(serve(request, { ...asked, responseUrl: command.response_url }))
  })

  app.event('app_mention', async ({ event, body }) => {
    if (event.user === undefined || event.bot_id !== undefined) return
    const { channel, user, text, thread_ts: thread } = event
    const asked = { user, name: user, channel, ...(thread && { thread }) }
    const own = body.authorizations?.[0]?.user_id
    const mention = {
      ...{ channels: [`slack:${channel}`], under: thread ? [thread] : [] },
      text: unescapeTyped(text.replace(own ? new RegExp(`<@${own}(\\|[^>]*)?>`, 'g') : /<@\w+(\|[^>]*)?>/, ' ')),
      thread: thread ? { id: thread, ref: thread } : null,
    }
    await track(
      run(speaker => dispatcher.answerMention(mention, speaker), asked).then(reply => finish(reply, asked, true)),
    )
  })

  app.action(PRESSED, async ({ ack, action, body }) => {
    await acknowledge(ack)
    const press = readPress((action as ButtonAction).action_id, (action as ButtonAction).value)
    if (press === null) return
    const asked = askedBy(body as BlockAction)
    const view = press.ask.length === 0 ? null : toModal(dispatcher, press.ask, { line: press.line, ...wayBack(asked) })
    if (view === null) return track(serve({ line: press.line }, asked, true))
    const speaker = await speakerOf(asked.user, asked.name)
    // Nobody fills in a form only to be refused.
    const refused = outOfPlace(asked, speaker) ?? dispatcher.refusalFor(press.line, speaker)
    if (refused !== null) return answer(refused, asked)
    try {
      await web.views.open({ trigger_id: (body as BlockAction).trigger_id, view })
    } catch (error) {
      logger.warn('A form could not be opened in Slack.', { error })
      const sentence = `The form could not be opened. Type it instead: ${SLASH_COMMAND} ${press.line} …`
      await answer(refusal(new Problem('internal', sentence)), asked)
    }
  })

  app.view(FORM, async ({ ack, view, body }) => {
    const state = readState(view.private_metadata)
    if (state === null) return acknowledge(ack)
    const asked = { user: body.user.id, name: body.user.name, ...state }
    const line = dispatcher.fillForm(state.line, readEntries(view.state.values))
    const running = run(speaker => dispatcher.run({ line }, speaker), asked)
    const early = await inTime(running, clock)
    const errors = early === null || early.ok ? null : fieldErrors(early.problem, Object.keys(view.state.values))
    if (errors !== null) return acknowledge(ack, { response_action: 'errors', errors })
    await acknowledge(ack)
    await track(running.then(reply => finish(reply, asked, true)))
  })

  app.options(/./, async ({ ack, body }) => {
    const { action_id: name, value: typed, user, view } = body as Suggestion
    const state = readState(view?.private_metadata ?? '')
    const argument = state === null ? undefined : dispatcher.form(state.line, [name])?.arguments[0]
    const speaker = await speakerOf(user.id, user.name)
    const choices = argument === undefined ? [] : dispatcher.complete(argument, typed, speaker)
    await acknowledge(ack, { options: toOptions(choices, typed) })
  })

  return {
    app,
    idle: async () => {
      await Promise.allSettled(underWay)
    },
  }

  async function serve(request: Request, asked: Asked, pressed = false): Promise<void> {
    const cancel = clock.at(clock.now() + HEARD_AFTER_MS, () => void answer(HEARD, asked))
    const reply = await run(speaker => dispatcher.run(request, speaker), asked)
    cancel()
    await finish(reply, asked, pressed)
  }

  async function run(ask: (speaker: Requester) => Promise<Reply>, asked: Asked): Promise<Reply> {
    const speaker = await speakerOf(asked.user, asked.name)
    return outOfPlace(asked, speaker) ?? ask(speaker)
  }

  /** Anybody in the workspace can type the command anywhere; being in the alert channel is what makes a responder. */
  function outOfPlace(asked: Asked, speaker: Requester): Reply | null {
    const here = asked.channel === parts.channelId || (parts.others?.has(asked.channel) ?? false)
    if (here || speaker.admin) return null
    return refusal(new Problem('forbidden', `Ask in ${parts.place()}: elsewhere Vakt answers workspace admins only.`))
  }

  async function finish(reply: Reply, asked: Asked, pressed: boolean): Promise<void> {
    if (pressed && reply.ok && reply.quiet) return
    await answer(reply, asked)
  }

  function track(work: Promise<void>): Promise<void> {
    underWay.add(work)
    return work.finally(() => underWay.delete(work))
  }

  /** A socket that died meanwhile must not keep the command from running; Slack shows its own warning then. */
  async function acknowledge(ack: AckFn<never> | undefined, content?: unknown): Promise<void> {
    try {
      await ack?.(content as never)
    } catch (error) {
      logger.debug('An acknowledgement did not reach Slack.', { error })
    }
  }
}

type Suggestion = {
  action_id: string
  value: string
  user: { id: string; name: string }
  view?: { private_metadata: string }
}

function askedBy(body: BlockAction): Asked {
  const { thread_ts: thread } = body.container as { thread_ts?: string }
  return {
    user: body.user.id,
    name: body.user.name ?? body.user.username ?? body.user.id,
    channel: body.channel?.id ?? '',
    ...(body.response_url && { responseUrl: body.response_url }),
    ...(thread && { thread }),
  }
}

function wayBack({ channel, responseUrl, thread }: Asked) {
  return { channel, ...(responseUrl && { responseUrl }), ...(thread && { thread }) }
}

function refusal(problem: Problem): Reply {
  return { ok: false, problem, private: true, card: { title: problem.message, tone: 'warning' } }
}

/** The problem beside the fields it is about, or beside the first when it is about what was entered at all. */
function fieldErrors(problem: Problem, blocks: readonly string[]): Record<string, string> | null {
  const own = Object.entries(problem.fields ?? {}).filter(([name]) => blocks.includes(name))
  if (own.length > 0) return Object.fromEntries(own)
  const first = blocks[0]
  return problem.code === 'invalid' && first !== undefined ? { [first]: problem.message } : null
}

/** The reply when it comes in time for the acknowledgement, else null. */
async function inTime(running: Promise<Reply>, clock: Clock): Promise<Reply | null> {
  let cancel = () => {}
  const late = new Promise<null>(resolve => {
    cancel = clock.at(clock.now() + FORM_WAIT_MS, () => resolve(null))
  })
  const first = await Promise.race([running, late])
  cancel()
  return first
}

const MOST = 5000

/** Answers true for a delivery that came before within the hour. */
export function createDeduplicator(clock: Clock) {
  const known = new Map<string, number>()
  return (body: object): boolean => {
    const key = keyOf(body)
    if (key === null) return false
    for (const [old, at] of known) {
      if (known.size < MOST && clock.now() - at < HOUR) break
      known.delete(old)
    }
    if (known.has(key)) return true
    known.set(key, clock.now())
    return false
  }
}

/** Events have an id of their own; everything a person does has a trigger of its own. */
function keyOf(body: object): string | null {
  const { event_id: event, trigger_id: trigger } = body as { event_id?: unknown; trigger_id?: unknown }
  if (typeof event === 'string') return `event ${event}`
  return typeof trigger === 'string' && trigger !== '' ? `trigger ${trigger}` : null
}
