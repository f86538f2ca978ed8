// The outbox cache: always the beginning of the outbox, and read a few times only.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readAlert } from '../../alerts/alerts.ts'
import { acknowledgeAlert, endAlert, fireAlert } from '../../alerts/lifecycle.ts'
import { setThresholds } from '../../alerts/suppression/settings.ts'
import { memoryState, type State } from '../../state/database.ts'
import { startDelivery } from '../../testing/delivery.ts'
import { createMemoryChannel } from '../../testing/memory-channel.ts'
import { syncChannels } from '../routing/channels.ts'
import { resolveRecipients } from '../routing/resolve-recipients.ts'
import { clearIfDelivered, markFailed, markShown, markThreaded, type OutboxItem, readOutbox } from './outbox.ts'
import { OutboxCache } from './outbox-cache.ts'

const KINDS = ['post', 'edit', 'thread'] as const
type Kind = (typeof KINDS)[number]
const SEVERITIES = ['critical', 'warning', 'info'] as const
const START = Date.parse('2026-03-02T09:00:00Z')

const moves = fc.record({
  verb: fc.constantFrom(
    'fires',
    'fires',
    'ends',
    'taken',
    'sent',
    'sent',
    'sent',
    'sent without chart',
    'fails',
    'waits',
  ),
  which: fc.nat(60),
  kind: fc.constantFrom(...KINDS),
})

it('is the beginning of the outbox after any sequence of changes and sends', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.array(moves, { maxLength: 60 }), (count, steps) => {
      const world = setUp()
      for (let i = 0; i < count; i++) fires(world.state, i, START)
      world.wake(START)
      let now = START
      for (const { verb, which, kind } of steps) {
        now += verb === 'waits' ? which * 1_000 : 1
        if (isChange(verb)) {
          CHANGES[verb](world.state, which, now)
          world.wake(now)
        } else deliver(world, verb, kind, which, now)
        for (const each of KINDS) expectBeginning(world, each, now)
      }
    }),
    { numRuns: 100 },
  )
})

it('reads the outbox a few times for a mass of alerts, not once for each message', async () => {
  const delivery = await startDelivery('chat')
  const prepared = delivery.state.prepared.bind(delivery.state)
  let reads = 0
  delivery.state.prepared = (name, make) => {
    if (name.startsWith('outbox') && name.endsWith('of all')) reads++
    return prepared(name, make)
  }
  await delivery.change(() =>
    delivery.state.transaction(() => {
      for (let i = 0; i < 400; i++) fires(delivery.state, i, delivery.clock.now())
    }),
  )
  await delivery.passes('1m')
  expect(delivery.channel('chat').messages).toHaveLength(400)
  expect(reads).toBeLessThan(100)
})

type World = ReturnType<typeof setUp>

function setUp() {
  const state = memoryState()
  setThresholds(state, null, { stormRate: 0, flapChanges: 0 })
  syncChannels(state, [createMemoryChannel('chat', () => START)], START)
  const cache = new OutboxCache(state, 'chat')
  state.onCommit(topics => {
    if (topics.has('alerts')) cache.clear()
  })
  const wake = (now: number) => {
    while (resolveRecipients(state, now)) {}
    cache.clear()
  }
  return { state, cache, wake }
}

const CHANGES = {
  fires,
  ends: (state: State, about: number, now: number) => {
    state.transaction(() => endAlert(state, `about ${about}`, null, now))
  },
  taken: (state: State, id: number, now: number) => {
    if (readAlert(state, id)?.state === 'firing') acknowledgeAlert(state, id, 'Ann', 'on it', now)
  },
}

const isChange = (verb: string): verb is keyof typeof CHANGES => Object.hasOwn(CHANGES, verb)

/** A message of one of the items arrives, or fails. */
function deliver({ state, cache }: World, verb: string, kind: Kind, which: number, now: number): void {
  const items = cache.items(kind, now)
  const item = items[which % Math.max(1, items.length)]
  if (!item || verb === 'waits') return
  if (verb === 'fails') {
    markFailed(state, item.alert.id, 'chat', { nextAttemptAt: now + 20_000, attempts: 1 })
    cache.clear()
  } else {
    sent(state, item, verb === 'sent without chart', now)
    cache.refresh(item.alert.id, now)
  }
}

function fires(state: State, about: number, now: number): void {
  const severity = SEVERITIES[about % 3]!
  const key = `about ${about}`
  state.transaction(() =>
    fireAlert(
      state,
      {
        ...{ key, detector: 'test', projectId: null, severity, title: key, since: now, owner: null },
        ...{ remindEvery: 0, observation: { lines: [] }, occurrences: 1, labels: {} },
      },
      now,
    ),
  )
}

/** The rows after a message arrived; with a chart still to come the card shows the version before. */
function sent(state: State, { alert, step, notification }: OutboxItem, hasChart: boolean, now: number): void {
  state.transaction(() => {
    const { id, version, mentionCount, threadLine } = alert
    if (step.do === 'thread') markThreaded(state, id, 'chat', threadLine)
    else if (step.do === 'reply')
      markShown(state, id, 'chat', { version: notification!.shownVersion, mentionCount, endsSending: true })
    else if (step.do === 'post')
      markShown(state, id, 'chat', {
        ref: `m${id}`,
        version: hasChart ? version - 1 : version,
        mentionCount,
        endsSending: true,
      })
    else markShown(state, id, 'chat', { version, mentionCount: notification!.mentionedCount, endsSending: false })
    clearIfDelivered(state, id, now)
  })
}

function expectBeginning({ state, cache }: World, kind: Kind, now: number): void {
  const describeItems = (items: readonly OutboxItem[]) =>
    items.map(({ alert, step }) => `${alert.id} ${step.do} ${step.why}`)
  const all = describeItems(readOutbox(state, 'chat', kind, now, 1_000).items)
  const cached = describeItems(cache.items(kind, now))
  expect(cached).toEqual(all.slice(0, cached.length))
  expect(cached.length).toBeGreaterThanOrEqual(Math.min(kind === 'thread' ? 0 : 8, all.length))
}
