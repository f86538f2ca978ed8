// What people do on Discord, handed to the command dispatcher: slash commands, buttons, forms and suggestions.
import {
  type APIApplicationCommandAutocompleteInteraction,
  type APIApplicationCommandInteraction,
  type APIInteraction,
  type RawFile,
  type REST,
  Routes,
} from 'discord.js'
import type { Card } from '../../card.ts'
import type { Logger } from '../../logger.ts'
import type { CommandDispatcher, Request, Requester } from '../channel.ts'
import { cleanText } from '../fit-text.ts'
import { readPress } from './buttons.ts'
import { sentence } from './errors.ts'
import { formFor, readForm } from './forms.ts'
import { render } from './render.ts'
import { isStale, outOfPlace, speakerOf } from './requester.ts'
import { readSlash } from './slash-commands.ts'

export interface InteractionContext {
  dispatcher: CommandDispatcher
  rest: REST
  logger: Logger
  /** Where commands are taken; the server may be unknown until Discord has told it. */
  home: () => { guildId: string | null; channelId: string; others: ReadonlySet<string> }
  now: () => number
  /** Milliseconds after which an answer is deferred ("is thinking…"); Discord gives up after 3 s. */
  deferAfter: number
}

type Typing = APIApplicationCommandAutocompleteInteraction

/** Takes one interaction and sees it through; never rejects. */
export async function takeInteraction(door: InteractionContext, interaction: APIInteraction): Promise<void> {
  try {
    await take(door, interaction, replyTo(door.rest, interaction))
  } catch (error) {
    // Most often 10062: Discord had given up on the interaction before the answer came.
    door.logger.warn('A command on Discord was left without an answer.', {
      reason: sentence(error),
      interaction: interaction.id,
    })
  }
}

async function take(door: InteractionContext, interaction: APIInteraction, turn: InteractionReply): Promise<void> {
  const speaker = speakerOf(interaction)
  const objection = outOfPlace(interaction, speaker, door.home())
  if (interaction.type === 4) return suggest(door, interaction, objection ? null : speaker, turn)
  if (objection || !speaker)
    return turn.show({ title: objection ?? 'Vakt answers only in its own server.', tone: 'muted' }, true)
  if (interaction.type === 2) return slash(door, interaction, speaker, turn)
  if (interaction.type !== 3 && interaction.type !== 5) return
  const press = readPress(interaction.data.custom_id)
  if (press === null) return turn.show(UNKNOWN, true)
  if (press === 'forgotten') return turn.show(FORGOTTEN, true)
  if (interaction.type === 5) {
    const line = door.dispatcher.fillForm(press.line, readForm(interaction.data.components))
    return carryOut(door, { line }, speaker, turn, interaction)
  }
  const form = press.ask.length ? door.dispatcher.form(press.line, press.ask) : null
  const refusal = form && door.dispatcher.refusalFor(press.line, speaker)
  if (refusal) return turn.show(refusal.card, true)
  if (form) return turn.open(formFor(interaction.data.custom_id, form.command, form.arguments))
  return carryOut(door, { line: press.line }, speaker, turn, interaction)
}

async function slash(
  door: InteractionContext,
  interaction: APIApplicationCommandInteraction,
  speaker: Requester,
  turn: InteractionReply,
): Promise<void> {
  const options = 'options' in interaction.data ? interaction.data.options : []
  const asked = readSlash(door.dispatcher.commands, interaction.data.name, options)
  if (!asked) return turn.show(UNKNOWN, true)
  return carryOut(door, { command: asked.command, args: asked.args }, speaker, turn, interaction)
}

async function suggest(
  door: InteractionContext,
  interaction: Typing,
  speaker: Requester | null,
  turn: InteractionReply,
): Promise<void> {
  const asked = readSlash(door.dispatcher.commands, interaction.data.name, interaction.data.options)
  return turn.suggest(speaker && asked?.focused ? suggestions(door, asked.focused, speaker) : [])
}

/** Runs a command and shows its reply; one that takes long is deferred first, as private as it will be. */
async function carryOut(
  door: InteractionContext,
  request: Request,
  speaker: Requester,
  turn: InteractionReply,
  interaction: APIInteraction,
) {
  const { dispatcher, now } = door
  let deferred = false
  const defer = async () => {
    await turn.defer(dispatcher.isPrivate(request))
    deferred = true
  }
  // By its date Discord may have given up already; then nothing must run that nobody sees the outcome of.
  if (isStale(interaction, now())) await defer()
  const running = dispatcher.run(request, speaker)
  if (!deferred && !(await isWithin(running, door.deferAfter)))
    await defer().catch(error =>
      door.logger.warn('Discord did not take the sign of work in progress.', { reason: sentence(error) }),
    )
  const reply = await running
  if (reply.ok && reply.quiet && isOnAlertCard(interaction)) await turn.endQuietly()
  else await turn.show(reply.card, reply.private)
}

/** Cards that delivery keeps up to date show the outcome by themselves; answers to commands stay as they were. */
function isOnAlertCard({ message }: APIInteraction): boolean {
  return message !== undefined && message.interaction_metadata === undefined
}

function suggestions(
  door: InteractionContext,
  { argument, typed }: { argument: Parameters<CommandDispatcher['complete']>[0]; typed: string },
  speaker: Requester,
) {
  try {
    const choices = door.dispatcher.complete(argument, typed, speaker)
    const usable = choices.filter(choice => choice.value !== '' && Array.from(choice.value).length <= 100)
    return usable.slice(0, 25).map(({ name, value }) => ({
      name: Array.from(cleanText(name).trim() || cleanText(value))
        .slice(0, 100)
        .join(''),
      value,
    }))
  } catch (error) {
    door.logger.error('Suggestions failed.', { argument: argument.name, error })
    return []
  }
}

async function isWithin(running: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>(resolve => {
    timer = setTimeout(() => resolve(false), ms)
  })
  const inTime = await Promise.race([running.then(() => true as const), late])
  clearTimeout(timer)
  return inTime
}

const UNKNOWN: Card = {
  title: 'Vakt does not know this command any more.',
  tone: 'muted',
  lines: [['See ', { code: '/help' }, ' for those it knows.']],
}
const FORGOTTEN: Card = {
  title: 'This button is from before Vakt was restarted.',
  tone: 'muted',
  lines: ['Its command is too long to be kept in the button. Ask for the card again, then press the new one.'],
}

const EPHEMERAL = 1 << 6
const REPLY = 4
const DEFERRED_REPLY = 5
const DEFERRED_UPDATE = 6
const SUGGESTIONS = 8
const FORM = 9

export interface InteractionReply {
  /** Shows that an answer is being worked on, to all or to the speaker only; whichever is said here stays. */
  defer(isPrivate: boolean): Promise<void>
  /** The answer, at once or in the place of what was deferred. */
  show(card: Card, isPrivate: boolean): Promise<void>
  /** Ends the turn without a word; only a pressed button allows that. */
  endQuietly(): Promise<void>
  suggest(choices: readonly { name: string; value: string }[]): Promise<void>
  /** Opens a form instead of answering. */
  open(form: object): Promise<void>
}

/** The turn of the interaction with this id and token. Every method rejects with the SDK's error when Discord refuses. */
export function replyTo(
  rest: REST,
  interaction: { id: string; token: string; application_id: string },
): InteractionReply {
  const { id, token, application_id: application } = interaction
  const original = Routes.webhookMessage(application, token)
  let deferred: 'public' | 'private' | undefined

  const acknowledge = (type: number, data?: object, files: RawFile[] = []) =>
    rest.post(Routes.interactionCallback(id, token), { auth: false, body: { type, ...(data && { data }) }, files })

  return {
    async defer(isPrivate) {
      await acknowledge(DEFERRED_REPLY, isPrivate ? { flags: EPHEMERAL } : undefined)
      deferred = isPrivate ? 'private' : 'public'
    },
    async show(card, isPrivate) {
      const { body, files } = render(card)
      const flagged = isPrivate ? { ...body, flags: EPHEMERAL } : body
      if (!deferred) {
        await acknowledge(REPLY, flagged, files)
      } else if (deferred === 'public' && isPrivate) {
        // What was deferred in public stays public, so the answer has to go elsewhere.
        await rest.delete(original, { auth: false })
        await rest.post(Routes.webhook(application, token), { auth: false, body: flagged, files })
      } else {
        await rest.patch(original, { auth: false, body, files })
      }
    },
    async endQuietly() {
      if (deferred) await rest.delete(original, { auth: false })
      else await acknowledge(DEFERRED_UPDATE)
    },
    async suggest(choices) {
      await acknowledge(SUGGESTIONS, { choices })
    },
    async open(form) {
      await acknowledge(FORM, form)
    },
  }
}
