// When doubles are looked for, which message of two goes, and when a search ends.
import { beforeEach, expect, it } from 'vitest'
import { fireAlert } from '../../alerts/lifecycle.ts'
import { silentLogger } from '../../logger.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { syncChannels } from '../routing/channels.ts'
import { createDoubleRemover } from './double-messages.ts'
import { listRepeated, markSending, markShown, type RepeatedMessage } from './outbox.ts'

const NOW = 1_800_000_000_000
let state: State
let clock: ReturnType<typeof createFakeClock>
let looks: { at: number; nonces: readonly string[]; since: number }[]
let removed: string[]
let there: Record<string, string[]>
let failing: boolean
let channel: never

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(NOW)
  looks = []
  removed = []
  there = {}
  failing = false
  channel = {
    ...{ id: 'discord:1', name: 'ops', capabilities: { edits: true } },
    async findAll(nonces: readonly string[], since: number) {
      looks.push({ at: clock.now() - NOW, nonces, since })
      if (failing) throw new Error('no')
      return new Map(nonces.flatMap(nonce => (there[nonce] ? [[nonce, there[nonce]] as const] : [])))
    },
    remove: async (ref: string) => void removed.push(ref),
  } as never
  syncChannels(state, [channel], NOW)
})

/** An alert whose card is `ref`, sent again with a nonce. */
function repeated(key: string, ref: string, sentAt = NOW - MINUTE): RepeatedMessage {
  const about = { key, detector: 'test', projectId: null, severity: 'critical', title: key, since: NOW, owner: null }
  const alert = fireAlert(
    state,
    { ...about, remindEvery: 0, observation: { lines: [] }, occurrences: 1, labels: {} } as never,
    NOW,
  )
  markSending(state, alert, 'discord:1', { kind: 'post', nonce: `n-${key}`, sentAt })
  markShown(state, alert.id, 'discord:1', {
    ref,
    version: 1,
    mentionCount: 0,
    endsSending: true,
    repeatedNonce: `n-${key}`,
  })
  return { alertId: alert.id, nonce: `n-${key}`, sentAt, kind: 'post' }
}
const start = () => createDoubleRemover(state, channel, clock, silentLogger)

it('it looks 5 s, 20 s, a minute and three minutes after the answer, and then forgets the message', async () => {
  const remover = start()
  remover.watch(repeated('a', '1'))
  await clock.advance(5 * SECOND - 1)
  expect(looks).toEqual([])
  await clock.advance(1)
  expect(looks).toEqual([{ at: 5_000, nonces: ['n-a'], since: NOW - MINUTE }])
  await clock.advance(10 * MINUTE)
  expect(looks.map(({ at }) => at / SECOND)).toEqual([5, 20, 60, 180])
  expect(listRepeated(state, 'discord:1')).toEqual([])
})

it('all but the card of the alert go; a card that somebody deleted, and one that is alone, leave everything as it is', async () => {
  const remover = start()
  for (const [key, ref] of [
    ['a', '2'],
    ['b', 'gone'],
    ['c', '5'],
  ] as const)
    remover.watch(repeated(key, ref))
  there = { 'n-a': ['1', '2', '3'], 'n-b': ['4'], 'n-c': ['5'] }
  await clock.advance(5 * SECOND)
  expect(removed).toEqual(['1', '3'])
})

it('of a reply that arrived twice the first stays', async () => {
  const remover = start()
  remover.watch({ ...repeated('a', '1'), kind: 'reply' })
  there = { 'n-a': ['8', '7', '9'] }
  await clock.advance(5 * SECOND)
  expect(removed).toEqual(['8', '9'])
})

it('one search serves all that are watched, from the first of them on', async () => {
  const remover = start()
  remover.watch(repeated('a', '1', NOW - 3 * MINUTE))
  await clock.advance(3 * SECOND)
  remover.watch(repeated('b', '2', NOW - MINUTE))
  await clock.advance(2 * SECOND)
  expect(looks).toEqual([{ at: 5_000, nonces: ['n-a', 'n-b'], since: NOW - 3 * MINUTE }])
  await clock.advance(3 * SECOND)
  expect(looks.map(({ at }) => at)).toEqual([5_000, 8_000])
})

it('a search that fails is followed by the next one', async () => {
  const remover = start()
  remover.watch(repeated('a', '1'))
  failing = true
  await clock.advance(5 * SECOND)
  failing = false
  there = { 'n-a': ['1', '2'] }
  await clock.advance(15 * SECOND)
  expect(removed).toEqual(['2'])
})

it('it goes on after a restart, keeps its waits when the clock goes back, and ends with a stop', async () => {
  repeated('a', '1')
  const remover = start()
  await clock.advance(2 * SECOND)
  remover.rewind(2 * SECOND)
  await clock.advance(SECOND)
  expect(looks.map(({ at }) => at)).toEqual([3_000])
  remover.stop()
  remover.watch(repeated('b', '2'))
  await clock.advance(10 * MINUTE)
  expect(looks).toHaveLength(1)
})

it('where messages can be neither found nor deleted, nothing is looked for', async () => {
  for (const missing of ['findAll', 'remove']) {
    const remover = createDoubleRemover(
      state,
      { ...(channel as object), [missing]: undefined } as never,
      clock,
      silentLogger,
    )
    remover.watch(repeated(missing, '1'))
  }
  await clock.advance(10 * MINUTE)
  expect(looks).toEqual([])
})
