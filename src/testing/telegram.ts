// The Telegram Bot API on loopback: enough of it for a bot that posts, edits and hears buttons, with limits that bite.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type TelegramMessage = {
  chat: string
  id: number
  text: string
  buttons: { text: string; data: string }[]
  replyTo: number | null
}
type Update = { update_id: number } & Record<string, unknown>
type Fault = { status: number; description?: string; retryAfter?: number; after?: boolean; hang?: boolean }

type Call = {
  offset?: number
  timeout?: number
  chat_id: string | number
  message_id: number
  user_id: number
  text: string
  reply_markup?: { inline_keyboard?: { text: string; callback_data?: string }[][] }
  reply_parameters?: { message_id: number }
  show_alert?: boolean
}

const TOKEN = '123456:TEST-token'

function refusal({ status, description = 'Refused', retryAfter }: Fault) {
  const parameters = retryAfter === undefined ? {} : { parameters: { retry_after: retryAfter } }
  return { status, body: { ok: false, error_code: status, description, ...parameters } }
}

/** Starts a Bot API for one bot. */
export async function startTelegram() {
  const messages: TelegramMessage[] = []
  const answers: { text?: string; show_alert?: boolean }[] = []
  const faults: { method: string; fault: Fault }[] = []
  const updates: Update[] = []
  const waiting = new Set<() => void>()
  const violations: string[] = []
  const pinned: number[] = []
  const admins = new Set<number>()
  let next = 1

  const method: Record<string, (body: Call) => unknown> = {
    getMe: () => ({ id: 1, is_bot: true, first_name: 'Vakt', username: 'vakt_bot' }),
    deleteWebhook: () => true,
    async getUpdates({ offset = 0, timeout = 0 }) {
      while (updates.length > 0 && updates[0]!.update_id < offset) updates.shift()
      if (updates.length === 0 && timeout > 0) {
        await new Promise<void>(resolve => {
          const timer = setTimeout(resolve, Math.min(timeout * 1000, 2_000))
          waiting.add(() => {
            clearTimeout(timer)
            resolve()
          })
        })
      }
      return updates.filter(update => update.update_id >= offset)
    },
    sendMessage(body) {
      checkText(body.text)
      const message = {
        chat: String(body.chat_id),
        id: next++,
        text: body.text,
        buttons: buttonsOf(body.reply_markup),
        replyTo: body.reply_parameters?.message_id ?? null,
      }
      messages.push(message)
      return asMessage(message)
    },
    editMessageText(body) {
      checkText(body.text)
      const message = messages.find(({ id, chat }) => id === body.message_id && chat === String(body.chat_id))
      if (!message) throw { status: 400, description: 'Bad Request: message to edit not found' }
      if (message.text === body.text) throw { status: 400, description: 'Bad Request: message is not modified' }
      message.text = body.text
      message.buttons = buttonsOf(body.reply_markup)
      return asMessage(message)
    },
    deleteMessage(body) {
      const at = messages.findIndex(({ id, chat }) => id === body.message_id && chat === String(body.chat_id))
      if (at < 0) throw { status: 400, description: 'Bad Request: message to delete not found' }
      messages.splice(at, 1)
      return true
    },
    pinChatMessage(body) {
      pinned.push(body.message_id)
      return true
    },
    answerCallbackQuery(body) {
      answers.push(body)
      return true
    },
    getChatMember: ({ user_id }) => ({
      status: admins.has(user_id) ? 'administrator' : 'member',
      user: { id: user_id },
    }),
  }

  function buttonsOf(markup: Call['reply_markup']) {
    const all = (markup?.inline_keyboard ?? []).flat()
    for (const button of all)
      if (Buffer.byteLength(button.callback_data ?? '') > 64) violations.push('callback_data is over 64 bytes')
    return all.map(({ text, callback_data }) => ({ text, data: callback_data ?? '' }))
  }
  function checkText(text: string): void {
    const plain = text.replace(/<[^>]*>/g, '').replace(/&\w+;/g, '&')
    if (plain.length > 4096) violations.push(`a text of ${plain.length} characters`)
    const opened = [...text.matchAll(/<(\w+)[^>]*>/g)].length
    const closed = [...text.matchAll(/<\/\w+>/g)].length
    if (opened !== closed) violations.push('markup that is not closed')
  }
  const asMessage = ({ chat, id, text }: TelegramMessage) => ({
    message_id: id,
    date: 0,
    chat: { id: Number(chat), type: 'supergroup' },
    text,
  })

  const server = createServer(async (request, response) => {
    const [, token, name = ''] = /^\/bot([^/]+)\/(\w+)/.exec(request.url ?? '') ?? []
    let text = ''
    for await (const chunk of request) text += chunk
    const answer = token === TOKEN ? await answerTo(name, text) : refusal({ status: 401, description: 'Unauthorized' })
    if (answer)
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
  })
  const answerTo = async (name: string, text: string) => {
    const at = faults.findIndex(({ method }) => method === name)
    const fault = at < 0 ? null : faults.splice(at, 1)[0]!.fault
    if (fault && !fault.after && !fault.hang) return refusal(fault)
    try {
      const result = await method[name]?.(text === '' ? {} : JSON.parse(text))
      if (fault) return fault.hang ? null : refusal(fault)
      return { status: 200, body: { ok: true, result: result ?? true } }
    } catch (refused) {
      return refusal(refused as Fault)
    }
  }
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))

  const push = (update: Record<string, unknown>) => {
    updates.push({ update_id: next++, ...update })
    for (const wake of waiting) wake()
    waiting.clear()
  }
  const person = (id: number) => ({ id, is_bot: false, first_name: `Person ${id}` })

  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: TOKEN,
    messages,
    answers,
    /** The ids of messages that were pinned. */
    pinned,
    violations,
    admins,
    /** The next call of a method fails; with `after` it is done all the same. */
    failing: (name: string, fault: Fault) => void faults.push({ method: name, fault }),
    /** Somebody presses a button of a message. */
    presses(message: TelegramMessage, text: string, by = 7) {
      const button = message.buttons.find(button => button.text === text)
      if (!button) throw new Error(`There is no button ${text} on it.`)
      const on = { ...asMessage(message), date: 1 }
      push({
        callback_query: { id: String(next++), from: person(by), chat_instance: '1', message: on, data: button.data },
      })
    },
    /** Somebody writes in a chat. */
    writes(chat: string, text: string, by = 7) {
      push({
        message: {
          message_id: next++,
          date: 1,
          chat: { id: Number(chat), type: 'supergroup', title: 'ops' },
          from: person(by),
          text,
        },
      })
    },
    stop: () =>
      new Promise<void>(done => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}
