// Routes, recipients and the outbox together against brute force; and two hundred alerts while both chats limit the rate.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { stateWord } from '../../alerts/alert-card.ts'
import { readAlert } from '../../alerts/alerts.ts'
import { wakeAlerts } from '../../alerts/lifecycle.ts'
import { DeliveryError } from '../../chat/channel.ts'
import { SEVERITIES, type Severity } from '../../severity.ts'
import { startDelivery } from '../../testing/delivery.ts'
import { SECOND } from '../../time.ts'
import { addRoute, editRoute, listRoutes, removeRoute } from './routes.ts'

const CHANNELS = ['discord', 'slack', 'mail']
const ABOUT = ['a', 'b', 'c', 'd']

type Fired = { about: string; severity: Severity; host: string }
/** Matchers with their meaning as plain code. */
const MATCHERS: [string, (fired: Fired) => boolean][] = [
  ['', () => true],
  ['severity>=warning', ({ severity }) => severity !== 'info'],
  ['severity:critical', ({ severity }) => severity === 'critical'],
  ['host:web-*', ({ host }) => host.startsWith('web-')],
  ['-host:db-1', ({ host }) => host !== 'db-1'],
  ['host:db-1 OR severity:info', ({ host, severity }) => host === 'db-1' || severity === 'info'],
]

type Rule = { name: string; match: number; to: string[]; continues: boolean }

const rule = fc.record({
  name: fc.constantFrom('r1', 'r2', 'r3', 'r4'),
  match: fc.nat(MATCHERS.length - 1),
  to: fc.subarray(CHANNELS, { minLength: 1, maxLength: 2 }),
  continues: fc.boolean(),
})
const fires = fc.record({
  do: fc.constant('fires' as const),
  about: fc.constantFrom(...ABOUT),
  severity: fc.constantFrom(...SEVERITIES),
  host: fc.constantFrom('web-1', 'db-1'),
})
const recovers = fc.record({ do: fc.constant('recovers' as const), about: fc.constantFrom(...ABOUT) })
const reroutes = fc.record({ do: fc.constant('route' as const), rule, before: fc.boolean() })
const unroutes = fc.record({ do: fc.constant('unroute' as const), name: fc.constantFrom('r1', 'r2', 'r3', 'r4') })
const restarts = fc.record({ do: fc.constant('restart' as const) })
const waits = fc.record({ do: fc.constant('wait' as const), seconds: fc.nat(60) })
const moves = fc.oneof(
  { weight: 5, arbitrary: fires },
  { weight: 5, arbitrary: reroutes },
  { weight: 1, arbitrary: unroutes },
  { weight: 1, arbitrary: recovers },
  { weight: 1, arbitrary: restarts },
  { weight: 2, arbitrary: waits },
)

type Move = typeof moves extends fc.Arbitrary<infer M> ? M : never

/** The channels that an alert goes to by the rules, by brute force. */
function expectedChannels(fired: Fired, rules: readonly Rule[]): string[] {
  if (rules.length === 0) return CHANNELS
  const found = new Set<string>()
  let isTaken = false
  for (const { match, to, continues } of rules) {
    if (!MATCHERS[match]![1](fired)) continue
    isTaken = true
    for (const id of to) found.add(id)
    if (!continues) break
  }
  return isTaken ? [...found] : CHANNELS
}

it('an open alert has one up-to-date card in each channel of the current routes, and none where no route ever led', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(moves, { minLength: 12, maxLength: 25 }),
      fc.array(fc.boolean(), { minLength: 7, maxLength: 31 }),
      async (steps, luck) => {
        const story = await begin(luck)
        for (const move of steps) await make(story, move)
        await expectTruth(story)
      },
    ),
    { numRuns: 60, endOnFailure: true },
  )
})

it('two hundred alerts are all delivered, criticals first, while both chats limit half of the requests', async () => {
  const delivery = await startDelivery('discord', 'slack')
  const { state, clock } = delivery
  let draws = 0
  for (const name of ['discord', 'slack']) {
    delivery.channel(name).suffers(() => {
      // As even as a coin, and the same in every run.
      draws = (draws * 1103515245 + 12345) % 2 ** 31
      return draws < 2 ** 30 ? { before: new DeliveryError('limited', 'Slow down.', { retryAfterMs: 2_000 }) } : {}
    })
  }
  const settings = { mention: [], mentionFrom: 'critical' as const, setBy: 'Ann' }
  await delivery.change(() => {
    addRoute(
      state,
      'bad',
      { ...settings, matcher: 'severity:critical', channels: ['discord', 'slack'], continues: false },
      undefined,
      clock.now(),
    )
    addRoute(state, 'rest', { ...settings, matcher: '', channels: ['slack'], continues: false }, undefined, clock.now())
  })
  for (let i = 0; i < 200; i++) await delivery.fires(`alert ${i}`, SEVERITIES[i % 3]!, { detector: 'rule' })
  for (let i = 0; i < 200; i += 2) await delivery.recovers(`alert ${i}`)
  await delivery.passes('1h')
  const seen = (name: string) => delivery.channel(name).messages.map(message => message.card.title)
  const title = (i: number) =>
    `${i % 2 === 0 ? 'Resolved' : { info: 'Info', warning: 'Warning', critical: 'Critical' }[SEVERITIES[i % 3]!]}: alert ${i}`
  const all = Array.from({ length: 200 }, (_, i) => i)
  expect(seen('slack').toSorted()).toEqual(all.map(title).toSorted())
  expect(seen('discord').toSorted()).toEqual(
    all
      .filter(i => i % 3 === 2)
      .map(title)
      .toSorted(),
  )
  // After the first burst no milder alert is sent while a critical waits.
  const order = seen('slack').map(card => SEVERITIES[Number(card.split(' ').at(-1)) % 3]!)
  const lastCritical = order.lastIndexOf('critical')
  const milder = order.slice(20, lastCritical).filter(severity => severity !== 'critical').length
  expect(milder).toBeLessThanOrEqual(8)
  expect(state.prepare<[], { n: number }>('select count(*) as n from alerts where undelivered = 1').get()!.n).toBe(0)
})

type Story = {
  delivery: Awaited<ReturnType<typeof startDelivery>>
  rules: Rule[]
  /** Every alert, with all channels that it ever had to go to. */
  alerts: Map<number, { fired: Fired; ever: Set<string> }>
}

async function begin(luck: readonly boolean[]): Promise<Story> {
  const delivery = await startDelivery(...CHANNELS)
  for (const name of CHANNELS) slow(delivery.channel(name), luck)
  const story: Story = { delivery, rules: [], alerts: new Map() }
  // Without any route every alert goes everywhere, and little could be wrong.
  const first = { name: 'r1' as const, match: 0, to: ['discord'], continues: false }
  await changeRoutes(story, { do: 'route', rule: first, before: false })
  return story
}

async function make(story: Story, move: Move): Promise<void> {
  const { delivery, alerts } = story
  if (move.do === 'fires') {
    const { about, severity, host } = move
    const { id } = await delivery.fires(about, severity, { labels: { host }, detector: 'rule' })
    alerts.set(id, { fired: move, ever: alerts.get(id)?.ever ?? new Set() })
  } else if (move.do === 'route' || move.do === 'unroute') await changeRoutes(story, move)
  else if (move.do === 'recovers') await delivery.recovers(move.about)
  else if (move.do === 'restart') await delivery.restarts(...CHANNELS)
  else await delivery.clock.advance(move.seconds * SECOND)
  for (const [id, { fired, ever }] of alerts)
    if (readAlert(delivery.state, id)!.state !== 'resolved')
      for (const channel of expectedChannels(fired, story.rules)) ever.add(channel)
}

async function changeRoutes(story: Story, move: Extract<Move, { do: 'route' | 'unroute' }>): Promise<void> {
  const { delivery, rules } = story
  const { state, clock } = delivery
  if (move.do === 'route')
    story.rules = await delivery.change(() => route(state, rules, move.rule, move.before, clock.now()))
  else if (rules.some(({ name }) => name === move.name)) {
    await delivery.change(() => removeRoute(state, move.name))
    story.rules = rules.filter(({ name }) => name !== move.name)
  }
  expect(listRoutes(state).map(({ name }) => name)).toEqual(story.rules.map(({ name }) => name))
}

async function expectTruth({ delivery, rules, alerts }: Story): Promise<void> {
  for (const name of CHANNELS) delivery.channel(name).suffers(null)
  // Repeats that were only counted are on the cards by then.
  await delivery.passes('15s')
  await delivery.change(() => wakeAlerts(delivery.state, delivery.clock.now(), 100))
  await delivery.passes('10m')
  for (const name of CHANNELS) {
    for (const [id, { fired, ever }] of alerts) {
      const alert = readAlert(delivery.state, id)!
      const cards = delivery
        .channel(name)
        .messages.filter(message => String(message.card.footer).startsWith(`Alert ${id}`))
      expect(cards.length).toBeLessThanOrEqual(1)
      if (alert.state !== 'resolved' && expectedChannels(fired, rules).includes(name)) expect(cards).toHaveLength(1)
      if (cards.length > 0) expect(ever).toContain(name)
      for (const { card } of cards) expect(card.title).toBe(`${stateWord(alert)}: ${alert.title}`)
      expect(alert.undelivered).toBe(false)
    }
  }
}

function slow(
  channel: ReturnType<Awaited<ReturnType<typeof startDelivery>>['channel']>,
  luck: readonly boolean[],
): void {
  let next = 0
  channel.suffers(() =>
    luck[next++ % luck.length]
      ? {}
      : { before: new DeliveryError('limited', 'Slow down.', { retryAfterMs: 5 * SECOND }) },
  )
}

function route(
  state: Awaited<ReturnType<typeof startDelivery>>['state'],
  rules: Rule[],
  rule: Rule,
  before: boolean,
  now: number,
): Rule[] {
  const row = {
    matcher: MATCHERS[rule.match]![0],
    channels: rule.to,
    mention: [],
    mentionFrom: 'critical' as const,
    continues: rule.continues,
  }
  const first = rules.find(({ name }) => name !== rule.name)
  const beforeName = before ? first?.name : undefined
  if (!rules.some(({ name }) => name === rule.name)) {
    addRoute(state, rule.name, { ...row, setBy: 'Ann' }, beforeName, now)
    return beforeName === undefined ? [...rules, rule] : [rule, ...rules]
  }
  editRoute(state, rule.name, row, beforeName)
  const others = rules.filter(({ name }) => name !== rule.name)
  return beforeName === undefined ? rules.map(known => (known.name === rule.name ? rule : known)) : [rule, ...others]
}
