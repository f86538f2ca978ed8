// The links on telephones that acknowledge an alert: GET shows a page and never acts, POST acts once.
import { createHash } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import { stateWord } from '../../alerts/alert-card.ts'
import { readAlert } from '../../alerts/alerts.ts'
import type { CommandDispatcher } from '../../chat/channel.ts'
import type { PressLinks } from '../../chat/platform-definition.ts'
import type { Clock } from '../../clock.ts'
import {
  createPressLink,
  PRESS_PATH,
  type PressLink,
  readPressLink,
  usePressLink,
} from '../../notifications/delivery/press-links.ts'
import { listChannels } from '../../notifications/routing/channels.ts'
import type { State } from '../../state/database.ts'
import { SECURITY_HEADERS } from '../access/security-headers.ts'
import { withoutKey } from '../openapi/security.ts'

export type PressLinkOptions = { state: State; clock: Clock; dispatcher: CommandDispatcher }

/** The links that channels put into messages; none where the address of Vakt means the telephone itself. */
export function createLinks(state: State, clock: Clock, publicUrl: () => string): PressLinks {
  return {
    create(line, channel) {
      const url = publicUrl()
      if (LOOPBACK.test(URL.parse(url)?.hostname ?? 'localhost')) return null
      return `${url}${PRESS_PATH}${createPressLink(state, line, channel, clock.now())}`
    },
  }
}

const LOOPBACK = /^(localhost|127\.[\d.]+|0\.0\.0\.0|\[::1?\])$/

const STYLE = `:root{color-scheme:light dark}body{font:17px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}
h1{font-size:1.3rem}button{font:inherit;padding:.7rem 1.4rem;border-radius:.5rem;border:0;background:#1d5fd1;color:#fff}`
const HEADERS = {
  ...SECURITY_HEADERS,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; form-action 'self'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  // The address is the permission: it goes nowhere else.
  'referrer-policy': 'no-referrer',
}

const GONE =
  'This link does not work (any more): a link works once, within a week. Acknowledge the alert in the chat, or with a newer notification.'
const USED =
  'This link was used before, and works once. Acknowledge the alert in the chat, or with a newer notification.'
const page = z.string()
const params = z.object({ token: z.string().max(100).describe('The secret of the link.') })
const html = (description: string) => ({ description, content: { 'text/html': { schema: page } } })
const missing = { 404: html('The link is unknown or has expired.') }

const SHOW = createRoute({
  method: 'get',
  path: `${PRESS_PATH}{token}`,
  operationId: 'showAcknowledgePage',
  tags: ['Alerts'],
  summary: 'Show the page of a link in a notification, which has a button to acknowledge its alert',
  description: 'It changes nothing, whoever or whatever opens it.',
  ...withoutKey,
  request: { params },
  responses: { 200: html('The page.'), ...missing },
})
const ACT = createRoute({
  method: 'post',
  path: `${PRESS_PATH}{token}`,
  operationId: 'acknowledgeByLink',
  tags: ['Alerts'],
  summary: 'Acknowledge the alert of a link in a notification; it works once',
  ...withoutKey,
  request: { params },
  responses: {
    200: html('The alert is acknowledged.'),
    ...missing,
    409: html('It changed nothing: the link was used, or the alert is acknowledged or resolved.'),
  },
})

/** The routes of links. */
export function pressLinkRoutes({ state, clock, dispatcher }: PressLinkOptions) {
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>()
  for (const route of [SHOW, ACT]) app.openAPIRegistry.registerPath(route)

  app.get(SHOW.getRoutingPath(), c => {
    const link = readPressLink(state, c.req.param('token') ?? '', clock.now())
    if (!link) return answer(404, 'This link does not work', [GONE])
    const { title, isOpen } = describe(state, link)
    if (!isOpen) return answer(200, title, ['There is nothing left to acknowledge.'])
    if (link.usedAt !== null) return answer(200, title, [USED])
    return answer(200, title, ['Reminders stop, and every card shows that somebody is on it.'], 'Acknowledge')
  })

  app.post(ACT.getRoutingPath(), async c => {
    const now = clock.now()
    const link = readPressLink(state, c.req.param('token') ?? '', now)
    if (!link) return answer(404, 'This link does not work', [GONE])
    if (!usePressLink(state, link, now)) return answer(409, describe(state, link).title, [USED])
    const channel = listChannels(state).find(({ id }) => id === link.channelId)
    const name = channel?.name ?? link.channelId
    const platform = link.channelId.split(':')[0]!
    const ownRole = 'responder' as const
    const requester = { platform, id: link.channelId, name, admin: false, groups: [], interactive: false, ownRole }
    const reply = await dispatcher.run({ line: link.line }, requester)
    if (!reply.ok) return answer(409, describe(state, link).title, [reply.problem.message])
    return answer(200, describe(state, link).title, ['Acknowledged. Reminders stop.'])
  })
  return app
}

/** The alert of a link in words, and whether it can be acknowledged. */
function describe(state: State, { line }: PressLink): { title: string; isOpen: boolean } {
  const alert = readAlert(state, Number(line.split(' ')[1]))
  if (!alert) return { title: 'The alert is not stored any more', isOpen: false }
  return { title: `${stateWord(alert)}: ${alert.title}`, isOpen: alert.state === 'firing' }
}

function answer(status: number, title: string, lines: readonly string[], button?: string): Response {
  const form = button === undefined ? '' : `<form method="post"><button>${escapeHtml(button)}</button></form>`
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><h1>${escapeHtml(title)}</h1>${lines.map(line => `<p>${escapeHtml(line)}</p>`).join('')}${form}</body></html>`
  return new Response(body, { status, headers: HEADERS })
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
