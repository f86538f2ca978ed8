// ntfy, Pushover and Gotify on loopback, with the rules of their APIs: what arrives on the telephones, and what is pressed there.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

type Fields = Record<string, unknown>
type Sent = { service: 'ntfy' | 'pushover' | 'gotify'; fields: Fields }
type Answer = { status: number; body: Fields }

export const NTFY_TOKEN = 'tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2'
export const PUSHOVER_TOKEN = 'azGDORePK8gMaC0QOYAMyEEuzJnyUi'
export const PUSHOVER_USER = 'uQiRzpo4DXghDmr9QzzfQu27cmVRsG'
export const GOTIFY_TOKEN = 'AzyoeNS.D4iJLVa'

/** Starts all three services on one port. `answers` are given before the rules are looked at. */
export async function startPushServices() {
  const sent: Sent[] = []
  const cancelled: string[] = []
  const acknowledged = new Map<string, { by: string; device: string }>()
  const answers: Answer[] = []

  const ntfy = (fields: Fields, authorization: string | undefined): Answer => {
    if (authorization !== `Bearer ${NTFY_TOKEN}`) return refused(401, { code: 40101, http: 401, error: 'unauthorized' })
    const { topic, priority, actions = [], sequence_id: sequence } = fields
    const isValid =
      /^[-_A-Za-z0-9]{1,64}$/.test(String(topic)) &&
      [1, 2, 3, 4, 5].includes(priority as number) &&
      (actions as unknown[]).length <= 3 &&
      /^[-_A-Za-z0-9]{1,64}$/.test(String(sequence))
    if (!isValid) return refused(400, { code: 40001, http: 400, error: 'invalid request' })
    sent.push({ service: 'ntfy', fields })
    return { status: 200, body: { id: `m${sent.length}`, event: 'message', topic } }
  }

  const pushover = (fields: Fields): Answer => {
    const priority = Number(fields.priority ?? 0)
    const errors = pushoverErrors(fields, priority)
    if (errors.length > 0) return refused(400, { status: 0, errors, request: 'r' })
    sent.push({ service: 'pushover', fields })
    const receipt = `r${String(sent.length).padStart(29, 'x')}`
    return { status: 200, body: { status: 1, request: `q${sent.length}`, ...(priority === 2 ? { receipt } : {}) } }
  }

  const receiptOf = (receipt: string): Answer => {
    const ack = acknowledged.get(receipt)
    const by = { acknowledged_by: ack?.by ?? '', acknowledged_by_device: ack?.device ?? '' }
    return { status: 200, body: { status: 1, acknowledged: ack ? 1 : 0, ...by, expired: 0 } }
  }

  const gotify = (fields: Fields, key: string | undefined): Answer => {
    if (key !== GOTIFY_TOKEN)
      return refused(401, {
        error: 'Unauthorized',
        errorCode: 401,
        errorDescription: 'you need to provide a valid token',
      })
    if (typeof fields.message !== 'string' || fields.message === '') return refused(400, { error: 'Bad Request' })
    sent.push({ service: 'gotify', fields })
    return { status: 200, body: { id: sent.length, appid: 1 } }
  }

  const server = createServer(async (request, response) => {
    let raw = ''
    for await (const chunk of request) raw += chunk
    const { pathname, searchParams } = new URL(request.url!, 'http://push.test')
    const isForm = request.headers['content-type'] === 'application/x-www-form-urlencoded'
    const fields = (raw === '' ? {} : isForm ? Object.fromEntries(new URLSearchParams(raw)) : JSON.parse(raw)) as Fields
    const [, receipt, action] = /^\/1\/receipts\/(\w+)(\/cancel)?\.json$/.exec(pathname) ?? []
    const answer = (): Answer => {
      if (pathname === '/') return ntfy(fields, request.headers.authorization)
      if (pathname === '/message') return gotify(fields, request.headers['x-gotify-key'] as string | undefined)
      if (pathname === '/1/messages.json') return pushover(fields)
      if (receipt === undefined) return refused(404, {})
      if ((searchParams.get('token') ?? fields.token) !== PUSHOVER_TOKEN) return refused(400, { status: 0 })
      if (action === undefined) return receiptOf(receipt)
      cancelled.push(receipt)
      return { status: 200, body: { status: 1 } }
    }
    const { status, body } = answers.shift() ?? answer()
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(status === 429 ? { 'retry-after': '7' } : {}),
    })
    response.end(JSON.stringify(body))
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    /** What arrived at one of the services. */
    of: (service: Sent['service']) => sent.flatMap(one => (one.service === service ? [one.fields] : [])),
    /** The receipts whose ringing was cancelled. */
    cancelled,
    /** Somebody acknowledges the newest ringing message in the app. */
    acknowledge(by = PUSHOVER_USER, device = 'pixel') {
      const index = sent.findLastIndex(({ service, fields }) => service === 'pushover' && Number(fields.priority) === 2)
      acknowledged.set(`r${String(index + 1).padStart(29, 'x')}`, { by, device })
    },
    answers: (...list: Answer[]) => void answers.push(...list),
    environment: {
      ...{ NTFY_URL: url, NTFY_TOKEN, NTFY_TOPIC: 'vakt-x7Kq2mP9' },
      ...{ PUSHOVER_TOKEN, PUSHOVER_USER, PUSHOVER_URL: url },
      ...{ GOTIFY_URL: url, GOTIFY_TOKEN },
    },
    stop: () =>
      new Promise<void>(done => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
}

const refused = (status: number, body: Fields): Answer => ({ status, body })

const length = (field: unknown) => [...String(field ?? '')].length

/** What Pushover finds wrong with a message. https://pushover.net/api#limits */
function pushoverErrors(fields: Fields, priority: number): string[] {
  const rules: [isRight: boolean, error: string][] = [
    [fields.token === PUSHOVER_TOKEN, 'application token is invalid'],
    [fields.user === PUSHOVER_USER, 'user identifier is invalid'],
    [length(fields.message) > 0, 'message cannot be blank'],
    [length(fields.message) <= 1024 && length(fields.title) <= 250, 'message or title is too long'],
    [length(fields.url) <= 512, 'url is too long'],
    [priority >= -2 && priority <= 2, 'priority is invalid'],
    [priority < 2 || (Number(fields.retry) >= 30 && Number(fields.expire) <= 10_800), 'retry or expire is invalid'],
  ]
  return rules.flatMap(([isRight, error]) => (isRight ? [] : [error]))
}
