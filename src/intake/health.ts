// How Vakt is doing, for machines: whether it lives, whether it is ready, and its metrics.
import type { HttpBindings } from '@hono/node-server'
import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import type { PlatformStatus } from '../chat/channel.ts'
import type { SchedulerHealth } from '../jobs/scheduler.ts'

import type { StorageStatus } from '../state/storage-health.ts'
import { errors, json, text } from './openapi/responses.ts'
import { withoutKey } from './openapi/security.ts'

const READINESS = z
  .object({
    ready: z.boolean(),
    parts: z.record(
      z.string(),
      z.object({ ok: z.boolean(), message: z.string().nullable().describe('Why it is not ok.') }),
    ),
  })
  .meta({ id: 'Readiness' })
export type Readiness = z.output<typeof READINESS>

export type HealthRoutesOptions = { readiness(): Readiness; metrics(): string | Promise<string> }

const LIVE = createRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'getLiveness',
  tags: ['Health'],
  summary: 'Check that the process answers',
  ...withoutKey,
  responses: { 200: text('It does.', z.literal('ok')) },
})

const READY = createRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'getReadiness',
  tags: ['Health'],
  summary: 'Check that Vakt works',
  description:
    'Vakt is ready while its scheduler works and storage takes every beat and every log line. A chat that is offline is shown, and does not make it unready.',
  ...withoutKey,
  responses: { 200: json('It is ready.', READINESS), ...errors(403), 503: json('It is not ready.', READINESS) },
})

const METRICS = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  tags: ['Health'],
  summary: 'Read the metrics, for Prometheus',
  ...withoutKey,
  responses: { 200: text('The metrics in the text format of Prometheus, version 0.0.4.', z.string()), ...errors(403) },
})

/** Whether Vakt is ready, part by part. */
export function readiness(
  scheduler: SchedulerHealth,
  storage: StorageStatus,
  platforms: readonly { name: string; status: PlatformStatus }[],
): Readiness {
  const chats = platforms.map(
    ({ name, status }) => [name, { ok: status.state === 'online', message: status.message ?? null }] as const,
  )
  // An alert tells people of a chat that is offline; a restart of Vakt would not help.
  return {
    ready: scheduler.healthy && storage.ok,
    parts: {
      scheduler: { ok: scheduler.healthy, message: scheduler.error },
      storage: { ok: storage.ok, message: storage.message },
      ...Object.fromEntries(chats),
    },
  }
}

/** The routes of liveness, readiness and metrics. */
export function healthRoutes(options: HealthRoutesOptions) {
  const app = new OpenAPIHono<{ Bindings: HttpBindings }>()
  app.openapi(LIVE, c => c.text('ok', 200))
  app.openapi(READY, c => {
    const readiness = options.readiness()
    return readiness.ready ? c.json(readiness, 200) : c.json(readiness, 503)
  })
  app.openapi(METRICS, async c =>
    c.text(await options.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )
  return app
}
