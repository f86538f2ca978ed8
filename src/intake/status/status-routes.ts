// The published status pages and their badges: built at most every five seconds, answered from memory in between.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { createRoute } from '@hono/zod-openapi'
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { State } from '../../state/database.ts'
import { badgeJson, badgeSvg } from '../../status-page/badge.ts'
import { readShownPage } from '../../status-page/page-facts.ts'
import { pageHtml, STYLE } from '../../status-page/page-html.ts'
import { pageDocument } from '../../status-page/page-json.ts'
import type { ShownPage } from '../../status-page/status-page.ts'
import { listPages, readPage } from '../../status-page/status-pages.ts'
import { SECOND } from '../../time.ts'
import { SECURITY_HEADERS } from '../access/security-headers.ts'
import { ERROR } from '../openapi/responses.ts'
import { withoutKey } from '../openapi/security.ts'

export type StatusRoutesOptions = { state: State; clock: Clock; timeZone: string }

/** How old an answer may be, ms. */
const MAX_AGE_MS = 5 * SECOND
/** `/status/<slug>`, `/status/<slug>/<component>.svg`, `/badge/<slug>.svg`; the JSON of `/status/<slug>` is that of the page. */
const PATH = /^\/(status|badge)\/([a-z0-9-]{1,64})(?:\/([a-z0-9_-]{1,120}))?(\.json|\.svg)?$/

const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors *`
const SHARED_HEADERS = {
  ...SECURITY_HEADERS,
  'content-security-policy': POLICY,
  'cache-control': `public, max-age=${MAX_AGE_MS / SECOND}`,
  'access-control-allow-origin': '*',
}
const TYPES = { html: 'text/html; charset=utf-8', json: 'application/json', svg: 'image/svg+xml' } as const

type Body = { plain: Buffer<ArrayBuffer>; zipped: Buffer<ArrayBuffer>; etag: string; type: string }
/** A page with the bodies that were asked for since it was built. */
type Built = { page: ShownPage; at: number; bodies: Map<string, Body> }

/** Answers requests to status pages and badges; null for a path that is neither. */
export function createStatusPages({ state, clock, timeZone }: StatusRoutesOptions) {
  const pages = new Map<string, Built>()
  let slugs: Set<string> | null = null
  state.onCommit(topics => {
    if (!topics.has('status pages')) return
    pages.clear()
    slugs = null
  })

  const build = (slug: string): Built | null => {
    const now = clock.now()
    const built = pages.get(slug)
    if (built && now >= built.at && now - built.at < MAX_AGE_MS) return built
    // Strangers may ask for any number of slugs, so the known ones are in memory.
    slugs ??= new Set(listPages(state).map(page => page.slug))
    const page = slugs.has(slug) ? readPage(state, slug) : undefined
    if (!page) return null
    const fresh = { page: readShownPage(state, page, now), at: now, bodies: new Map() }
    pages.set(slug, fresh)
    return fresh
  }

  const bodyOf = (
    { page, bodies }: Built,
    key: string,
    [, root, , component, suffix]: RegExpExecArray,
  ): Body | null => {
    const known = bodies.get(key)
    if (known !== undefined) return known
    const body = render(
      page,
      root === 'badge' || component !== undefined || suffix === '.svg',
      component,
      suffix,
      timeZone,
    )
    // Strangers may ask for any number of components that are not there.
    if (body !== null) bodies.set(key, body)
    return body
  }

  return (request: Request, path: string): Response | null => {
    const match = PATH.exec(path)
    if (!match || (request.method !== 'GET' && request.method !== 'HEAD')) return null
    const built = build(match[2]!)
    const wantsJson = match[4] === undefined && match[1] === 'status' && match[3] === undefined && prefersJson(request)
    const key = wantsJson ? `${path}.json` : path
    const body = built && bodyOf(built, key, wantsJson ? PATH.exec(key)! : match)
    return body ? answer(request, body) : notFound(request)
  }
}

function render(
  page: ShownPage,
  isBadge: boolean,
  component: string | undefined,
  suffix: string | undefined,
  timeZone: string,
): Body | null {
  if (!isBadge)
    return suffix === '.json'
      ? toBody(JSON.stringify(pageDocument(page)), TYPES.json)
      : toBody(pageHtml(page, timeZone), TYPES.html)
  const all = page.sections.flatMap(({ components }) => components)
  const shown =
    component === undefined ? { name: page.title, state: page.state } : all.find(({ slug }) => slug === component)
  if (!shown || suffix === undefined) return null
  const { name, state } = shown
  return suffix === '.json' ? toBody(badgeJson(name, state), TYPES.json) : toBody(badgeSvg(name, state), TYPES.svg)
}

function toBody(content: string, type: string): Body {
  const plain = Buffer.from(content)
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
  return { plain, zipped: gzipSync(plain), etag, type }
}

function answer(request: Request, { plain, zipped, etag, type }: Body): Response {
  const headers = { ...SHARED_HEADERS, 'content-type': type, etag, vary: 'accept, accept-encoding' }
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers })
  const isZipped = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')
  const body = isZipped ? zipped : plain
  const sized = {
    ...headers,
    'content-length': String(body.length),
    ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
  }
  return new Response(request.method === 'HEAD' ? null : body, { headers: sized })
}

const NOT_FOUND = 'There is no status page here. Whoever gave you the address may have taken it down.\n'

function notFound(request: Request): Response {
  const headers = { ...SECURITY_HEADERS, 'content-type': 'text/plain; charset=utf-8' }
  return new Response(request.method === 'HEAD' ? null : NOT_FOUND, { status: 404, headers })
}

function prefersJson(request: Request): boolean {
  const accept = request.headers.get('accept') ?? ''
  return accept.includes('application/json') && !accept.includes('text/html')
}

const SLUG = z.object({
  slug: z.string().describe('The slug that `status publish` gave, with `.json` for JSON, with `.svg` for a badge.'),
})
const BADGE = z.object({ badge: z.string().describe('The slug of a page, with `.svg` or `.json`.') })
const COMPONENT = z.object({
  slug: z.string().describe('The slug of a page.'),
  badge: z.string().describe('The slug of a component, with `.svg` or `.json`.'),
})

const notPublished = {
  404: {
    description: 'No such page is published, or no page can have that name.',
    content: { 'text/plain': { schema: z.literal(NOT_FOUND) }, 'application/json': { schema: ERROR } },
  },
}
const unchanged = { 304: { description: 'It is what `If-None-Match` names.' } }
const shield = z.object({ schemaVersion: z.literal(1), label: z.string(), message: z.string(), color: z.string() })
const badgeAnswers = {
  200: {
    description: 'The state as a picture, or as JSON for shields.io.',
    content: { 'image/svg+xml': { schema: z.string() }, 'application/json': { schema: shield } },
  },
  ...unchanged,
  ...notPublished,
}

/** The routes in the OpenAPI document. */
export function statusRoutes() {
  return [
    createRoute({
      method: 'get',
      path: '/status/{slug}',
      operationId: 'getStatusPage',
      tags: ['Status'],
      summary: 'Read a published status page',
      description:
        'HTML without scripts, or JSON with `.json` or `Accept: application/json`. At most five seconds old.',
      ...withoutKey,
      request: { params: SLUG },
      responses: {
        200: {
          description: 'The page.',
          content: {
            'text/html': { schema: z.string() },
            'application/json': { schema: z.looseObject({}) },
            'image/svg+xml': { schema: z.string() },
          },
        },
        ...unchanged,
        ...notPublished,
      },
    }),
    createRoute({
      method: 'get',
      path: '/badge/{badge}',
      operationId: 'getPageBadge',
      tags: ['Status'],
      summary: 'Read the state of a published page as a badge',
      ...withoutKey,
      request: { params: BADGE },
      responses: badgeAnswers,
    }),
    createRoute({
      method: 'get',
      path: '/status/{slug}/{badge}',
      operationId: 'getComponentBadge',
      tags: ['Status'],
      summary: 'Read the state of a component of a published page as a badge',
      ...withoutKey,
      request: { params: COMPONENT },
      responses: badgeAnswers,
    }),
  ]
}
