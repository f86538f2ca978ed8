// One interaction's answer over REST: at once, or deferred and filled in later, private or public, never both.

import { type RawFile, type REST, Routes } from 'discord.js'
import type { Card } from '../../card.ts'
import { render } from './render.ts'

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
