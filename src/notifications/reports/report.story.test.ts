// Stories of reports: sent on time, once after a downtime; and the computation of their metrics.
import { describe, expect, it } from 'vitest'
import type { Card } from '../../card.ts'
import { cardText } from '../../chat/card-text.ts'
import { DeliveryError } from '../../chat/channel.ts'
import { createRuleKinds } from '../../detectors/rules/rule-kind.ts'
import { RULE_KINDS } from '../../detectors/rules/rule-kinds.ts'
import { addFirstRules, listRules } from '../../detectors/rules/rules.ts'
import { memoryState } from '../../state/database.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import { onCallLoad, responders } from './on-call-load.ts'
import { createProposer, stricterThreshold } from './proposals.ts'
import { computeMetrics, type ReportedAlert, reportCard } from './report.ts'

const text = (app: TestApp, card: Card) => cardText(card, { timeZone: 'UTC', now: app.clock.now() })
const reports = (app: TestApp) => app.channel.messages.filter(message => message.card.title.startsWith('Report'))

describe('a report', () => {
  it('comes every day at its time on the clock of its zone, and stays in the history', async () => {
    // Summer time began in Oslo that night: 09:00 is 07:00 UTC from then on.
    const app = await startApp({ start: '2026-03-29T06:30:00Z' })
    await app.result('reports add morning --daily --at 09:00 --tz Europe/Oslo')
    const beat = await app.hasCheck('job')
    await beat()
    await beat('/fail')
    await app.passes('5m')
    await app.says('ack 1')
    await app.passes('10m')
    await beat()
    await app.passes('14m59s')
    expect(reports(app)).toHaveLength(0)
    await app.passes('1s')
    expect(reports(app)).toHaveLength(1)
    const { card } = reports(app)[0]!
    expect(card.title).toBe('Report morning: 1 alert')
    expect(text(app, card)).toContain('job 50 % up, down for 15m, 1 alert')
    expect(card.fields).toMatchObject([{ value: '5m' }, { value: '15m' }])
    expect(card.image?.png).toBeDefined()
    const { report } = await app.result<{ report: { next_at: string } }>('reports show morning')
    expect(report.next_at).toBe('2026-03-30T07:00:00.000Z')
    const { runs } = await app.result<{ runs: { until: string; sent: object[] }[] }>('reports history morning')
    expect(runs).toMatchObject([
      { until: '2026-03-29T07:00:00.000Z', sent: [{ channel: 'discord', arrived: true, error: null }] },
    ])
  })

  it('that was missed is sent once, over the whole time since the last one', async () => {
    const first = await startApp()
    await first.result('reports add morning --daily --at 09:00')
    await first.passes('1h')
    const app = await first.restarts('3d', 'killed')
    expect(reports(app)).toHaveLength(1)
    const { runs } = await app.result<{ runs: { from: string; until: string }[] }>('reports history morning')
    expect(runs).toMatchObject([{ from: '2026-03-02T09:00:00.000Z', until: '2026-03-05T09:00:00.000Z' }])
    const { report } = await app.result<{ report: { next_at: string } }>('reports show morning')
    expect(report.next_at).toBe('2026-03-06T09:00:00.000Z')
    await app.passes('1h')
    expect(reports(app)).toHaveLength(1)
  })

  it('arrives once in spite of a rate limit, a lost answer and a kill', async () => {
    const first = await startApp()
    await first.result('reports add week --weekly --at "Mon 09:05"')
    first.channel.failing(new DeliveryError('limited', 'Slow down.', { retryAfterMs: 30_000 }), 1, 'post')
    await first.passes('5m')
    expect(reports(first)).toHaveLength(0)
    first.channel.acceptsThenFails(new DeliveryError('unsure', 'No answer came.'))
    await first.passes('30s')
    const app = await first.restarts('10s', 'killed')
    await app.passes('10m')
    expect(reports(app)).toHaveLength(1)
    expect(app.channel.messages).toHaveLength(1)
  })

  it('is shown to the requester, and sent to its channels only', async () => {
    const app = await startApp({ channels: ['discord', 'slack'] })
    await app.result('reports add week --weekly --to slack')
    const { metrics, figures } = await app.result<{ metrics: { alerts: object }; figures: object }>('reports run week')
    expect(metrics.alerts).toEqual({ critical: 0, warning: 0, info: 0, open: 0 })
    expect(figures).toEqual(metrics)
    expect(app.channels.map(channel => channel.messages.length)).toEqual([0, 0])
    await app.result('reports run week --send')
    expect(app.channels.map(channel => channel.messages.length)).toEqual([0, 1])
    await app.result('reports remove week')
    expect(await app.result('reports list')).toEqual({ reports: [] })
  })

  it('can be edited: its time, schedule, zone, channels and name; the rest stays', async () => {
    const app = await startApp({ channels: ['discord', 'slack'] })
    await app.result('reports add week --weekly --at "Tue 10:15" --to slack')
    const edited = async (flags: string) => (await app.result<{ report: object }>(`reports edit week ${flags}`)).report
    expect(await edited('--at 11:30')).toMatchObject({ cron: '30 11 * * 2', next_at: '2026-03-03T11:30:00.000Z' })
    expect(await edited('--tz Europe/Oslo')).toMatchObject({ every: 'weekly', next_at: '2026-03-03T10:30:00.000Z' })
    expect(await edited('--daily --to all')).toMatchObject({ cron: '30 11 * * *', channels: [] })
    await app.passes('2h')
    expect(app.channels.map(channel => channel.messages.length)).toEqual([1, 1])
    await app.result('projects add shop')
    expect(await edited('--project shop --rename daily')).toMatchObject({ name: 'daily', project: 'shop' })
    expect(await app.result('reports history daily')).toMatchObject({ runs: [{}] })
    expect(await app.result('reports edit daily --project all')).toMatchObject({ report: { project: null } })
    await app.result('reports add other')
    for (const [line, sentence] of [
      ['reports edit daily --rename other', /already/],
      ['reports edit daily', /what to change/],
      ['reports edit daily --at "Mon 09:00"', /use --weekly/],
    ] as const)
      expect(await app.says(line)).toMatchObject({ ok: false, problem: { message: expect.stringMatching(sentence) } })
  })

  it('is in the history of all reports', async () => {
    const app = await startApp()
    expect((await app.says('reports history')).card.title).toBe('No runs of all reports yet')
    for (const name of ['a', 'b']) await app.result(`reports add ${name}`)
    for (const name of ['a', 'b', 'a']) await app.result(`reports run ${name} --send`)
    const history = (line: string) => app.result<{ runs: { report: string }[] }>(`reports history ${line}`)
    expect((await history('')).runs.map(({ report }) => report)).toEqual(['a', 'b', 'a'])
    expect((await history('--limit 2')).runs.map(({ report }) => report)).toEqual(['a', 'b'])
    expect((await history('b')).runs.map(({ report }) => report)).toEqual(['b'])
  })

  it('goes to channels, which belong to all projects, so no key of one project adds or edits it', async () => {
    const app = await startApp()
    await app.result('reports add all')
    await app.result('projects add shop')
    const admin = (await app.result<{ key: { secret: string } }>('keys create shop --role admin')).key.secret
    for (const line of ['reports edit all --at 10:00', 'reports add own', 'reports add own --to nowhere']) {
      const answer = await app.request('/api/commands', {
        method: 'POST',
        headers: { 'x-api-key': admin, 'content-type': 'application/json' },
        body: JSON.stringify({ line }),
      })
      expect(answer.status).toBe(403)
    }
    expect(await app.result('reports show all')).toMatchObject({ report: { project: null, cron: '0 9 * * *' } })
  })

  it.each([
    ['reports add x --daily --weekly', /not both/],
    ['reports add x --at "Mon 09:00"', /use --weekly/],
    ['reports add x --at noon', /is not a time/],
    ['reports add x --to nowhere', /There is no channel/],
    ['reports show x', /There is no report/],
  ])('%s is an error with a sentence', async (line, sentence) => {
    const app = await startApp()
    const reply = await app.says(line)
    expect(!reply.ok && reply.problem.message).toMatch(sentence)
  })
})

describe('the metrics', () => {
  const alert = (more: Partial<ReportedAlert>): ReportedAlert => ({
    ...{
      key: 'check:1',
      title: 'x',
      severity: 'critical',
      since: 0,
      firedAt: 0,
      resolvedAt: null,
      acknowledgedAt: null,
    },
    ...more,
  })
  const check = { id: 1, name: 'job', createdAt: -DAY }
  const period = { from: 0, until: DAY, project: null }
  const uptime = (alerts: ReportedAlert[], createdAt = -DAY) =>
    computeMetrics(period, { alerts, checks: [{ ...check, createdAt }], errors: [] }).checks[0]!.uptime

  it.each([
    ['nothing', [], -DAY, 1],
    ['half a day down', [alert({ since: 0, resolvedAt: DAY / 2 })], -DAY, 0.5],
    ['down since before, and still', [alert({ since: -DAY, firedAt: -DAY })], -DAY, 0],
    [
      'overlapping alerts counted once',
      [alert({ since: 0, resolvedAt: 6 * HOUR }), alert({ since: 3 * HOUR, resolvedAt: 12 * HOUR })],
      -DAY,
      0.5,
    ],
    ['a check added in the period', [alert({ since: DAY / 2, resolvedAt: (DAY * 3) / 4 })], DAY / 2, 0.5],
    ['another check', [alert({ key: 'check:2' })], -DAY, 1],
  ])('uptime with %s', (_, alerts, createdAt, share) => {
    expect(uptime(alerts, createdAt)).toBe(share)
  })

  it('medians count alerts that fired, or were resolved, in the period', () => {
    const alerts = [
      alert({ firedAt: HOUR, acknowledgedAt: HOUR + 2 * MINUTE, resolvedAt: 2 * HOUR }),
      alert({ firedAt: HOUR, acknowledgedAt: HOUR + 4 * MINUTE, resolvedAt: 2 * DAY }),
      alert({ firedAt: -HOUR, acknowledgedAt: -HOUR, resolvedAt: 2 * HOUR }),
    ]
    expect(computeMetrics(period, { alerts, checks: [], errors: [] })).toMatchObject({
      alerts: { critical: 2, open: 1 },
      time_to_acknowledge_ms: 3 * MINUTE,
      time_to_resolve_ms: 2 * HOUR,
    })
  })

  it('compare each check with the target, and a probe by what it measured', () => {
    const { checks } = computeMetrics(period, {
      target: 0.99,
      alerts: [alert({ since: 0, resolvedAt: HOUR })],
      checks: [check, { ...check, id: 2, name: 'probe', measured: { upMs: 999, downMs: 1 } }],
      errors: [],
    })
    expect(checks).toMatchObject([
      { name: 'job', met: false, budget_ms: 864_000 },
      { name: 'probe', met: true, uptime: 0.999, downtime_ms: 1 },
    ])
  })

  it('name noisy rules, jobs that never ran and the load of people', () => {
    const noisy = Array.from({ length: 41 }, () => alert({ key: 'x', rule: 'error-spikes', severity: 'warning' }))
    const metrics = computeMetrics(period, {
      target: 0.999,
      alerts: [...noisy, alert({ rule: 'calm' })],
      checks: [check],
      errors: [],
      neverRan: [{ name: 'forgotten', since: -2 * DAY }],
      onCall: [{ rotation: 'main', who: 'Ann', alerts: 41, at_night: 3 }],
      responders: [{ who: 'Bob', acknowledged: 4, at_night: 1 }],
    })
    const proposal = { rule: 'error-spikes', threshold: 12, would_send: 3, instead_of: 41 }
    const shown = cardText(reportCard('x', metrics, [], [proposal]), { timeZone: 'UTC', now: DAY })
    for (const line of [
      'Target 99.9 %: 0 of 1 met.',
      'job 0 % up, down for 1d, 1 alert; the target allows 1m 26s',
      'forgotten waits for its first beat since',
      'error-spikes 41 alerts; would have sent 3 instead of 41 with --threshold 12',
      'Ann 41 alerts, 3 at night (main)',
      'Acknowledged by Bob 4 (1 at night).',
    ])
      expect(shown).toContain(line)
    expect(metrics.noisy_rules).toEqual([{ rule: 'error-spikes', alerts: 41 }])
  })

  it('of an older Vakt are still shown', () => {
    const { checks, alerts, errors, course, ...rest } = computeMetrics(period, {
      alerts: [],
      checks: [check],
      errors: [],
    })
    const { from, until, project, time_to_acknowledge_ms, time_to_resolve_ms, acknowledged } = rest
    const old = { from, until, project, time_to_acknowledge_ms, time_to_resolve_ms, acknowledged }
    expect(
      cardText(reportCard('x', { ...old, checks, alerts, errors, course }), { timeZone: 'UTC', now: DAY }),
    ).toContain('Uptime')
  })

  it('never round an uptime up to 100 %', () => {
    const metrics = computeMetrics(period, {
      alerts: [alert({ since: 0, resolvedAt: 1 })],
      checks: [check],
      errors: [],
    })
    expect(cardText(reportCard('x', metrics), { timeZone: 'UTC', now: DAY })).toContain('99.999 %')
  })
})

describe('the load of people on call', () => {
  const rotation = {
    ...{ id: 1, name: 'main', members: ['Ann', 'Bob'], every: 'daily' as const, day: 1, minute: 540, timeZone: 'UTC' },
    ...{ firstDay: Math.floor(Date.parse('2026-03-02') / DAY), createdAt: 0, setBy: 'x' },
  }
  const at = (text: string) => Date.parse(`2026-03-${text}:00Z`)

  it('counts alerts by shift, and those at night', () => {
    const fired = [at('02T10:00'), at('02T23:30'), at('03T08:59'), at('03T09:00')]
    expect(onCallLoad([{ rotation: rotation as never, overrides: [] }], fired)).toEqual([
      { rotation: 'main', who: expect.any(String), alerts: 3, at_night: 1 },
      { rotation: 'main', who: expect.any(String), alerts: 1, at_night: 0 },
    ])
  })

  it('counts who acknowledged', () => {
    const acknowledged = [
      { who: 'Bob', at: at('02T10:00') },
      { who: 'Ann', at: at('02T03:00') },
      { who: 'Ann', at: at('02T12:00') },
    ]
    expect(responders(acknowledged, 'UTC')).toEqual([
      { who: 'Ann', acknowledged: 2, at_night: 1 },
      { who: 'Bob', acknowledged: 1, at_night: 0 },
    ])
  })
})

describe('a proposal', () => {
  const values = [...Array.from({ length: 38 }, (_, i) => 5 + (i % 6)), 12, 13, 14]
  const episodes = (all: readonly number[]) => all.map(value => ({ value }))

  it.each([
    ['>=', 5, episodes([...values].reverse()), 10],
    ['>=', 5, episodes([5, 5, 5]), null],
    ['<', 20, episodes([19, 10, 15, 12, 18, 3, 17, 16, 14, 13]), 3],
    [null, 5, episodes([]), null],
  ] as const)('for %s %i keeps the worst tenth', (operator, threshold, all, expected) => {
    expect(stricterThreshold({ operator, threshold }, all)).toBe(expected)
  })

  it('is what the rule would have sent in the period of the report', async () => {
    const state = memoryState()
    addFirstRules(state, createRuleKinds(RULE_KINDS), 0)
    const rule = listRules(state).find(({ kind }) => kind === 'error-spike')!
    const kind = {
      ...RULE_KINDS.find(({ name }) => name === 'error-spike')!,
      backtest: {
        from: 'counters',
        *episodes(_: unknown, { threshold }: { threshold: number | null }) {
          const found = values.filter(value => value >= threshold!)
          yield found.map(value => ({ subject: 'x', projectId: null, from: 0, until: 1, value }))
        },
      },
    }
    const propose = createProposer(state, createRuleKinds([kind as never]))
    const metrics = {
      from: 0,
      until: DAY,
      noisy_rules: [
        { rule: rule.name, alerts: 41 },
        { rule: 'gone', alerts: 9 },
      ],
    }
    state.transaction(() => state.prepare('update rules set threshold = 5 where id = ?').run(rule.id))
    state.forget('rules')
    expect(await propose(metrics as never, DAY)).toEqual([
      { rule: rule.name, threshold: 10, would_send: 9, instead_of: 41 },
    ])
  })
})

it('a report has a target, and tells of rules that were noisy', async () => {
  const app = await startApp()
  expect(await app.result('reports add week --weekly --target 99.5')).toMatchObject({ report: { target: 0.995 } })
  expect(await app.result('reports edit week --target none')).toMatchObject({ report: { target: null } })
  expect((await app.says('reports edit week --target 101')).ok).toBe(false)
  await app.result('checks add forgotten --every 1d')
  const result = await app.result<{ metrics: { never_ran: object[] }; proposals: object[] }>('reports run week')
  expect(result).toMatchObject({ metrics: { never_ran: [], target: null, on_call: [] }, proposals: [] })
})
