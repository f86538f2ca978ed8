// Webhooks as one of Vakt's platforms: there is nothing to connect to, and every channel was added by a command.
import type { Clock } from '../../clock.ts'
import { SECOND } from '../../time.ts'
import { addressIn, type Capabilities, type Platform } from '../channel.ts'
import { createDeliveryHealth } from '../delivery-health.ts'
import { createWebhook } from './channel.ts'

export type WebhookOptions = {
  capabilities: Capabilities
  clock: Clock
  timeZone: string
  version: string
  /** How long one request may take; for tests. */
  timeoutMs?: number
}

const TIMEOUT_MS = 10 * SECOND
/** How long one webhook may take nothing before the platform counts as lost, so that a card reports it within 2 minutes. */
const TOLERANCE_MS = 110 * SECOND

/** The platform of all webhooks. */
export function createWebhooks({ timeoutMs = TIMEOUT_MS, ...options }: WebhookOptions): Platform {
  const health = createDeliveryHealth(options.clock, TOLERANCE_MS)
  return {
    name: 'webhook',
    channels: [],
    open({ id, name, address, secret }) {
      if (address === null || addressIn(id, 'webhook') === null) return null
      return health.watch(createWebhook({ ...options, id, name, address, secret, timeoutMs }))
    },
    status: health.status,
    start() {},
    async stop() {},
  }
}
