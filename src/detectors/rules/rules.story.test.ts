// Stories of rules, with the real log store: what each kind detects, when its alerts are resolved, and what an edit does.
import { describe, expect, it } from 'vitest'
import { addHost } from '../../hosts/hosts.ts'
import { saveMeasurements } from '../../hosts/metrics/samples.ts'
import { addCount, listSeries } from '../../logs/counters.ts'
import { useLogs } from '../../testing/logs-story.ts'
import { MINUTE, parseDuration } from '../../time.ts'

const logs = useLogs()

async function sends(...lines: object[]) {
  const answer = await logs.sends(
    lines.map(line => ({ level: 'info', source: 'api', host: 'web-1', message: 'all is well', ...line })),
  )
  expect(answer.status).toBe(200)
}
/** A host without a connection: only its stored metrics matter. */
const HOST = { address: '192.0.2.1', port: 22, user: 'vakt', auth: 'own', addedBy: 'Ann' } as const
const error = (message: string) => ({ level: 'error', message })
/** The same lines again and again: `times` batches, one every `every`. */
async function keepsSending(times: number, every: string, ...lines: object[]) {
  for (let i = 0; i < times; i++) {
    await sends(...lines)
    await logs.app.passes(every)
  }
}

/** Time passes in steps, so that searches can be answered by their threads. */
async function passes(duration: string) {
  for (let left = parseDuration(duration)!; left > 0; left -= 5_000) {
    await logs.app.passes('5s')
    await logs.idle()
  }
}

type Shown = { title: string; detector: string; state: string; count: number; id: number; severity: string }
const open = async () => (await logs.app.result<{ alerts: Shown[] }>('alerts list')).alerts
const shown = async () => (await open()).map(({ title, detector }) => [detector, title])
const answer = (line: string) => logs.app.answerText(line)
const fingerprint = async () =>
  (await logs.app.result<{ errors: { fingerprint: string }[] }>('errors list')).errors[0]!.fingerprint

describe('a resolved error', () => {
  it('fires when it is back, and shows who resolved it', async () => {
    await sends(error('pool exhausted'))
    await logs.app.result(`errors resolve ${await fingerprint()}`)
    await sends(error('pool exhausted'))
    expect(await shown()).toEqual([])
    await logs.app.passes('2m')
    await sends(error('pool exhausted'))
    expect(await shown()).toEqual([['regression', 'api on web-1: pool exhausted is back']])
    expect(logs.app.text(logs.app.channel.messages.at(-1)!.card)).toContain('It was resolved by Ann')
  })

  it('is resolved with its alert; lines that only arrive late do not count', async () => {
    await sends(...Array(5).fill(error('pool exhausted')))
    const [alert] = await open()
    await logs.app.result(`resolve ${alert!.id}`)
    await logs.app.passes('5m')
    await sends({ ...error('pool exhausted'), timestamp: logs.app.clock.now() - 10 * 60_000 })
    expect(await shown()).toEqual([])
    await sends(error('pool exhausted'))
    expect(await shown()).toEqual([['regression', 'api on web-1: pool exhausted is back']])
    await sends(...Array(5).fill(error('pool exhausted')))
    await logs.app.passes('5s')
    expect(await open()).toMatchObject([{ title: 'api on web-1: 6 × pool exhausted in 1 min', count: 6 }])
    expect(logs.app.channel.messages).toHaveLength(2)
  })

  it('can be marked as open again, but not unmuted', async () => {
    await sends(error('pool exhausted'))
    await logs.app.result(`errors resolve ${await fingerprint()}`)
    expect(await answer(`errors unmute ${await fingerprint()}`)).toMatch(/ is not muted, but resolved\.$/)
    expect(await logs.app.result(`errors reopen ${await fingerprint()}`)).toMatchObject({ error: { state: 'open' } })
    expect(await answer(`errors reopen ${await fingerprint()}`)).toMatch(/ is already open\.$/)
  })

  it('does not alert while it is muted', async () => {
    await sends(error('pool exhausted'))
    await logs.app.result(`errors mute ${await fingerprint()}`)
    await sends(...Array(50).fill(error('pool exhausted')))
    expect(await shown()).toEqual([])
    await logs.app.result(`errors unmute ${await fingerprint()}`)
    await sends(error('pool exhausted'))
    expect(await shown()).toHaveLength(1)
  })
})

describe('the list of errors', () => {
  it('names the fingerprint of each error, and shows why it is empty', async () => {
    expect(await answer('errors list')).toContain('No line of level error or fatal was received yet')
    await sends(error('pool exhausted'))
    expect(await answer('errors list')).toContain(`· ${await fingerprint()}`)
    expect(await answer('errors list --state muted')).toContain('No error is muted')
  })
})

describe('a new error', () => {
  it('fires only when its source is known, and when its rule is resumed', async () => {
    await logs.app.result('rules edit new-errors --for 10m')
    await sends(error('first'))
    await logs.app.passes('10m')
    await sends(error('second'))
    expect(await shown()).toEqual([])
    await logs.app.result('rules resume new-errors')
    await sends(error('third'))
    await sends({ ...error('fourth'), source: 'young' })
    expect(await shown()).toEqual([['new-error', 'api on web-1: new error: third']])
  })
})

describe('a source', () => {
  it('that stops fires after 15 minutes and is resolved when it sends again; downtime of Vakt does not count', async () => {
    await logs.app.result('rules edit silent-sources --for 1h')
    await keepsSending(9, '10m', {})
    expect(await shown()).toEqual([])
    logs.app = await logs.app.restarts('3h')
    await logs.app.passes('9m')
    expect((await shown()).filter(([detector]) => detector === 'silence')).toEqual([])
    await logs.app.passes('6m')
    expect(await shown()).toEqual([['silence', 'api stopped sending logs']])
    // The role inhibits the alerts about its missing lines.
    const { alerts } = await logs.app.result<{ alerts: { labels: object }[] }>('alerts list')
    expect(alerts[0]!.labels).toMatchObject({ role: 'source-silent', source: 'api' })
    await sends({})
    expect(await shown()).toEqual([])
    await logs.app.passes('55m')
    expect(await shown()).toHaveLength(1)
    await logs.app.result('rules edit silent-sources --window 10m')
    expect(await shown()).toHaveLength(1)
    await logs.app.result('rules edit silent-sources --matcher -source:api')
    expect(await shown()).toEqual([])
  })

  it('that was silent for long fires again where somebody acknowledged its silence', async () => {
    await logs.app.result('rules edit silent-sources --for 1h')
    await keepsSending(9, '10m', {})
    await logs.app.passes('15m')
    await logs.app.result('ack 1')
    await logs.app.passes('3h')
    await sends({})
    expect(await shown()).toEqual([])
    await logs.app.passes('25m')
    expect(await shown()).toEqual([['silence', 'api stopped sending logs']])
    await logs.app.passes('3h')
    await sends({})
    await logs.app.passes('1h')
    expect(await shown()).toEqual([])
  })

  it('that is sporadic never fires', async () => {
    await logs.app.result('rules edit silent-sources --for 1h')
    await sends({})
    logs.app = await logs.app.restarts('1s')
    await logs.app.passes('2h1m')
    await sends({})
    await logs.app.passes('1h')
    expect(await shown()).toEqual([])
  })
})

describe('an error rate', () => {
  it('fires when a fifth of the lines are errors for a minute, and is resolved after five minutes below that', async () => {
    const round = [...Array(20).fill({}), ...Array.from({ length: 8 }, (_, i) => error(`${'abcdefgh'[i]} is wrong`))]
    await keepsSending(4, '15s', ...Array(20).fill({}))
    expect(await shown()).toEqual([])
    await keepsSending(16, '30s', ...round)
    expect((await open()).filter(({ detector }) => detector === 'error-rate')).toMatchObject([
      { title: 'api: 29% of lines are errors', state: 'firing' },
    ])
    const card = logs.app.channel.messages.map(message => message.card).find(({ title }) => title.includes('29%'))
    expect(logs.app.text(card!)).toMatch(/^Errors ·+█+ at most 28.6%, threshold 20%$/m)
    await keepsSending(24, '30s', ...Array(20).fill({}))
    expect((await open()).filter(({ detector }) => detector === 'error-rate')).toEqual([])
  })
})

describe('a backtest', () => {
  it('uses the baseline: a source with an error in every third line all day does not fire', async () => {
    await sends(error('failed'), {})
    const now = logs.app.clock.now()
    logs.app.state.transaction(() => {
      for (const { id, level } of listSeries(logs.app.state))
        for (let back = 1; back < 27 * 6; back++)
          addCount(logs.app.state, id, now - back * 10 * MINUTE, level === 'error' ? 20 : 40)
    })
    const cards = async (flags = '') =>
      (await logs.app.result<{ cards: number }>(`rules test error-rates --last 1h ${flags}`)).cards
    expect([await cards(), await cards('--for 0s'), await cards('--for 0s --baseline=off')]).toEqual([0, 0, 6])
  })

  it('finds in the past the alerts that fired: errors in every second minute, and minutes with too few lines', async () => {
    await logs.app.result('rules add few --kind threshold --operator < --threshold 25 --window 2m --keep-firing 10m')
    const errors = Array.from('abcdefghijklmnopqrst', letter => error(`${letter} is wrong`))
    for (let i = 0; i < 8; i++) {
      await keepsSending(1, '1m', ...errors, ...Array(20).fill({}))
      await keepsSending(1, '1m', ...Array(20).fill({}))
    }
    expect((await shown()).map(([detector]) => detector)).toEqual(['error-rate'])
    expect(await logs.app.result('rules test error-rates --last 30m')).toMatchObject({ cards: 1 })
    expect(await logs.app.result('rules test error-rates --last 30m --threshold 90')).toMatchObject({ cards: 0 })
    await logs.app.passes('3m')
    expect((await shown()).map(([detector]) => detector).sort()).toEqual(['error-rate', 'threshold'])
    expect(await logs.app.result('rules test few --last 10m')).toMatchObject({
      cards: 1,
      would_have_fired: [{ subject: 'few', fired_at: expect.stringMatching('T09:1[67]') }],
    })
  })
})

describe('a threshold', () => {
  it('fires per host when it has lasted, is resolved after keep firing, and an edit takes effect immediately', async () => {
    await logs.app.result(
      'rules add busy --kind threshold --matcher "source:api level>=warn" --threshold 10 --window 1m --for 2m --keep-firing 3m --per host',
    )
    const warns = Array(11).fill({ level: 'warn', message: 'slow' })
    await keepsSending(2, '1m', ...warns)
    expect(await shown()).toEqual([])
    await keepsSending(2, '1m', ...warns, { level: 'warn', host: 'web-2' })
    expect(await shown()).toEqual([['threshold', 'web-1: 11 lines in 1 min']])
    await logs.app.passes('2m')
    expect(await shown()).toHaveLength(1)
    await logs.app.passes('3m')
    expect(await shown()).toEqual([])
    await logs.app.result('rules edit busy --threshold 1 --for 0s')
    await sends({ level: 'warn', host: 'web-3' })
    await logs.app.passes('63s')
    expect(await shown()).toEqual([['threshold', 'web-3: 1 line in 1 min']])
    await logs.app.result('rules pause busy')
    expect(await shown()).toEqual([])
  })

  it('of too few lines ignores downtime of Vakt', async () => {
    await logs.app.result(
      'rules add orders --kind threshold --matcher source:api --operator < --threshold 5 --window 5m',
    )
    await keepsSending(7, '1m', {}, {})
    expect(await shown()).toEqual([])
    logs.app = await logs.app.restarts('10m')
    await keepsSending(7, '1m', {}, {})
    expect((await shown()).filter(([detector]) => detector === 'threshold')).toEqual([])
    await logs.app.passes('6m')
    expect((await shown()).filter(([detector]) => detector === 'threshold')).toEqual([
      ['threshold', 'orders: 0 lines in 5 min'],
    ])
  })

  it('of too few lines still fires when there are none at all, and a person can resolve it', async () => {
    await logs.app.result(
      'rules add few --kind threshold --operator < --threshold 5 --window 1m --keep-firing 1m --per source',
    )
    await keepsSending(3, '1m', ...Array(6).fill({}), ...Array(6).fill({ source: 'web' }))
    await keepsSending(70, '1m', ...Array(6).fill({}))
    expect(await shown()).toEqual([['threshold', 'web: 0 lines in 1 min']])
    const [alert] = await open()
    await logs.app.result(`resolve ${alert!.id}`)
    await logs.app.passes('30s')
    expect(await shown()).toEqual([])
    await keepsSending(4, '1m', ...Array(6).fill({}), ...Array(6).fill({ source: 'web' }))
    await keepsSending(3, '1m', ...Array(6).fill({}))
    expect(await shown()).toEqual([['threshold', 'web: 0 lines in 1 min']])
  })
})

describe('a metric', () => {
  it('fires for the host that is beyond the threshold for long enough, and is resolved when it is below', async () => {
    const { id } = addHost(logs.app.state, { ...HOST, name: 'db-1', addedAt: logs.app.clock.now(), enabled: false })
    addHost(logs.app.state, { ...HOST, name: 'db-2', addedAt: logs.app.clock.now(), enabled: false })
    await logs.app.result(
      'rules add busy --kind threshold --metric cpu --operator > --threshold 90 --for 2m --keep-firing 2m',
    )
    const runs = async (cpu: number, times: number) => {
      for (let i = 0; i < times; i++) {
        saveMeasurements(logs.app.state, id, [{ kind: 'host', name: '', cpu }], logs.app.clock.now())
        await logs.app.passes('30s')
      }
    }
    await runs(95, 4)
    expect(await shown()).toEqual([])
    await runs(97, 4)
    expect(await open()).toMatchObject([{ detector: 'threshold', labels: { host: 'db-1', rule: 'busy' } }])
    expect((await open())[0]!.title).toMatch(/^db-1: cpu at 9\d(\.\d)?%$/)
    await runs(20, 14)
    expect(await shown()).toEqual([])
    expect(await logs.app.result('rules test busy --last 30m')).toMatchObject({ cards: 1 })
  })
})

describe('a search', () => {
  it('for too few lines ignores the time before the rule and downtime of Vakt', async () => {
    await logs.app.result('rules add orders --kind search --matcher order --operator < --threshold 1 --window 2m')
    await passes('1m')
    expect(await shown()).toEqual([])
    await sends({ message: 'an order' })
    logs.app = await logs.app.restarts('10m')
    await passes('30s')
    expect((await shown()).filter(([detector]) => detector === 'search')).toEqual([])
    await logs.app.passes('100s')
    await passes('30s')
    expect(await shown()).toContainEqual(['search', 'orders: 0 lines in 2 min'])
  })

  it('fires when it finds too many lines, shows some of them, and is resolved after keep firing', async () => {
    await logs.app.result('logs save declined "\\"card declined\\""')
    await logs.app.result(
      'rules add declined --kind search --matcher @declined --threshold 3 --window 2m --keep-firing 1m',
    )
    await sends({ message: 'card declined for 7' }, { message: 'card declined for 8' })
    await passes('20s')
    expect(await shown()).toEqual([])
    await sends({ message: 'card declined for 9' })
    await passes('20s')
    expect(await shown()).toEqual([['search', 'declined: 3 lines in 2 min']])
    expect(logs.app.cardText()).toContain('card declined for 9')
    await passes('2m')
    await passes('90s')
    expect(await shown()).toEqual([])
    expect(await logs.app.result('rules test declined --last 1h')).toMatchObject({ cards: 1 })
  })
})

describe('the rules', () => {
  it('of every project cannot be changed with the key of a project, which may add its own', async () => {
    await logs.app.result('projects add shop')
    const admin = (await logs.app.result<{ key: { secret: string } }>('keys create shop --role admin')).key.secret
    const asks = async (line: string) => {
      const headers = { 'x-api-key': admin, 'content-type': 'application/json' }
      const body = JSON.stringify({ line })
      return (await (await logs.app.request('/api/commands', { method: 'POST', headers, body })).json()) as {
        ok: boolean
      }
    }
    for (const line of ['rules edit error-spikes --threshold 9', 'rules edit error-spikes --project shop --note hush'])
      expect(await asks(line)).toMatchObject({ ok: false, error: { code: 'forbidden' } })
    expect(await asks('rules add own --kind error-spike --threshold 9')).toMatchObject({ ok: true })
    expect(await logs.app.result('rules show error-spikes')).toMatchObject({ rule: { project: null, threshold: 5 } })
    expect(await logs.app.result('rules show own')).toMatchObject({ rule: { project: 'shop' } })
  })

  it('exist from the start, show their settings, and follow an edit and a removal', async () => {
    const { rules } = await logs.app.result<{ rules: { name: string; paused: boolean }[] }>('rules list')
    expect(rules.map(({ name, paused }) => [name, paused])).toEqual([
      ['error-rates', false],
      ['error-spikes', false],
      ['intake', false],
      ['new-errors', true],
      ['regressions', false],
      ['silent-sources', false],
    ])
    expect(await answer('rules show error-spikes')).toContain('--threshold 5')
    await logs.app.result('rules edit error-spikes --threshold 3 --matcher "-source:batch"')
    await sends(...Array(9).fill({ ...error('boom'), source: 'batch' }), ...Array(3).fill(error('boom')))
    expect(await shown()).toEqual([['error-spike', 'api on web-1: 3 × boom in 1 min']])
    await logs.app.result('rules remove error-spikes --yes')
    expect(await shown()).toEqual([])
    logs.app = await logs.app.restarts('1s')
    expect((await logs.app.result<{ rules: object[] }>('rules list')).rules).toHaveLength(5)
  })

  it('show every setting with its default, also those that were not changed', async () => {
    const linesOf = async (line: string) => (await answer(line)).split('\n')
    expect(await linesOf('rules show silent-sources')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^--baseline=on · .*over 2h.*\(default\)$/),
        expect.stringMatching(/^--factor 2 · .*\(default\)$/),
        '--matcher everything (default)',
        '--severity warning (default)',
        '--title {where} stopped sending logs (default)',
        '--note none (default)',
      ]),
    )
    await logs.app.result('rules edit silent-sources --baseline=off --severity critical --note "call Ann"')
    expect(await linesOf('rules show silent-sources')).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^--baseline=off · .*\(default: on\)$/),
        '--severity critical (default: warning)',
        '--note call Ann (default: none)',
      ]),
    )
  })

  it('resolve alerts immediately that they no longer cover after an edit', async () => {
    await sends(...Array(5).fill({ ...error('boom'), source: 'batch' }), ...Array(5).fill(error('boom')))
    expect(await shown()).toHaveLength(2)
    await logs.app.result('rules edit error-spikes --matcher "-source:batch"')
    expect(await shown()).toEqual([['error-spike', 'api on web-1: 5 × boom in 1 min']])
    await logs.app.result('projects add shop')
    await logs.app.result('rules edit error-spikes --project shop')
    await logs.app.passes('2s')
    expect(await shown()).toEqual([])
  })

  it('use their own titles', async () => {
    await logs.app.result('rules edit error-spikes --title "{where} fails ({value} times: {what})"')
    await logs.app.result(
      'rules add chatty --kind threshold --threshold 2 --per host --title "{where} is chatty: {value}"',
    )
    await sends(...Array(5).fill(error('boom')))
    await logs.app.passes('63s')
    expect((await shown()).map(([, title]) => title).sort()).toEqual(
      ['web-1 is chatty: 5 lines', 'api on web-1 fails (5 times: boom)'].sort(),
    )
    expect(await logs.app.says('rules edit chatty --title "{host} is chatty"')).toMatchObject({
      ok: false,
      problem: { message: expect.stringContaining('{where}') },
    })
  })

  it('can be tested with other settings and are not changed by that', async () => {
    await sends(...Array(6).fill(error('boom')))
    await logs.app.passes('2m')
    expect(await logs.app.result('rules test error-spikes --last 1h')).toMatchObject({ cards: 1 })
    for (const flags of ['--threshold 7', '--matcher -source:api'])
      expect(await logs.app.result(`rules test error-spikes --last 1h ${flags}`)).toMatchObject({ cards: 0 })
    expect(await logs.app.result('rules show error-spikes')).toMatchObject({ rule: { threshold: 5, matcher: null } })
  })

  it('refuse settings that make no sense', async () => {
    for (const [flags, sentence] of [
      ['--kind error-spike --matcher timeout', /cannot use the word timeout/],
      ['--kind error-spike --window 2h', /at most 1h/],
      ['--kind silence --threshold 3', /have no --threshold/],
      ['--kind threshold --threshold 3 --window 90s', /whole number of minutes/],
      ['--kind threshold --metric io --threshold 3', /for containers only/],
      ['--kind threshold', /threshold is required/],
      ['--kind search', /search is required/],
    ] as const) {
      const reply = await logs.app.says(`rules add odd ${flags}`)
      expect(reply).toMatchObject({ ok: false, problem: { message: expect.stringMatching(sentence) } })
    }
  })

  it('can be tested on the past', async () => {
    await sends(...Array(6).fill(error('boom')), error('once'))
    await logs.app.passes('40m')
    await sends(...Array(7).fill(error('boom')))
    await logs.app.passes('2m')
    const tested = await logs.app.result<{ cards: number; would_have_fired: object[] }>(
      'rules test error-spikes --last 2h',
    )
    expect(tested.would_have_fired).toMatchObject([
      { subject: 'api: boom', value: 6 },
      { subject: 'api: boom', value: 7 },
    ])
    await logs.app.result('rules edit error-spikes --threshold 7')
    expect(await logs.app.result('rules test error-spikes --last 2h')).toMatchObject({ cards: 1 })
    expect(await logs.app.result('rules test error-spikes --last 30m')).toMatchObject({ cards: 1 })
  })
})
