// Stories of routing: routes, added channels, escalations, people on call, acknowledgements that expire.
import { describe, expect, it } from 'vitest'
import { cardText } from '../../chat/card-text.ts'
import { DeliveryError } from '../../chat/channel.ts'
import { startApp, type TestApp } from '../../testing/app.ts'

const titles = (app: TestApp, id?: string) =>
  (id === undefined ? app.channel : app.added(id)).messages.map(message => message.card.title)
const mentions = (app: TestApp, id?: string) =>
  (id === undefined ? app.channel : app.added(id)).messages.flatMap(message =>
    message.replies.map(reply => reply.card.title.split(':')[0]),
  )
const OPS = 'discord:100000000000000001'
const MAIL = 'mailto:ann@example.org'

async function withChannel() {
  const app = await startApp()
  await app.result(`channels add ${OPS} --name ops`)
  app.added(OPS).messages.splice(0)
  return app
}

describe('routes', () => {
  it('send alerts that match to their channels, and alerts that no route takes to those of the settings', async () => {
    const app = await withChannel()
    await app.result('routes add nightly --matcher check:nightly-* --to ops')
    await (await app.hasCheck('nightly-backup'))('/fail')
    await (await app.hasCheck('other'))('/fail')
    expect([titles(app), titles(app, OPS)]).toEqual([
      ['Critical: other reported a failure'],
      ['Critical: nightly-backup reported a failure'],
    ])
  })

  it('are evaluated in order, and the next one only with --continue', async () => {
    const app = await withChannel()
    await app.result('routes add last --to discord')
    await app.result('routes add first --matcher severity:critical --to ops --before last --continue')
    const { routes } = await app.result<{ routes: { name: string }[] }>('routes list')
    expect(routes.map(route => route.name)).toEqual(['first', 'last'])
    await (await app.hasCheck('bad'))('/fail')
    await (await app.hasCheck('mild --severity warning'))('/fail')
    expect([titles(app).length, titles(app, OPS).length]).toEqual([2, 1])
    await app.result('routes edit first --no-continue')
    await (await app.hasCheck('worse'))('/fail')
    expect([titles(app).length, titles(app, OPS).length]).toEqual([2, 2])
  })

  it('apply to open alerts when they change, and existing cards stay up to date', async () => {
    const app = await withChannel()
    await app.result('routes add all --to discord')
    const beat = await app.hasCheck('job')
    await beat('/fail')
    await app.result('routes edit all --to ops')
    expect([titles(app), titles(app, OPS)]).toEqual([
      ['Critical: job reported a failure'],
      ['Critical: job reported a failure'],
    ])
    await beat()
    expect([titles(app), titles(app, OPS)]).toEqual([
      ['Resolved: job reported a failure'],
      ['Resolved: job reported a failure'],
    ])
  })

  it('are evaluated again when an alert grows worse', async () => {
    const app = await withChannel()
    await app.result('routes add bad --matcher severity:critical --to ops')
    const beat = await app.hasCheck('job --severity warning')
    await beat('/fail')
    expect(titles(app, OPS)).toEqual([])
    await app.result('checks edit job --severity critical')
    await app.passes('15s')
    await beat('/fail')
    expect(titles(app, OPS)).toEqual(['Critical: job reported a failure'])
  })

  it('mention people in new messages of criticals, never in edits, and nobody after an acknowledgement', async () => {
    const app = await withChannel()
    await app.result('oncall member add ann --discord 123456789012345678')
    await app.result('routes add all --to ops --mention ann,@here')
    await (await app.hasCheck('mild --severity warning'))('/fail')
    const beat = await app.hasCheck('bad --remind 10m')
    await beat('/fail')
    const [mild, bad] = app.added(OPS).messages
    expect(mild!.card.mention).toBeUndefined()
    expect(bad!.card.mention).toEqual([
      { kind: 'person', id: '123456789012345678', name: 'ann' },
      { kind: 'here', id: null, name: 'here' },
    ])
    await app.passes('10m')
    expect(bad!.replies[0]!.card.mention).toHaveLength(2)
    await app.says('ack 2')
    expect(bad!.card.mention).toBeUndefined()
    await beat()
    expect(bad!.replies.at(-1)!.card).toMatchObject({ title: expect.stringMatching(/^Resolved after/) })
    expect(bad!.replies.at(-1)!.card.mention).toBeUndefined()
  })

  it('show where an alert goes and why', async () => {
    const app = await withChannel()
    await app.result('routes add nightly --matcher check:nightly-* --to ops')
    await (await app.hasCheck('nightly-backup'))('/fail')
    const { tests } = await app.result<{ tests: object[] }>('routes test 1')
    const recipients = [{ channel: OPS, why: 'route nightly', mention: [], since: '2026-03-02T09:00:00.000Z' }]
    expect(tests).toEqual([
      {
        alert: 1,
        would_go: [{ channel: OPS, why: 'route nightly', mention: [] }],
        routes: [{ name: 'nightly', outcome: 'matches', says: 'fits' }],
        recipients,
        told: recipients,
      },
    ])
    const tried = await app.result<{ tests: { alert: number }[] }>('routes test --matcher severity:info')
    expect(tried.tests).toEqual([])
  })

  it.each([
    ['routes add x --to nowhere', /There is no channel "nowhere"/],
    ['routes add x --to ops --matcher last:15m', /no time range/],
    ['routes add x --to ops --mention nobody', /There is no person "nobody"/],
    ['routes add x --to ops --mention oncall', /There is no rotation yet/],
    ['routes add "a b" --to ops', /letters, digits/],
    ['routes show x', /There is no route "x"/],
    ['routes test', /Name an alert/],
    ['channels add sms:1', /is not a channel/],
    ['channels add https://example.org/x', /name/i],
    ['channels remove discord', /is a channel of the settings/],
    ['escalations add x --after 5m --to nobody', /is not a channel, a person or oncall/],
    ['escalations edit x --after 5m', /There is no escalation "x"/],
    ['oncall override --who ann --for 1d', /There is no rotation/],
    ['oncall add x --members nobody', /There is no person "nobody"/],
    ['oncall add x --members ann --every daily --handover "Mon 09:00"', /A daily rotation has a handover every day/],
    ['oncall edit x --members ann', /There is no rotation "x"/],
    ['note 99 hello', /There is no alert 99/],
  ])('%s is an error with a sentence', async (line, sentence) => {
    const app = await withChannel()
    const reply = await app.says(line)
    if (reply.ok) throw new Error('it was done')
    expect(reply.problem.message).toMatch(sentence)
  })
})

describe('a channel', () => {
  it('is added with a test card, receives open alerts, and survives a kill', async () => {
    const first = await startApp()
    await (await first.hasCheck('job'))('/fail')
    await first.result(`channels add ${OPS} --name ops`)
    expect(titles(first, OPS)).toEqual(['A test from Vakt', 'Critical: job reported a failure'])
    const app = await first.restarts('5s', 'killed')
    await (await app.hasCheck('other'))('/fail')
    expect(titles(app, OPS)).toEqual([
      'A test from Vakt',
      'Critical: job reported a failure',
      'Critical: other reported a failure',
    ])
  })

  it('that refuses cards fires an alert in the others, like a chat that is disconnected', async () => {
    const app = await startApp()
    await app.result(`channels add ${OPS} --name ops`)
    app.added(OPS).failing(new DeliveryError('refused', 'The channel was deleted.'), Number.POSITIVE_INFINITY, 'post')
    await (await app.hasCheck('job'))('/fail')
    await app.passes('10m')
    expect(titles(app)).toContain('Warning: Terminal cannot be reached')
    const card = app.channel.messages.find(message => message.card.title.includes('Terminal cannot'))!.card
    expect(cardText(card, { timeZone: 'UTC', now: app.clock.now() })).toContain('ops: The channel was deleted.')
    const { deliveries } = await app.result<{ deliveries: { channel: string; state: string }[] }>('deliveries 1')
    expect(deliveries).toContainEqual(expect.objectContaining({ channel: OPS, state: 'failed' }))
  })

  it('that refuses cards for a minute fires the alert at that minute, although nothing is written then', async () => {
    const app = await startApp()
    await app.result(`channels add ${OPS} --name ops`)
    app.added(OPS).failing(new DeliveryError('refused', 'The channel was deleted.'), Number.POSITIVE_INFINITY, 'post')
    const since = app.clock.now()
    await (await app.hasCheck('job'))('/fail')
    await app.passes('2m')
    const { alerts } = await app.result<{ alerts: { title: string; fired_at: string }[] }>('alerts list')
    const lost = alerts.find(({ title }) => title.includes('Terminal cannot be reached'))!
    expect((Date.parse(lost.fired_at) - since) / 1000).toBeCloseTo(60, 0)
  })

  it('that is removed receives nothing more, and cannot be removed while a route uses it', async () => {
    const app = await withChannel()
    await app.result('routes add all --to ops')
    const refused = await app.says('channels remove ops')
    expect(!refused.ok && refused.problem.message).toMatch(/route all/)
    await app.result('routes remove all')
    await app.result('channels remove ops')
    await (await app.hasCheck('job'))('/fail')
    expect([titles(app).length, titles(app, OPS).length]).toEqual([1, 0])
  })
})

describe('an escalation', () => {
  const setUp = async (line: string) => {
    const app = await withChannel()
    await app.result('routes add all --to discord')
    await app.result(`escalations add second ${line}`)
    const beat = await app.hasCheck('job')
    await beat('/fail')
    return { app, beat }
  }

  it('sends the alert to the next channel after a while, and mentions people in the first, once', async () => {
    const { app } = await setUp('--after 15m --to ops')
    await app.passes('14m59s')
    expect(titles(app, OPS)).toEqual([])
    await app.passes('1s')
    expect([titles(app, OPS), mentions(app)]).toEqual([['Critical: job reported a failure'], ['Escalated']])
    await app.passes('3h')
    expect(mentions(app)).toEqual(['Escalated'])
  })

  it('stops during an acknowledgement and continues after it', async () => {
    const { app } = await setUp('--after 15m --to ops')
    await app.passes('10m')
    await app.says('ack 1')
    await app.passes('1h')
    await app.says('unack 1')
    await app.passes('4m59s')
    expect(titles(app, OPS)).toEqual([])
    await app.passes('1s')
    expect(titles(app, OPS)).toHaveLength(1)
  })

  it('stops during a snooze, and ends with the alert', async () => {
    const { app, beat } = await setUp('--after 15m --to ops')
    await app.says('snooze 1 --for 1h')
    await app.passes('1h')
    await app.passes('14m')
    expect(titles(app, OPS)).toEqual([])
    await beat()
    await app.passes('1h')
    expect(titles(app, OPS)).toEqual([])
  })

  it('stops during a silence and continues after it', async () => {
    const { app } = await setUp('--after 15m --to ops')
    await app.passes('10m')
    await app.result('silence add check:job --for 1h --reason "planned work"')
    await app.passes('59m')
    expect(titles(app, OPS)).toEqual([])
    await app.passes('1m')
    await app.passes('4m')
    expect(titles(app, OPS)).toEqual([])
    await app.passes('1m5s')
    expect(titles(app, OPS)).toHaveLength(1)
  })

  it('repeats as many times as --repeat', async () => {
    const { app } = await setUp('--after 10m --to ops --repeat 2')
    await app.passes('2h')
    expect(mentions(app)).toEqual(['Escalated', 'Escalated', 'Escalated'])
  })

  it.each([0, 1, 2, 3])('repeats at the same distance each time: --repeat %i', async repeat => {
    const { app } = await setUp(`--after 10m --to ops --repeat ${repeat}`)
    const minutes: number[] = []
    for (let minute = 1; minute <= 60; minute++) {
      await app.passes('1m')
      while (minutes.length < mentions(app).length) minutes.push(minute)
    }
    expect(minutes).toEqual([10, 20, 30, 40].slice(0, repeat + 1))
  })

  it('that is edited applies to open alerts, and time that has passed counts', async () => {
    const { app } = await setUp('--after 15m --to discord')
    await app.passes('10m')
    await app.result('escalations edit second --after 12m --to ops')
    await app.passes('1m59s')
    expect(titles(app, OPS)).toEqual([])
    await app.passes('1s')
    expect(titles(app, OPS)).toHaveLength(1)
    await app.result('escalations edit second --repeat 1')
    await app.passes('11m59s')
    expect(mentions(app)).toEqual(['Escalated'])
    await app.passes('1h')
    expect(mentions(app)).toEqual(['Escalated', 'Escalated'])
  })

  it('that is shortened below the time that has passed is due at once, and one that repeats less often ends', async () => {
    const { app } = await setUp('--after 15m --to ops --repeat 5')
    await app.passes('10m')
    await app.result('escalations edit second --after 5m')
    await app.passes('1s')
    expect(mentions(app)).toEqual(['Escalated'])
    await app.result('escalations edit second --repeat 0')
    await app.passes('3h')
    expect(mentions(app)).toEqual(['Escalated'])
  })

  it('stops for alerts that do not match any more, and starts for alerts that match now', async () => {
    const { app } = await setUp('--after 15m --to ops')
    await app.passes('10m')
    await app.result('escalations edit second --matcher severity:info')
    await app.passes('1h')
    expect(titles(app, OPS)).toEqual([])
    await app.result('escalations edit second --matcher check:job')
    await app.passes('14m59s')
    expect(titles(app, OPS)).toEqual([])
    await app.passes('1s')
    expect(titles(app, OPS)).toHaveLength(1)
  })

  it('survives a kill and is on time', async () => {
    const { app: first } = await setUp('--after 15m --to ops')
    await first.passes('10m')
    const app = await first.restarts('1m', 'killed')
    await app.passes('3m59s')
    expect(titles(app, OPS)).toEqual([])
    await app.passes('1s')
    expect(titles(app, OPS)).toHaveLength(1)
  })

  it('notifies the person on call by mention and directly', async () => {
    const app = await withChannel()
    await app.result('oncall member add ann --discord 123456789012345678 --email ann@example.org')
    await app.result('oncall member add ben --discord 223456789012345678')
    await app.result('oncall add primary --members ben,ann --handover "Mon 09:10"')
    await app.result('escalations add second --after 15m --to oncall,ann')
    await (await app.hasCheck('job'))('/fail')
    await app.passes('15m')
    expect(app.added(OPS).messages[0]!.replies[0]!.card.mention).toEqual([
      { kind: 'person', id: '123456789012345678', name: 'ann' },
    ])
    expect(titles(app, MAIL)).toEqual(['Critical: job reported a failure'])
    const { history } = await app.result<{ history: { what: string }[] }>('alerts show 1')
    expect(history.at(-1)!.what).toBe('escalated to ann (second)')
  })
})

describe('a person or rotation in use', () => {
  it('cannot be removed', async () => {
    const app = await withChannel()
    await app.result('oncall member add ann')
    await app.result('oncall member add ben')
    await app.result('oncall member add cleo')
    await app.result('oncall add primary --members ann --handover 09:00')
    await app.result('escalations add second --after 15m --to oncall')
    await app.result('routes add all --to ops --mention ben')
    const refusal = async (line: string) => {
      const reply = await app.says(line)
      return reply.ok ? null : reply.problem.message
    }
    expect(await refusal('oncall remove primary')).toMatch(/used by escalation second. Change that first/)
    expect(await refusal('oncall member remove ann')).toMatch(/is a member of primary/)
    expect(await refusal('oncall member remove ben')).toMatch(/used by route all/)
    await app.result('oncall override --who cleo --for 2h')
    await app.result('oncall member remove cleo')
    const { rotations } = await app.result<{ rotations: { on_call: { who: string } }[] }>('oncall')
    expect(rotations[0]!.on_call.who).toBe('ann')
    await app.result('escalations edit second --to ann')
    await app.result('oncall remove primary')
    expect(await refusal('oncall member remove ann')).toMatch(/used by escalation second/)
  })
})

describe('an acknowledgement with an end', () => {
  it('mentions people again when it expires, and reminds as before', async () => {
    const app = await startApp()
    await (await app.hasCheck('job --remind 1h'))('/fail')
    await app.result('ack 1 looking --for 2h')
    await app.passes('1h59m59s')
    expect([titles(app), mentions(app)]).toEqual([['Acknowledged: job reported a failure'], []])
    await app.passes('1s')
    expect([titles(app), mentions(app)]).toEqual([
      ['Critical: job reported a failure'],
      ['Acknowledgement expired, still firing'],
    ])
    await app.passes('1h')
    expect(mentions(app).at(-1)).toBe('Still firing, not acknowledged')
  })

  it('lasts as long as the setting of the project by default', async () => {
    const app = await startApp()
    await app.result('projects edit default --ack-timeout 30m')
    await (await app.hasCheck('job'))('/fail')
    const { alerts } = await app.result<{ alerts: { acknowledged_until: string }[] }>('ack 1')
    expect(alerts[0]!.acknowledged_until).toBe('2026-03-02T09:30:00.000Z')
  })
})

describe('the timeline of an alert', () => {
  it('shows acknowledgements, snoozes and the reason of the end', async () => {
    const app = await startApp()
    await (await app.hasCheck('job'))('/fail')
    await app.result('ack 1 looking --for 2h')
    await app.result('unack 1')
    await app.result('snooze 1 --for 90m')
    await app.result('resolve 1 the disk is cleared')
    const { history } = await app.result<{ history: { what: string; note: string | null }[] }>('alerts show 1')
    expect(history.slice(1).map(({ what, note }) => [what, note])).toEqual([
      ['acknowledged for 2h', 'looking'],
      ['acknowledgement removed', null],
      ['snoozed for 1h30m', null],
      ['note added', 'the disk is cleared'],
      ['resolved', null],
    ])
    const text = cardText(app.channel.messages[0]!.card, { timeZone: 'UTC', now: app.clock.now() })
    expect(text).toContain('Note: the disk is cleared')
    expect((await app.says('resolve 1 again')).ok).toBe(false)
    const after = await app.result<{ history: object[] }>('alerts show 1')
    expect(after.history).toHaveLength(history.length)
  })

  it('continues in the thread under its card, without a new card', async () => {
    const app = await startApp()
    app.channel.hasThreads()
    const threaded = await app.restarts('1s')
    const beat = await threaded.hasCheck('job')
    await beat('/fail')
    await threaded.says('ack 1 looking')
    await threaded.says('note 1 the disk is full')
    await beat()
    const [message] = threaded.channel.messages
    expect(message!.thread.map(card => String(card.lines!.map(line => (line as unknown[])[1])))).toEqual([
      ' · fired: job reported a failure, · acknowledged by Ann: looking',
      ' · note added by Ann: the disk is full',
      ' · resolved automatically',
    ])
    expect(threaded.channel.messages).toHaveLength(1)
  })

  it('can be exported as Markdown', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('"back|up <b>"')
    await beat('/fail')
    await app.passes('5m')
    await app.says('ack 1 looking')
    await app.passes('10m')
    await beat()
    const { markdown } = await app.result<{ markdown: string }>('alerts export 1')
    expect(markdown).toContain('# Alert 1: back\\|up \\<b\\> reported a failure')
    expect(markdown).toContain('| Time to acknowledge | 5m |')
    expect(markdown).toContain('- 2026-03-02 09:05:00 UTC — acknowledged by Ann: looking')
    expect(markdown).toContain('- Ann: acknowledged')
    expect(markdown).toContain('| Duration | 15m |')
  })
})
