// What people do in Slack, as command lines for the dispatcher: the slash command, buttons, forms, suggestions, mentions.
import { type AckFn, App, type BlockAction, type ButtonAction, type Receiver, type webApi } from '@slack/bolt'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { HOUR, MINUTE, SECOND } from '../../time.ts'
import type { CommandDispatcher, PressOrigin, Reply, Request, Requester } from '../channel.ts'
import type { PlatformMemory } from '../platform-definition.ts'
import { PRESSED, readInstance, readPress } from './buttons.ts'
import { sdkLogger } from './client.ts'
import { FORM, readEntries, readState, toModal, toOptions } from './forms.ts'
import { createHomes } from './homes.ts'
import { LOGS_AROUND, SLASH_COMMAND } from './manifest.ts'
import { unescapeTyped } from './mrkdwn.ts'
import type { NewerBlocks } from './newer-blocks.ts'
import { createReplier, type Origin } from './replies.ts'
import type { SlackRequester } from './requester.ts'

export interface BotParts {
  dispatcher: CommandDispatcher
  /** For replies. */
  web: webApi.WebClient
  receiver: Receiver
  clientOptions: webApi.WebClientOptions
  /** Looks a user up; `name` and `team` are used when Slack does not answer. */
  requesterOf: (id: string, name: string, team?: string) => Promise<SlackRequester>
  /** The channel for alerts. */
  channelId: string
  /** The channels in use that commands added; people there are answered too. */
  others?: () => ReadonlySet<string>
  /** The name of the channel for alerts, such as `#ops`. */
  channelName: () => string
  timeZone: string
  newerBlocks: NewerBlocks
  memory: PlatformMemory
  /** The id of this Vakt, for its buttons. */
  instance?: string | undefined
  clock: Clock
  logger: Logger
}

/** A form's errors can only be shown in the acknowledgement, for which Slack waits 3 s. */
const FORM_TIMEOUT_MS = 2 * SECOND
/** Slack shows nothing while a command runs, so a slow one sends a sign of life. */
const PROGRESS_AFTER_MS = 3 * SECOND
const IN_PROGRESS: Reply = {
  ok: true,
  card: { title: 'Working on it …', tone: 'muted' },
  result: null,
  private: true,
  quiet: false,
}
const NO_ROLE =
  'You belong to another Slack workspace, so you have no role here. Ask a member of the workspace that runs Vakt.'
/** What the Home tab shows. */
const BOARD = 'board now'
const AROUND_MS = 5 * MINUTE
const REDELIVERY_WINDOW_MS = HOUR
const MAX_DELIVERIES = 5_000

/** The Bolt app with everything it listens to, and `idle`, which resolves when no command is running. */
export function createBot(parts: BotParts) {
  const { dispatcher, web, receiver, requesterOf, clock, logger } = parts
  const send = createReplier(web, parts.timeZone, logger, parts.newerBlocks, parts.instance)
  const running = new Set<Promise<void>>()
  const app = new App({
    receiver,
    // Bolt needs the bot's identity only to ignore its own messages, and it listens to no messages.
    authorize: async () => ({ botToken: web.token ?? '' }),
    ignoreSelf: false,
    convoStore: false,
    clientOptions: parts.clientOptions,
    logger: sdkLogger(logger),
  })
  const isRepeated = createDeduplicator(clock)
  const requesterFor = (user: string) => requesterOf(user, user)
  const homes = createHomes({
    ...{ web, clock, logger, newerBlocks: parts.newerBlocks, memory: parts.memory, channelName: parts.channelName },
    ...{ timeZone: parts.timeZone, instance: parts.instance },
    channels: () => [parts.channelId, ...(parts.others?.() ?? [])],
    board: async user => dispatcher.run({ line: BOARD }, await requesterFor(user)),
    isAdmin: async user => (await requesterFor(user)).admin,
  })

  app.error(async error => logger.error('a request from Slack failed', { error }))
  app.use(async ({ body, next, ...rest }) => {
    if (isRepeated(body)) return acknowledge((rest as { ack?: AckFn<never> }).ack)
    await next()
  })

  app.command(SLASH_COMMAND, async ({ ack, command }) => {
    const request = { line: unescapeTyped(command.text).trim() || 'help' }
    // Where everybody sees the answer, they should see the question too.
    await acknowledge(ack, dispatcher.isPrivate(request) ? undefined : { response_type: 'in_channel' })
    const { user_id: user, user_name: name, channel_id: channel, team_id: team } = command
    const origin = { user, name, channel, team }
    await track(runAndReply(request, { ...origin, responseUrl: command.response_url }))
  })

  app.event('app_mention', async ({ event, body }) => {
    if (event.user === undefined || event.bot_id !== undefined) return
    const { channel, user, text, thread_ts: thread } = event
    const team = (event as { user_team?: string }).user_team ?? event.team
    const origin = { user, name: user, channel, ...(team && { team }), ...(thread && { thread }) }
    const botUser = body.authorizations?.[0]?.user_id
    const botName = botUser ? new RegExp(`<@${botUser}(\\|[^>]*)?>`, 'g') : /<@\w+(\|[^>]*)?>/
    const mention = {
      channels: [`slack:${channel}`],
      under: thread ? [thread] : [],
      text: unescapeTyped(text.replace(botName, ' ')),
      thread: thread ? { id: thread, ref: thread } : null,
    }
    const answering = run(requester => dispatcher.answerMention(mention, requester), origin)
    await track(answering.then(reply => finish(reply, origin, true)))
  })

  app.event('app_home_opened', async ({ event }) => {
    if (event.tab === 'home') await track(homes.open(event.user))
  })

  app.shortcut(LOGS_AROUND, async ({ ack, shortcut }) => {
    await acknowledge(ack)
    if (shortcut.type !== 'message_action') return
    const { user, channel, message, response_url: responseUrl } = shortcut
    const origin = { user: user.id, name: user.name ?? user.id, channel: channel.id, responseUrl }
    await track(runAndReply({ line: `logs search ${aroundQuery(Number(message.ts) * SECOND)}` }, origin))
  })

  app.action(PRESSED, async ({ ack, action, body }) => {
    await acknowledge(ack)
    const press = readPress((action as ButtonAction).action_id, lineOf(action as ButtonAction | MenuAction))
    if (press === null) return
    const origin = originOf(body as BlockAction)
    const pressedAt = pressOriginOf(body as BlockAction, (action as ButtonAction).action_id)
    // Slack gives a press to one of the Vakts with the app's token, so whoever gets it answers.
    const notOwn = dispatcher.pressRefusal?.(press.line, pressedAt)
    if (notOwn) return send(notOwn, origin)
    const view =
      press.ask.length === 0
        ? null
        : toModal(dispatcher, press.ask, { line: press.line, press: pressedAt, ...wayBack(origin) })
    if (view === null) return track(runAndReply({ line: press.line }, origin, true))
    const requester = await requesterOf(origin.user, origin.name, origin.team)
    // Nobody fills in a form only to be refused.
    const refusal = (await whyNotHere(origin, requester)) ?? dispatcher.refusalFor(press.line, requester)
    if (refusal !== null) return send(refusal, origin)
    try {
      await web.views.open({ trigger_id: (body as BlockAction).trigger_id, view })
    } catch (error) {
      logger.warn('a form could not be opened in Slack', { error })
      const sentence = `The form could not be opened. Type the command instead: ${SLASH_COMMAND} ${press.line} …`
      await send(toReply(new Problem('internal', sentence)), origin)
    }
  })

  app.view(FORM, async ({ ack, view, body }) => {
    const state = readState(view.private_metadata)
    if (state === null) return acknowledge(ack)
    const team = (body.user as { team_id?: string }).team_id
    const origin = { user: body.user.id, name: body.user.name, ...(team && { team }), ...state }
    const line = dispatcher.fillForm(state.line, readEntries(view.state.values))
    const notOwn = state.press && dispatcher.pressRefusal?.(state.line, state.press)
    const answering = run(async requester => notOwn || dispatcher.run({ line }, requester), origin)
    const early = await beforeTimeout(answering, clock)
    const errors = early === null || early.ok ? null : fieldErrors(early.problem, Object.keys(view.state.values))
    if (errors !== null) return acknowledge(ack, { response_action: 'errors', errors })
    await acknowledge(ack)
    await track(answering.then(reply => finish(reply, origin, true)))
  })

  app.options(/./, async ({ ack, body }) => {
    const { action_id: name, value: typed, user, view } = body as SuggestionRequest
    const state = readState(view?.private_metadata ?? '')
    const argument = state === null ? undefined : dispatcher.form(state.line, [name])?.arguments[0]
    const requester = await requesterOf(user.id, user.name, user.team_id)
    const choices =
      argument === undefined || requester.isOutsider ? [] : dispatcher.complete(argument, typed, requester)
    await acknowledge(ack, { options: toOptions(choices, typed) })
  })

  return {
    app,
    homes,
    idle: async () => {
      await Promise.allSettled(running)
    },
  }

  async function runAndReply(request: Request, origin: Origin, isPress = false): Promise<void> {
    const cancel = clock.at(clock.now() + PROGRESS_AFTER_MS, () => void send(IN_PROGRESS, origin))
    const reply = await run(requester => dispatcher.run(request, requester), origin)
    cancel()
    await finish(reply, origin, isPress)
  }

  async function run(ask: (requester: Requester) => Promise<Reply>, origin: Origin): Promise<Reply> {
    const requester = await requesterOf(origin.user, origin.name, origin.team)
    const here = isHome(origin) ? {} : { channel: `slack:${origin.channel}` }
    return (await whyNotHere(origin, requester)) ?? ask({ ...requester, ...here })
  }

  /** Anybody in the workspace can type the command anywhere, so only the channels of alerts are open to everybody. */
  async function whyNotHere(origin: Origin, requester: SlackRequester): Promise<Reply | null> {
    if (requester.isOutsider) return toReply(new Problem('forbidden', NO_ROLE))
    if (isHome(origin) && (await homes.mayLook(origin.user))) return null
    const isHere = origin.channel === parts.channelId || (parts.others?.().has(origin.channel) ?? false)
    if (isHere || requester.admin) return null
    return toReply(
      new Problem('forbidden', `Ask in ${parts.channelName()}: elsewhere Vakt answers only workspace admins.`),
    )
  }

  async function finish(reply: Reply, origin: Origin, isPress: boolean): Promise<void> {
    if (isHome(origin)) await homes.open(origin.user)
    if (isPress && reply.ok && reply.quiet) return
    await send(reply, origin)
  }

  function track(work: Promise<void>): Promise<void> {
    running.add(work)
    return work.finally(() => running.delete(work))
  }

  /** A socket that died meanwhile must not stop the command; Slack shows its own warning then. */
  async function acknowledge(ack: AckFn<never> | undefined, content?: unknown): Promise<void> {
    try {
      await ack?.(content as never)
    } catch (error) {
      logger.debug('an acknowledgement did not reach Slack', { error })
    }
  }
}

type MenuAction = { type: 'static_select' | 'overflow'; selected_option?: { value?: string } }

/** The line of a button, or of the chosen option of a menu. */
function lineOf(action: ButtonAction | MenuAction): string | undefined {
  return 'selected_option' in action ? action.selected_option?.value : (action as ButtonAction).value
}

type SuggestionRequest = {
  action_id: string
  value: string
  user: { id: string; name: string; team_id?: string }
  view?: { private_metadata: string }
}

/** A press in the Home tab has no channel; its answer comes as a direct message. */
const isHome = (origin: Origin) => origin.channel === ''

/** The lines from five minutes before an instant to five after. */
function aroundQuery(at: number): string {
  const instant = (shift: number) => new Date(at + shift).toISOString().replace(/\.\d+/, '')
  return `since:${instant(-AROUND_MS)} until:${instant(AROUND_MS)}`
}

function originOf(body: BlockAction): Origin {
  const { thread_ts: thread } = body.container as { thread_ts?: string }
  return {
    user: body.user.id,
    name: body.user.name ?? body.user.username ?? body.user.id,
    ...(body.user.team_id && { team: body.user.team_id }),
    channel: body.channel?.id ?? '',
    ...(body.response_url && { responseUrl: body.response_url }),
    ...(thread && { thread }),
  }
}

function pressOriginOf(body: BlockAction, actionId: string): PressOrigin {
  const { message_ts: message, thread_ts: thread } = body.container as { message_ts?: string; thread_ts?: string }
  return {
    instance: readInstance(actionId),
    channels: [`slack:${body.channel?.id ?? ''}`],
    refs: [message, thread].filter(ref => ref !== undefined),
  }
}

function wayBack({ channel, responseUrl, thread }: Origin) {
  return { channel, ...(responseUrl && { responseUrl }), ...(thread && { thread }) }
}

function toReply(problem: Problem): Reply {
  return { ok: false, problem, private: true, card: { title: problem.message, tone: 'warning' } }
}

/** The problem beside the fields it is about, or beside the first field when it is about the input as a whole. */
function fieldErrors(problem: Problem, blocks: readonly string[]): Record<string, string> | null {
  const own = Object.entries(problem.fields ?? {}).filter(([name]) => blocks.includes(name))
  if (own.length > 0) return Object.fromEntries(own)
  const first = blocks[0]
  return problem.code === 'invalid' && first !== undefined ? { [first]: problem.message } : null
}

/** The reply when it comes in time for the acknowledgement, otherwise null. */
async function beforeTimeout(answering: Promise<Reply>, clock: Clock): Promise<Reply | null> {
  let cancel = () => {}
  const late = new Promise<null>(resolve => {
    cancel = clock.at(clock.now() + FORM_TIMEOUT_MS, () => resolve(null))
  })
  const first = await Promise.race([answering, late])
  cancel()
  return first
}

/** Slack delivers again what it believes was not received. Returns true for a delivery that came before. */
function createDeduplicator(clock: Clock) {
  const deliveries = new Map<string, number>()
  return (body: object): boolean => {
    const key = deliveryKey(body)
    if (key === null) return false
    for (const [old, at] of deliveries) {
      if (deliveries.size < MAX_DELIVERIES && clock.now() - at < REDELIVERY_WINDOW_MS) break
      deliveries.delete(old)
    }
    if (deliveries.has(key)) return true
    deliveries.set(key, clock.now())
    return false
  }
}

/** Events have an id of their own; everything that a person does has a trigger of its own. */
function deliveryKey(body: object): string | null {
  const { event_id: event, trigger_id: trigger } = body as { event_id?: unknown; trigger_id?: unknown }
  if (typeof event === 'string') return `event ${event}`
  return typeof trigger === 'string' && trigger !== '' ? `trigger ${trigger}` : null
}
