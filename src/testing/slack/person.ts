// What people do in the simulated Slack: type commands, press buttons, submit and close modals.
import type { Delivery, Outcome } from './delivery.ts'
import { type Entries, fillIn } from './form.ts'
import { readDraft } from './message-rules.ts'
import { pushView } from './methods/views.ts'
import {
  blockAction,
  findElement,
  homeAction,
  messageAction,
  slashCommand,
  suggestion,
  viewAction,
  workspaceEvent,
} from './payloads.ts'
import type { createResponseUrls, createTriggers } from './tokens.ts'
import { readView } from './view-rules.ts'
import { asList, asObject, asText, type Conversation, type Message, type Obj, type View } from './wire.ts'
import { BOT, type Modal, type Workspace } from './workspace.ts'

/** What people's doings need of the rest of the simulator. */
export interface Surroundings {
  workspace: Workspace
  triggers: ReturnType<typeof createTriggers>
  responseUrls: ReturnType<typeof createResponseUrls>
  deliver(delivery: Delivery): Promise<Outcome>
  /** Whether the app may read mentions. */
  hearsMentions: boolean
  violate(text: string): void
}

/** The verbs of people. Each resolves when the app has acknowledged, or failed to. */
export function createPeople({ workspace, triggers, responseUrls, deliver, hearsMentions, violate }: Surroundings) {
  const keysFor = (user: string, channel: string, source?: Message) => ({
    trigger_id: triggers.issue(user),
    response_url: responseUrls.issue(user, channel, source),
  })

  return {
    /** Types a line into a channel: a slash command goes to the app, anything else becomes a message, of which the app hears when it is mentioned. */
    async say(line: string, user: string, channel: string, thread?: Message): Promise<Outcome> {
      const person = workspace.person(user)
      const place = placeOf(channel)
      if (!line.startsWith('/')) {
        const draft = { text: line, blocks: [], attachments: [], violations: [] }
        const posted = workspace.post(channel, draft, { user, ...(thread && { thread_ts: thread.ts }) })
        if (!hearsMentions || !line.includes(`<@${BOT.user}>`)) return { acked: true, reply: {}, ms: 0 }
        const { ts, text, thread_ts } = posted
        const event = { type: 'app_mention', user, text, ts, channel, event_ts: ts, ...(thread_ts && { thread_ts }) }
        return deliver(workspaceEvent(event, workspace.id('Ev'), workspace.now()))
      }
      const outcome = await deliver(slashCommand(line, person, place, keysFor(user, channel)))
      // An acknowledgement may carry the answer itself.
      if (asText(outcome.reply.text) !== '' || asList(outcome.reply.blocks).length > 0) {
        showReply(outcome.reply, user, channel)
      }
      return outcome
    },

    /** Presses the button with this label or action id, agreeing to its confirmation dialog when it has one. */
    async press(message: Message, button: string, user: string): Promise<Outcome> {
      if (message.to !== undefined && message.to !== user) throw new Error(`${user} cannot see that message`)
      const attachment = message.attachments.find(item => findElement(asList(item.blocks) as Obj[], button))
      const found = findElement((asList(attachment?.blocks) as Obj[]).concat(message.blocks), button)
      if (found === undefined) throw new Error(`the message has no button "${button}"`)
      const { confirm: _confirm, ...element } = found.element
      const action = { ...element, block_id: found.blockId }
      const keys = keysFor(user, message.channel, message)
      return deliver(
        blockAction(action, message, workspace.person(user), placeOf(message.channel), keys, attachment?.id),
      )
    },

    /** Opens the Home tab of the app. */
    openHome(user: string): Promise<Outcome> {
      const event = {
        type: 'app_home_opened',
        user,
        channel: `D${user.slice(1)}`,
        tab: 'home',
        event_ts: workspace.ts(),
      }
      return deliver(workspaceEvent(event, workspace.id('Ev'), workspace.now()))
    },

    /** Presses the button with this label in the Home tab. */
    pressHome(label: string, user: string): Promise<Outcome> {
      const found = findElement(asList(workspace.homes.get(user)?.blocks) as Obj[], label)
      if (found === undefined) throw new Error(`the Home tab has no button "${label}"`)
      const action = { ...found.element, block_id: found.blockId }
      return deliver(homeAction(action, workspace.person(user), triggers.issue(user)))
    },

    /** Chooses the shortcut of the app at a message. */
    shortcut(message: Message, callbackId: string, user: string): Promise<Outcome> {
      const keys = keysFor(user, message.channel, message)
      return deliver(messageAction(callbackId, message, workspace.person(user), placeOf(message.channel), keys))
    },

    /** Fills in and submits a modal; what the app answers (errors, update, push, clear) happens to the modal. */
    async submit(view: View | Modal, entries: Entries, user: string): Promise<Outcome> {
      const modal = modalOf(view)
      if (!modal.open) throw new Error('that modal is closed')
      if (modal.user !== user) throw new Error(`${user} does not have that modal open`)
      const filled = fillIn(modal.view, entries)
      const outcome = await deliver(viewAction('view_submission', filled, workspace.person(user), triggers.issue(user)))
      if (outcome.acked) answerModal(modal, outcome.reply)
      else modal.errors = { '': 'We had some trouble connecting. Try again?' }
      return outcome
    },

    /** Closes a modal without submitting it; the app is notified only if it asked for that. */
    async close(view: View | Modal, user: string): Promise<void> {
      const modal = modalOf(view)
      modal.open = false
      if (modal.view.notify_on_close === true)
        await deliver(viewAction('view_closed', modal.view, workspace.person(user), ''))
    },

    /** The options the app suggests while a person types into a menu of a modal. */
    async suggest(view: View | Modal, actionId: string, typed: string, user: string): Promise<Obj[]> {
      const modal = modalOf(view)
      const found = findElement(modal.view.blocks, actionId)
      if (found === undefined) throw new Error(`the modal has no menu "${actionId}"`)
      const asked = suggestion(actionId, found.blockId, typed, modal.view, workspace.person(user))
      return asList((await deliver(asked)).reply.options) as Obj[]
    },

    /** Sends the app an event of the workspace, as the Events API does. */
    event: (event: Obj, eventId = workspace.id('Ev')): Promise<Outcome> =>
      deliver(workspaceEvent(event, eventId, workspace.now())),
  }

  function showReply(reply: Obj, user: string, channel: string): void {
    try {
      const draft = readDraft(reply, 'post')
      for (const text of draft.violations) violate(`answer to a command: ${text}`)
      workspace.post(channel, draft, reply.response_type === 'in_channel' ? {} : { to: user })
    } catch (error) {
      violate(`answer to a command: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  function placeOf(id: string): Conversation {
    const channel = workspace.channels.get(id)
    if (channel === undefined) throw new Error(`there is no channel ${id}`)
    return channel
  }

  function modalOf(view: View | Modal): Modal {
    const id = 'view' in view && asObject(view.view) !== undefined ? (view as Modal).view.id : (view as View).id
    const modal = workspace.modals.find(item => item.view.id === id)
    if (modal === undefined) throw new Error(`there is no modal ${id}`)
    return modal
  }

  function answerModal(modal: Modal, reply: Obj): void {
    const action = reply.response_action
    if (action === 'errors') {
      showErrors(modal, asObject(reply.errors) ?? {})
      return
    }
    try {
      if (action === 'update') workspace.show(readView(reply.view), modal.user, { instead: modal })
      else if (action === 'push') pushView(workspace, readView(reply.view), modal.user)
      else if (action === 'clear') for (const item of workspace.modals) item.open &&= item.user !== modal.user
      else modal.open = false
    } catch (error) {
      violate(`answer to a submission: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  function showErrors(modal: Modal, errors: Obj): void {
    const fields = modal.view.blocks.filter(({ type }) => type === 'input').map(block => block.block_id)
    const unknown = Object.keys(errors).filter(key => !fields.includes(key))
    if (unknown.length > 0) violate(`errors for blocks that are no fields: ${unknown.join(', ')}`)
    if (Object.keys(errors).length === 0) violate('response_action errors without errors')
    modal.errors = Object.fromEntries(Object.entries(errors).map(([key, value]) => [key, String(value)]))
  }
}
