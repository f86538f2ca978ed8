// After any sequence of changes and failures, every channel shows every alert once, in its current state.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { stateWord } from '../../alerts/alert-card.ts'
import { readAlert } from '../../alerts/alerts.ts'
import { acknowledgeAlert, snoozeAlert, unacknowledgeAlert, wakeAlerts } from '../../alerts/lifecycle.ts'
import { DeliveryError } from '../../chat/channel.ts'
import { and, eq } from '../../state/orm.ts'
import { notifications } from '../../state/schema/index.ts'
import { startDelivery } from '../../testing/delivery.ts'
import type { MemoryChannel } from '../../testing/memory-channel.ts'
import { MINUTE, SECOND } from '../../time.ts'

const CHANNELS = ['discord', 'slack']
const ABOUT = ['a', 'b', 'c', 'd', 'e']
const SEVERITY = { a: 'critical', b: 'critical', c: 'warning', d: 'info', e: 'info' } as const

type Delivery = Awaited<ReturnType<typeof startDelivery>>

const fates = fc.constantFrom(
  ...[
    null,
    null,
    null,
    'limited',
    'limited edit',
    'limited post',
    'unreachable',
    'unsure',
    'unsure after',
    'gone',
    'refused',
  ],
)
const moves = fc.record({
  about: fc.constantFrom(...ABOUT),
  verb: fc.constantFrom('fires', 'fires', 'recovers', 'ack', 'unack', 'snooze', 'back', 'restart', 'wait'),
  wait: fc.integer({ min: 0, max: 5 * MINUTE }),
})

it('every alert has one up-to-date card in every channel, and a recovery of a critical has at most one reply', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(moves, { maxLength: 30 }),
      fc.array(fates, { minLength: 20, maxLength: 60 }),
      async (steps, fate) => {
        const delivery = await startDelivery(...CHANNELS)
        const gone = CHANNELS.map(name => suffer(delivery.channel(name), fate))
        for (const { about, verb, wait } of steps) {
          await move(delivery, about, verb)
          await delivery.clock.advance(wait)
          await delivery.change(() => wakeAlerts(delivery.state, delivery.clock.now(), 100))
        }
        for (const name of CHANNELS) delivery.channel(name).suffers(null)
        await delivery.passes('10m')
        for (const name of CHANNELS) await delivery.platformIsBack(name)
        await delivery.passes('10m')
        for (const [i, name] of CHANNELS.entries()) expectTruth(delivery, delivery.channel(name), gone[i]!())
      },
    ),
    { numRuns: 50, endOnFailure: true },
  )
})

/** Gives each request the next fate; a deleted card happens to edits and replies only. Returns a function that counts the deleted cards. */
function suffer(channel: MemoryChannel, fate: readonly (string | null)[]): () => number {
  let next = 0
  let gone = 0
  channel.suffers(kind => {
    const meets = fate[next++ % fate.length]
    const old = kind === 'edit' || kind === 'reply'
    if (!meets || (meets === 'gone' && !old)) return {}
    // After a refused search a card is sent twice; here every card must be there once.
    if (meets === 'refused' && kind === 'find') return {}
    if (meets === 'gone') gone++
    if (meets === 'unsure after') return { after: new DeliveryError('unsure', meets) }
    const [refusal, scope = 'all'] = meets.split(' ') as [DeliveryError['code'], 'post' | 'edit' | 'all' | undefined]
    return {
      before: new DeliveryError(refusal, meets, {
        scope,
        ...(refusal === 'limited' ? { retryAfterMs: 20 * SECOND } : {}),
      }),
    }
  })
  return () => gone
}

async function move(delivery: Delivery, about: string, verb: string): Promise<void> {
  const { state, clock } = delivery
  const open = state
    .prepare<[string], { id: number }>(`select id from alerts where key = ? and state <> 'resolved'`)
    .get(about)
  if (verb === 'fires')
    await delivery.fires(about, SEVERITY[about as keyof typeof SEVERITY], { remindEvery: 3 * MINUTE })
  else if (verb === 'recovers') await delivery.recovers(about)
  else if (verb === 'back') await delivery.platformIsBack(CHANNELS[0]!)
  else if (verb === 'restart') await delivery.restarts(...CHANNELS)
  else if (open) await delivery.change(() => press(delivery, open.id, verb, state, clock.now()))
}

function press(delivery: Delivery, id: number, verb: string, state: Delivery['state'], now: number): void {
  const isAcknowledged = delivery.alert(id).state === 'acknowledged'
  if (verb === 'ack' && !isAcknowledged) acknowledgeAlert(state, id, 'Ann', null, now)
  if (verb === 'unack' && isAcknowledged) unacknowledgeAlert(state, id, 'Ann', now)
  if (verb === 'snooze') snoozeAlert(state, id, now + 2 * MINUTE, 'Ann', null, now)
}

function expectTruth({ state }: Delivery, channel: MemoryChannel, gone: number): void {
  const ids = state.prepare<[], { id: number }>('select id from alerts order by id').all()
  for (const { id } of ids) {
    const alert = readAlert(state, id)!
    const notification = state.db.select().from(notifications).where(pair(id, channel.id)).get()!
    const shown = channel.messages.find(message => message.ref === notification.ref)!
    expect(shown.card.title).toBe(`${stateWord(alert)}: ${alert.title}`)
    expect(`${shown.card.footer}`).toContain(`Alert ${id}`)
    expect([alert.undelivered, notification.sending, notification.error]).toEqual([false, null, null])
    if (alert.mentionReason === 'recovered') expect(notification.mentionedCount).toBe(alert.mentionCount)
    expect(shown.replies.filter(({ card }) => card.title.startsWith('Recovered')).length).toBeLessThanOrEqual(1)
  }
  // A deleted card is posted again, and no other is there twice.
  expect(channel.messages).toHaveLength(ids.length + gone)
}

const pair = (alertId: number, channelId: string) =>
  and(eq(notifications.alertId, alertId), eq(notifications.channelId, channelId))
