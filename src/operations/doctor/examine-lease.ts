// Examines the lease by which one of several Vakts is the main one: whether it can be reached, and who renews it.
import type { LeaseConfig } from '../../config/lease-settings.ts'
import type { Environment } from '../../config/setting.ts'
import { type Diagnosis, fails, isWell } from '../../diagnosis.ts'
import { openLeaseStore } from '../../replication/lease/open-lease-store.ts'
import { errorMessage } from '../../text.ts'
import { aboutDuration, SECOND } from '../../time.ts'

const PART = 'lease'
const TIMEOUT_MS = 10 * SECOND

/** Reads the lease, without waiting for it or changing it; nothing where none is set. Never rejects. */
export async function examineLease(
  config: LeaseConfig | null,
  environment: Environment,
  now: number,
): Promise<Diagnosis[]> {
  if (config === null) return []
  try {
    const store = openLeaseStore(config, environment)
    const read = await store.read(AbortSignal.timeout(TIMEOUT_MS))
    if (read === null) return [fails(PART, `No Vakt holds ${store.name}.`, 'Start the main Vakt with this LEASE.')]
    const { name, epoch, renewedAt, ttlMs, isReleased } = read.record
    const holder = `${name} (epoch ${epoch})`
    if (isReleased)
      return [
        fails(PART, `${holder} has released ${store.name} and stopped.`, 'Start a Vakt, or wait for the stand-by.'),
      ]
    const ago = aboutDuration(Math.max(0, now - renewedAt))
    if (now - renewedAt > ttlMs)
      return [
        fails(
          PART,
          `${holder} renewed ${store.name} ${ago} ago by its clock, and nobody has taken over.`,
          'Start that Vakt or a stand-by, and compare the clocks of both machines.',
        ),
      ]
    return [isWell(PART, `${holder} holds ${store.name}, renewed ${ago} ago.`)]
  } catch (error) {
    return [fails(PART, errorMessage(error), 'Without its lease a Vakt stops; see docs/high-availability.md.')]
  }
}
