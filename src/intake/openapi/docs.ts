// The API reference for people: Swagger UI over /openapi.json, served from here, under a policy that allows nothing else.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { HttpBindings } from '@hono/node-server'
import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import { Problem } from '../../problem.ts'
import { errors, json } from './responses.ts'
import { withoutKey } from './security.ts'

const require = createRequire(import.meta.url)
const fromSwaggerUi = (name: string) => require.resolve(`swagger-ui-dist/${name}`)
const fromHere = (name: string) => join(import.meta.dirname, 'reference', name)

const JAVASCRIPT = 'text/javascript; charset=utf-8'
const CSS = 'text/css; charset=utf-8'

/** The files of the reference. */
const FILES: { readonly [name: string]: { path: string; type: string } } = {
  'swagger-ui-bundle.js': { path: fromSwaggerUi('swagger-ui-bundle.js'), type: JAVASCRIPT },
  'swagger-ui.css': { path: fromSwaggerUi('swagger-ui.css'), type: CSS },
  'start.js': { path: fromHere('start.js'), type: JAVASCRIPT },
  'page.css': { path: fromHere('page.css'), type: CSS },
}

/** Everything comes from here: no inline script or style, no address outside. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const MAX_AGE_SECONDS = 3600

const DOCUMENT = createRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'getOpenApi',
  tags: ['Documentation'],
  summary: 'Read this document',
  ...withoutKey,
  responses: { 200: json('OpenAPI 3.1.', z.looseObject({ openapi: z.string() })), ...errors(403) },
})

const PAGE = createRoute({
  method: 'get',
  path: '/docs',
  operationId: 'getDocs',
  tags: ['Documentation'],
  summary: 'Read this document as a page',
  ...withoutKey,
  responses: {
    200: {
      description: 'The page.',
      content: { 'text/html': { schema: z.string() } },
      headers: z.object({ 'Content-Security-Policy': z.literal(CONTENT_SECURITY_POLICY) }),
    },
    ...errors(403),
  },
})

const FILE = createRoute({
  method: 'get',
  path: '/docs/{file}',
  operationId: 'getDocsFile',
  tags: ['Documentation'],
  summary: 'Read a file of the page',
  ...withoutKey,
  request: { params: z.object({ file: z.string().meta({ enum: Object.keys(FILES) }) }) },
  responses: {
    200: {
      description: 'The file.',
      content: { 'text/javascript': { schema: z.string() }, 'text/css': { schema: z.string() } },
    },
    ...errors(403, 404),
  },
})

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vakt API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="stylesheet" href="docs/page.css">
</head>
<body>
<noscript><h1>Vakt</h1><p>This page needs JavaScript. The same for machines: <a href="openapi.json">openapi.json</a>.</p></noscript>
<main id="reference"></main>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`

/** The routes of the OpenAPI document and its page; `document` gives the document as JSON. */
export function docsRoutes(document: () => string) {
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>()
  app.openapi(DOCUMENT, c => c.body(document(), 200, { 'content-type': 'application/json' }) as never)
  app.openapi(PAGE, c => c.html(HTML, 200, { 'content-security-policy': CONTENT_SECURITY_POLICY }) as never)
  app.openapi(FILE, async c => {
    const name = c.req.valid('param').file
    const file = Object.hasOwn(FILES, name) ? FILES[name]! : null
    if (file === null) throw new Problem('not_found', `The documentation has no file ${name.slice(0, 60)}.`)
    const headers = { 'content-type': file.type, 'cache-control': `max-age=${MAX_AGE_SECONDS}` }
    return c.body(await readFile(file.path), 200, headers) as never
  })
  return app
}
