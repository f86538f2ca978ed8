// A delivery loop over channels in memory on a fake clock, with a few words for what happens to alerts.

import { readAlert } from '../alerts/alerts.ts'
import { acknowledgeAlert, endAlert, fireAlert, resolveAlert } from '../alerts/lifecycle.ts'
import { setThresholds } from '../alerts/suppression/settings.ts'
import type { Channel } from '../chat/channel.ts'
import type { Finding } from '../detectors/finding.ts'
import { silentLogger } from '../logger.ts'
import { createDelivery } from '../notifications/delivery/delivery-loop.ts'
import { listDeliveries } from '../notifications/delivery/outbox.ts'
import { syncChannels } from '../notifications/routing/channels.ts'
import type { Severity } from '../severity.ts'
import { memoryState } from '../state/database.ts'
import { parseDuration } from '../time.ts'
import { createFakeClock, settled } from './fake-clock.ts'
import { createMemoryChannel } from './memory-channel.ts'

/** Starts delivery to these channels. */
export async function startDelivery(...ids: string[]) {
  const clock = createFakeClock(Date.parse('2026-03-02T09:00:00Z'))
  const state = memoryState()
  setThresholds(state, null, { stormRate: 0, flapChanges: 0 })
  const known = new Map<string, ReturnType<typeof createMemoryChannel>>()
  const channel = (id: string) => {
    if (!known.has(id)) known.set(id, createMemoryChannel(id, clock.now))
    return known.get(id)!
  }
  const open = (names: readonly string[]) => {
    const channels = names.map(channel)
    syncChannels(state, channels, clock.now())
    return createDelivery(state, channels, clock, silentLogger)
  }
  let delivery = open(ids)
  const change = async <T>(work: () => T): Promise<T> => {
    const result = work()
    delivery.wake()
    await settled()
    return result
  }

  return {
    clock,
    state,
    channel,
    /** Something is found wrong; `about` names it. */
    fires: (about: string, severity: Severity = 'critical', more: Partial<Finding> = {}) =>
      change(() => fireAlert(state, { ...aFinding(about, severity, clock.now()), ...more }, clock.now())),
    recovers: (about: string) => change(() => endAlert(state, about, null, clock.now())),
    isAcknowledged: (id: number) => change(() => acknowledgeAlert(state, id, 'Ann', null, clock.now())),
    isResolved: (id: number) => change(() => resolveAlert(state, id, 'Ann', clock.now())),
    /** Any other change of alerts. */
    change,
    async passes(duration: string) {
      await clock.advance(parseDuration(duration)!)
      await settled()
    },
    /** Since when and why a channel refuses messages. */
    refusal: (id: string) => delivery.refusal(id),
    /** Delivers to a channel of a real platform from now on. */
    async uses(real: Channel) {
      syncChannels(state, [real], clock.now())
      delivery.setChannels([real])
    },
    platformIsBack: (id: string) => change(() => delivery.retryChannel(id)),
    /** Vakt stops and starts again, with these channels configured. */
    async restarts(...names: string[]) {
      await delivery.stop()
      delivery = open(names)
      delivery.wake()
      await settled()
    },
    alert: (id: number) => readAlert(state, id)!,
    /** The next step of a channel for an alert, with its reason. */
    stands(alertId: number, channelId: string) {
      const found = listDeliveries(state, 1, clock.now(), alertId).find(pair => pair.channelId === channelId)
      return found ? `${found.step.do}: ${found.step.why}` : 'no recipient'
    },
  }
}

function aFinding(about: string, severity: Severity, since: number): Finding {
  return {
    ...{ key: about, detector: 'test', projectId: null, severity, title: about, since, owner: null },
    ...{ remindEvery: 0, observation: { lines: [] }, occurrences: 1, labels: {} },
  }
}
