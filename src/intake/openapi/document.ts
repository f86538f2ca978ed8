// The OpenAPI document, generated from the routes: each brings its part, made of the schemas that it answers with.
import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi'
import type { Env } from 'hono'
import { SECURITY_SCHEMES } from './security.ts'

const DESCRIPTION = [
  'Vakt receives heartbeats, log lines and alerts, and runs commands.',
  '',
  'Errors are JSON, `{"ok": false, "error": {"code", "message", "fields"?}}`, except those of pings, which are plain text.',
  'A 429 or 503 says in `Retry-After` how many seconds to wait. A method that a path does not have is answered with 405',
  'and the `Allow` header; `HEAD` works wherever `GET` does.',
].join('\n')

const TAGS = [
  {
    name: 'Pings',
    description:
      'Heartbeats of jobs, in the ping protocol of Healthchecks. The URL is the secret. Every method pings, `PUT` and `DELETE` too.',
  },
  { name: 'Logs', description: 'Log lines: sent, searched, followed, deleted.' },
  {
    name: 'Logs by other protocols',
    description:
      'Log lines as other programs send them: Loki, OpenTelemetry, Elasticsearch, GELF, Splunk, Seq, Datadog, Heroku.',
  },
  { name: 'Alerts', description: 'Alerts that other programs report.' },
  { name: 'Commands', description: 'Everything that people can do in a chat.' },
  { name: "Healthchecks' API", description: 'Checks by the management API of Healthchecks, and its badges.' },
  { name: 'Status', description: 'Published status pages and their badges.' },
  { name: 'Health', description: 'How Vakt itself is doing.' },
  { name: 'Chats', description: 'What chat platforms call.' },
  { name: 'Satellites', description: 'What `vakt satellite` sends and asks.' },
  { name: 'Documentation', description: 'This document.' },
]

export type DocumentOptions = { version: string; publicUrl(): string }

/**
 * The document of all routes of `app` as JSON, generated when it is first asked for. `lateRoutes` are described only then,
 * because describing every command would be felt at the start.
 */
export function createDocument<E extends Env>(
  app: OpenAPIHono<E>,
  lateRoutes: () => readonly RouteConfig[],
  { version, publicUrl }: DocumentOptions,
): () => string {
  let hasLateRoutes = false
  let last: { url: string; json: string } | null = null
  return () => {
    const url = publicUrl()
    if (last?.url === url) return last.json
    if (!hasLateRoutes) for (const route of lateRoutes()) app.openAPIRegistry.registerPath(route)
    hasLateRoutes = true
    const document = app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Vakt', version, description: DESCRIPTION, license: { name: 'MIT' } },
      servers: [{ url }],
      tags: TAGS,
    })
    const components = { ...document.components, securitySchemes: SECURITY_SCHEMES }
    last = { url, json: JSON.stringify({ ...document, components }) }
    return last.json
  }
}
