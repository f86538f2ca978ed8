// Trigger ids (3 seconds, once) and response URLs (5 uses, 30 minutes), the two short-lived keys Slack hands out.
import { readDraft } from './message-rules.ts'
import { asText, type Message, type Obj, SlackRefusal } from './wire.ts'
import { APP_ID, TEAM, type Workspace } from './workspace.ts'

const TRIGGER_MS = 3000
const RESPONSE_URL_MS = 30 * 60_000
const RESPONSE_URL_USES = 5

/** Issues trigger ids and trades each of them, in time and once, for the person it belongs to. */
export function createTriggers(workspace: Workspace) {
  const issued = new Map<string, { user: string; at: number; used: boolean }>()
  return {
    issue(user: string): string {
      const id = `${workspace.id('13')}.${TEAM.id}.${APP_ID}`
      issued.set(id, { user, at: workspace.now(), used: false })
      return id
    },
    use(id: unknown): string {
      const trigger = issued.get(asText(id))
      if (trigger === undefined) throw new SlackRefusal('invalid_trigger_id')
      if (trigger.used) throw new SlackRefusal('exchanged_trigger_id')
      if (workspace.now() - trigger.at > TRIGGER_MS) throw new SlackRefusal('expired_trigger_id')
      trigger.used = true
      return trigger.user
    },
  }
}

interface ResponseUrl {
  user: string
  channel: string
  source?: Message
  at: number
  uses: number
}

/** Issues response URLs below `base` and carries out what is posted to them. */
export function createResponseUrls(workspace: Workspace, base: () => string, violate: (text: string) => void) {
  const issued = new Map<string, ResponseUrl>()
  return {
    /** A new URL for this person; `source` is the message whose button was pressed. */
    issue(user: string, channel: string, source?: Message): string {
      const id = workspace.id('R')
      issued.set(id, { user, channel, at: workspace.now(), uses: 0, ...(source && { source }) })
      return `${base()}/response/${TEAM.id}/${id}`
    },
    /** Carries out a post to a response URL. Throws Slack's refusals. */
    receive(id: string, body: Obj): void {
      const url = issued.get(id)
      if (url === undefined || workspace.now() - url.at > RESPONSE_URL_MS) throw new SlackRefusal('expired_url')
      if (url.uses >= RESPONSE_URL_USES) throw new SlackRefusal('used_url')
      url.uses += 1
      if (body.delete_original === true) {
        deleteSource(url)
        return
      }
      const draft = readDraft(body, 'post')
      for (const text of draft.violations) violate(`response_url: ${text}`)
      if (body.replace_original === true && url.source !== undefined) {
        workspace.edit(url.source, draft)
        return
      }
      const thread_ts = asText(body.thread_ts)
      workspace.post(url.channel, draft, {
        ...(body.response_type !== 'in_channel' && { to: url.user }),
        ...(thread_ts !== '' && { thread_ts }),
      })
    },
  }

  function deleteSource(url: ResponseUrl): void {
    const index = url.source === undefined ? -1 : workspace.messages.indexOf(url.source)
    if (index >= 0) workspace.messages.splice(index, 1)
  }
}
