// What people do on Discord, as commands for the dispatcher: slash commands, buttons, forms and suggestions.
import {
  type APIApplicationCommandAutocompleteInteraction,
  type APIApplicationCommandInteraction,
  type APIInteraction,
  type APIMessageComponentInteraction,
  type APIModalSubmitInteraction,
  type RawFile,
  type REST,
  Routes,
} from 'discord.js'
import type { Card } from '../../card.ts'
import type { Logger } from '../../logger.ts'
import type { CommandDispatcher, PressOrigin, Request, Requester } from '../channel.ts'
import { cleanText } from '../fit-text.ts'
import { readInstance, readPress } from './buttons.ts'
import { renderComponents } from './components.ts'
import { errorSentence, isRefusedForm } from './errors.ts'
import { formFor, readForm } from './forms.ts'
import { render } from './render.ts'
import { type Home, isStale, requesterOf, whyNotHere } from './requester.ts'
import { readSlash } from './slash-commands.ts'

export interface BotParts {
  dispatcher: CommandDispatcher
  rest: REST
  logger: Logger
  /** Where commands are taken; the server may be unknown until Discord has named it. */
  home: () => Home
  now: () => number
  /** The id of this Vakt, for its buttons. */
  instance?: string | undefined
  /** Of times in fixed-width blocks. */
  timeZone?: string
  /** After how long a press on a card of another Vakt is answered, ms: before, the Vakt that posted it may answer. */
  foreignAnswerAfterMs?: number
  /** After how long a reply is deferred ("is thinking…"), ms; Discord gives up after 3 s. */
  deferAfterMs: number
}

/** The types of interactions that Vakt answers. */
const [SLASH_COMMAND, COMPONENT, AUTOCOMPLETE, MODAL] = [2, 3, 4, 5] as const
/** The types of replies. */
const MESSAGE = 4
const DEFERRED_MESSAGE = 5
const DEFERRED_UPDATE = 6
const SUGGESTIONS = 8
const FORM = 9

const EPHEMERAL = 1 << 6
/** Discord gives up after 3 s. */
const FOREIGN_ANSWER_AFTER_MS = 1_500
const MAX_SUGGESTIONS = 25
const MAX_SUGGESTION_LENGTH = 100

const UNKNOWN_COMMAND: Card = {
  title: 'Vakt no longer has this command.',
  tone: 'muted',
  lines: [['See ', { code: '/help' }, ' for all commands.']],
}
const FORGOTTEN_BUTTON: Card = {
  title: 'This button is from before the last restart of Vakt.',
  tone: 'muted',
  lines: ['Its command was too long to be stored in the button. Ask for the card again and press the new button.'],
}

/** Answers one interaction; never rejects. */
export async function answerInteraction(parts: BotParts, interaction: APIInteraction): Promise<void> {
  try {
    await answer(parts, interaction, replyTo(parts.rest, interaction, parts.instance, parts.timeZone))
  } catch (error) {
    // Most often 10062: Discord had given up on the interaction before the reply came.
    parts.logger.warn('a command on Discord was not answered', {
      error: errorSentence(error),
      interaction: interaction.id,
    })
  }
}

async function answer(parts: BotParts, interaction: APIInteraction, reply: InteractionReply): Promise<void> {
  const requester = requesterOf(interaction)
  const refusal = whyNotHere(interaction, requester, parts.home())
  if (interaction.type === AUTOCOMPLETE) return suggest(parts, interaction, refusal ? null : requester, reply)
  if (refusal || !requester)
    return reply.show({ title: refusal ?? 'Vakt answers only in its own server.', tone: 'muted' }, true)
  if (interaction.type === SLASH_COMMAND) return runSlashCommand(parts, interaction, requester, reply)
  if (interaction.type !== COMPONENT && interaction.type !== MODAL) return
  const pressed = pressedId(interaction)
  const press = readPress(pressed)
  if (press === null) return reply.show(UNKNOWN_COMMAND, true)
  const notOwn = parts.dispatcher.pressRefusal?.(press === 'forgotten' ? '' : press.line, originOf(interaction))
  if (notOwn) return refuseLater(parts, notOwn.card, reply)
  if (press === 'forgotten') return reply.show(FORGOTTEN_BUTTON, true)
  if (interaction.type === MODAL) {
    const line = parts.dispatcher.fillForm(press.line, readForm(interaction.data.components))
    return run(parts, { line }, requester, reply, interaction)
  }
  const form = press.ask.length ? parts.dispatcher.form(press.line, press.ask) : null
  const forbidden = form && parts.dispatcher.refusalFor(press.line, requester)
  if (forbidden) return reply.show(forbidden.card, true)
  if (form) return reply.openForm(formFor(pressed, form.command, form.arguments))
  return run(parts, { line: press.line }, requester, reply, interaction)
}

/** The id of a pressed button or form, or that of the chosen option of a menu. */
function pressedId({ data }: APIMessageComponentInteraction | APIModalSubmitInteraction): string {
  return 'values' in data && data.values[0] !== undefined ? data.values[0] : data.custom_id
}

function originOf(interaction: APIMessageComponentInteraction | APIModalSubmitInteraction): PressOrigin {
  const { message, channel } = interaction
  const { parent_id: parent } = (channel ?? {}) as { parent_id?: string | null }
  const ids = [channel?.id, parent].filter(id => id != null)
  // A thread has the id of the message that it was begun at.
  const refs = [message?.id, message?.message_reference?.message_id, channel?.id].filter(id => id !== undefined)
  return { instance: readInstance(pressedId(interaction)), channels: ids.map(id => `discord:${id}`), refs }
}

/** Discord gives a press to every Vakt with the bot's token and takes the first answer, which the owner of the card has. */
async function refuseLater(
  { foreignAnswerAfterMs = FOREIGN_ANSWER_AFTER_MS, logger }: BotParts,
  card: Card,
  reply: InteractionReply,
): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, foreignAnswerAfterMs))
  await reply
    .show(card, true)
    .catch(error =>
      logger.debug('a press on a card of another Vakt was answered by it', { error: errorSentence(error) }),
    )
}

async function runSlashCommand(
  parts: BotParts,
  interaction: APIApplicationCommandInteraction,
  requester: Requester,
  reply: InteractionReply,
): Promise<void> {
  const options = 'options' in interaction.data ? interaction.data.options : []
  const request = readSlash(parts.dispatcher.commands, interaction.data.name, options)
  if (!request) return reply.show(UNKNOWN_COMMAND, true)
  return run(parts, { command: request.command, args: request.args }, requester, reply, interaction)
}

/** Runs a command and shows its reply; a reply that takes long is deferred first, as private as it will be. */
async function run(
  parts: BotParts,
  request: Request,
  requester: Requester,
  reply: InteractionReply,
  interaction: APIInteraction,
): Promise<void> {
  const { dispatcher, logger, now } = parts
  let isDeferred = false
  const defer = async () => {
    await reply.defer(dispatcher.isPrivate(request))
    isDeferred = true
  }
  // Discord may have given up on an old interaction; then no command must run whose outcome nobody sees.
  if (isStale(interaction, now())) await defer()
  const running = dispatcher.run(request, requester)
  if (!isDeferred && !(await endsWithin(running, parts.deferAfterMs)))
    await defer().catch(error =>
      logger.warn('Discord did not accept the deferral of a reply', { error: errorSentence(error) }),
    )
  const result = await running
  if (result.ok && result.quiet && isOnAlertCard(interaction)) await reply.endQuietly()
  else await reply.show(result.card, result.private)
}

/** Delivery keeps the cards of alerts up to date, so they show the outcome; replies to commands stay as they were. */
function isOnAlertCard({ message }: APIInteraction): boolean {
  return message !== undefined && message.interaction_metadata === undefined
}

async function suggest(
  parts: BotParts,
  interaction: APIApplicationCommandAutocompleteInteraction,
  requester: Requester | null,
  reply: InteractionReply,
): Promise<void> {
  const request = readSlash(parts.dispatcher.commands, interaction.data.name, interaction.data.options)
  return reply.suggest(requester && request?.focused ? suggestions(parts, request.focused, requester) : [])
}

function suggestions(
  { dispatcher, logger }: BotParts,
  { argument, typed }: { argument: Parameters<CommandDispatcher['complete']>[0]; typed: string },
  requester: Requester,
): { name: string; value: string }[] {
  try {
    const usable = dispatcher
      .complete(argument, typed, requester)
      .filter(({ value }) => value !== '' && Array.from(value).length <= MAX_SUGGESTION_LENGTH)
    return usable.slice(0, MAX_SUGGESTIONS).map(({ name, value }) => ({
      name: Array.from(cleanText(name).trim() || cleanText(value))
        .slice(0, MAX_SUGGESTION_LENGTH)
        .join(''),
      value,
    }))
  } catch (error) {
    logger.error('suggestions failed', { argument: argument.name, error })
    return []
  }
}

async function endsWithin(running: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>(resolve => {
    timer = setTimeout(() => resolve(false), ms)
  })
  const isInTime = await Promise.race([running.then(() => true as const), late])
  clearTimeout(timer)
  return isInTime
}

/** The reply to one interaction: at once, or deferred and filled in later; every method rejects with the SDK's error. */
export interface InteractionReply {
  /** Shows that a reply is being worked on, to everybody or to the requester only; the reply must be as private. */
  defer(isPrivate: boolean): Promise<void>
  /** Shows the reply, at once or in place of the deferral. */
  show(card: Card, isPrivate: boolean): Promise<void>
  /** Ends the interaction without a message, which only a pressed button allows. */
  endQuietly(): Promise<void>
  suggest(choices: readonly { name: string; value: string }[]): Promise<void>
  /** Opens a form instead of a reply. */
  openForm(form: object): Promise<void>
}

/** The reply to the interaction with this id and token. */
export function replyTo(
  rest: REST,
  { id, token, application_id: application }: { id: string; token: string; application_id: string },
  instance?: string,
  timeZone?: string,
): InteractionReply {
  const original = Routes.webhookMessage(application, token)
  let deferred: 'public' | 'private' | undefined

  const respond = (type: number, data?: object, files: RawFile[] = []) =>
    rest.post(Routes.interactionCallback(id, token), { auth: false, body: { type, ...(data && { data }) }, files })

  let isMoved = false
  const showMessage = async (
    message: { body: object & { flags?: number | undefined }; files: RawFile[] },
    isPrivate: boolean,
  ) => {
    const { body, files } = message
    const whole = isPrivate ? { ...body, flags: EPHEMERAL | (body.flags ?? 0) } : body
    if (!deferred) return void (await respond(MESSAGE, whole, files))
    if (deferred === 'private' || !isPrivate) return void (await rest.patch(original, { auth: false, body, files }))
    // A public deferral stays public, so the reply must go elsewhere.
    if (!isMoved) await rest.delete(original, { auth: false })
    isMoved = true
    await rest.post(Routes.webhook(application, token), { auth: false, body: whole, files })
  }

  return {
    async defer(isPrivate) {
      await respond(DEFERRED_MESSAGE, isPrivate ? { flags: EPHEMERAL } : undefined)
      deferred = isPrivate ? 'private' : 'public'
    },
    async show(card, isPrivate) {
      try {
        await showMessage(renderComponents(card, instance, timeZone), isPrivate)
      } catch (error) {
        if (!isRefusedForm(error)) throw error
        await showMessage(render(card, undefined, instance, timeZone), isPrivate)
      }
    },
    async endQuietly() {
      if (deferred) await rest.delete(original, { auth: false })
      else await respond(DEFERRED_UPDATE)
    },
    async suggest(choices) {
      await respond(SUGGESTIONS, { choices })
    },
    async openForm(form) {
      await respond(FORM, form)
    },
  }
}
