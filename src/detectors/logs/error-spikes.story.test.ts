// Stories of errors, with the real log store: counted and evaluated before the answer, one card for one problem.
import { describe, expect, it } from 'vitest'
import { addCount, listSeries } from '../../logs/counters.ts'
import { useLogs } from '../../testing/logs-story.ts'

const logs = useLogs()

const timeout = { message: 'TimeoutError: connect timed out', level: 'error', source: 'api', host: 'web-1' }

async function sends(lines: object | object[], headers: Record<string, string> = {}) {
  const answer = await logs.sends(lines, headers)
  expect(answer.status).toBe(200)
  return (await answer.json()) as { repeated?: boolean }
}

const titles = () => logs.app.titles()

describe('an error that repeats', () => {
  it('fires one alert at its fifth line within a minute', async () => {
    for (let i = 0; i < 4; i++) {
      await sends({ ...timeout, message: `TimeoutError: connect timed out after ${i}00 ms` })
      await logs.app.passes('15s')
    }
    expect(titles()).toEqual([])
    await sends({ ...timeout, message: 'TimeoutError: connect timed out after 7 ms' })
    expect(titles()).toEqual(['Warning: api on web-1: 5 × TimeoutError: connect timed out after 7 ms in 1 min'])
  })

  it('does not fire when five lines take 61 seconds', async () => {
    for (const wait of ['15s', '15s', '15s', '16s', '1s']) {
      await sends(timeout)
      await logs.app.passes(wait)
    }
    expect(titles()).toEqual([])
  })

  it('is counted on its alert, which is resolved 15 minutes after the last line', async () => {
    await sends(Array(5).fill(timeout))
    await logs.app.passes('14m')
    await sends(Array(3).fill(timeout))
    await sends(timeout)
    await logs.app.passes('14m')
    expect(logs.app.channel.messages).toHaveLength(1)
    expect(await open()).toMatchObject([{ count: 9, state: 'firing', detector: 'error-spike' }])
    await logs.app.passes('2m')
    expect(await open()).toEqual([])
    expect(logs.app.channel.messages[0]!.card).toMatchObject({
      title: expect.stringMatching(/^Resolved/),
      tone: 'good',
    })
    await sends(Array(4).fill(timeout))
    await logs.app.passes('2m')
    expect(logs.app.channel.messages).toHaveLength(1)
  })

  it('is counted across restarts and kills of Vakt', async () => {
    await sends([timeout, timeout])
    logs.app = await logs.app.restarts('5s')
    await sends([timeout, timeout])
    logs.app = await logs.app.restarts('5s', 'killed')
    expect(titles()).toEqual([])
    await sends(timeout)
    expect(titles()).toHaveLength(1)
    await sends([timeout, timeout])
    logs.app = await logs.app.restarts('5s', 'killed')
    await logs.app.passes('10s')
    expect(await open()).toMatchObject([{ count: 7 }])
    expect(logs.app.channel.messages).toHaveLength(1)
  })

  it('is not resolved by a downtime of Vakt', async () => {
    await sends(Array(5).fill(timeout))
    await logs.app.passes('1m')
    logs.app = await logs.app.restarts('30m')
    await logs.app.passes('10m')
    expect(await open()).toMatchObject([{ detector: 'error-spike' }])
    await logs.app.passes('6m')
    expect(await open()).toEqual([])
  })

  it('shows its message, hosts, grouping, last hour and a button for its lines', async () => {
    await sends(
      ['web-1', 'web-2'].flatMap(host =>
        Array(3).fill({ ...timeout, host, message: 'no token=ghp_0123456789abcdefghijklmnopqrstuvwxyzAB here' }),
      ),
    )
    const { card } = logs.app.channel.messages[0]!
    const text = logs.app.text(card)
    expect(card.title).toMatch(/^Warning: api on 2 hosts: 6 × no token=/)
    expect(text).toContain('the rule error-spikes alerts at 5')
    expect(text).toContain('Grouped by the message')
    expect(text).toMatch(/▁+█/)
    expect(text).not.toContain('ghp_0123')
    const button = card.buttons!.find(({ label }) => label === 'Logs')!
    expect((await logs.app.result<{ total: number }>(button.line)).total).toBe(6)
  })

  it('is not the same as hundreds of different errors, which do not fire', async () => {
    await sends(Array.from({ length: 900 }, (_, i) => ({ ...timeout, message: `${word(i)} failed` })))
    await logs.app.passes('2s')
    expect(titles()).toEqual([])
  })

  it('fires in a flood of more different errors than are counted separately', async () => {
    const flood = Array.from({ length: 2_200 }, (_, i) => ({ ...timeout, message: `${word(i)} failed` }))
    for (const part of [flood.slice(0, 800), flood.slice(800, 1_600), flood.slice(1_600)]) await sends(part)
    await sends(Array(4).fill(timeout))
    expect(titles()).toEqual([])
    await sends(timeout)
    expect(titles()).toEqual(['Warning: api on web-1: 5 × TimeoutError: connect timed out in 1 min'])
    await sends(Array(35).fill(timeout))
    await logs.app.passes('2s')
    expect(await open()).toMatchObject([{ count: 40 }])
  })

  it('shows its message unchanged and only once', async () => {
    await sends(Array(5).fill({ ...timeout, message: "costs $& or $' or $$" }))
    const { card } = logs.app.channel.messages[0]!
    expect(card.title).toBe("Warning: api on web-1: 5 × costs $& or $' or $$ in 1 min")
    expect(logs.app.text(card).match(/ERROR costs /g)).toHaveLength(1)
  })

  it('that a more severe rule takes over mentions people once more on the same card', async () => {
    await logs.app.result('rules add floods --kind error-spike --threshold 20 --severity critical')
    await sends(Array(5).fill(timeout))
    await logs.app.passes('5s')
    expect(titles()).toEqual(['Warning: api on web-1: 5 × TimeoutError: connect timed out in 1 min'])
    await sends(Array(14).fill(timeout))
    await logs.app.passes('2s')
    expect(titles()).toHaveLength(1)
    await sends(timeout)
    await logs.app.passes('2s')
    expect(titles()).toEqual(['Critical: api on web-1: 20 × TimeoutError: connect timed out in 1 min'])
    await sends(Array(20).fill(timeout))
    await logs.app.passes('1m')
    expect(logs.app.channel.messages[0]!.replies.map(({ card }) => card.title)).toEqual([
      expect.stringMatching(/^Now critical: api on web-1/),
    ])
    expect(await open()).toMatchObject([{ severity: 'critical', count: 40 }])
  })

  it('with a baseline shows the number that is required, also after further lines', async () => {
    // A day of four lines in every five minutes.
    await sends(timeout)
    const [series] = listSeries(logs.app.state)
    const now = logs.app.clock.now()
    logs.app.state.transaction(() => {
      for (let back = 5; back < 24 * 60; back += 5) addCount(logs.app.state, series!.id, now - back * 60_000, 4)
      logs.app.state.prepare('update fingerprints set first_seen_at = ?').run(now - 48 * 3_600_000)
    })
    await sends(Array(40).fill(timeout))
    await logs.app.passes('2s')
    await sends(timeout)
    await logs.app.passes('2s')
    expect(logs.app.cardText()).toMatch(/alerts at (1\d|2\d)\. Usual is up to 4/)
  })
})

describe('a clock that goes back', () => {
  it('hides no error, counts on its alert, and lets it be resolved', async () => {
    await sends([...Array(5).fill(timeout), { ...timeout, message: 'pool exhausted' }])
    expect(titles()).toHaveLength(1)
    logs.app.clock.forget()
    logs.app.clock.sleep(-3 * 3_600_000)
    logs.app.scheduler.wake()
    await sends([timeout, ...Array(5).fill({ ...timeout, message: 'pool exhausted' })])
    await logs.app.passes('2s')
    expect(titles().at(-1)).toBe('Warning: api on web-1: 5 × pool exhausted in 1 min')
    await logs.app.passes('2s')
    expect((await open()).map(alert => (alert as { count: number }).count).sort()).toEqual([5, 6])
    await logs.app.passes('16m')
    expect(await open()).toEqual([])
  })
})

describe('lines whose evaluation fails', () => {
  const breakRule = () => {
    logs.app.state.prepare("update rules set matcher = 'words cannot be counted' where name = 'error-spikes'").run()
    logs.app.state.forget('rules')
  }

  it('are stored, counted and answered, and are evaluated with the next batch', async () => {
    breakRule()
    await sends(Array(5).fill(timeout))
    expect(await logs.app.result('errors list')).toMatchObject({ errors: [{ count: 5 }] })
    expect(titles()).toEqual([])
    await logs.app.result('rules edit error-spikes --matcher none')
    await sends({ message: 'all is well' })
    expect(titles()).toEqual(['Warning: api on web-1: 5 × TimeoutError: connect timed out in 1 min'])
  })

  it('do not stop the evaluation of other lines', async () => {
    logs.app.state
      .prepare(`create trigger broken before insert on alerts when new.title like '%bad%'
      begin select raise(abort, 'cannot be'); end`)
      .run()
    await sends([...Array(5).fill({ ...timeout, message: 'bad' }), ...Array(5).fill({ ...timeout, message: 'good' })])
    expect(titles()).toEqual(['Warning: api on web-1: 5 × good in 1 min'])
    logs.app.state.prepare('drop trigger broken').run()
    await sends({ message: 'all is well' })
    expect(titles()).toHaveLength(2)
  })

  it('are stored once and counted with the next batch when counting failed', async () => {
    logs.app.state
      .prepare(`create trigger broken before insert on fingerprints
      begin select raise(abort, 'cannot be'); end`)
      .run()
    await sends(Array(5).fill(timeout))
    logs.app.state.prepare('drop trigger broken').run()
    await sends({ message: 'all is well' })
    expect(titles()).toHaveLength(1)
    expect((await logs.app.result<{ total: number }>('logs search "connect timed out"')).total).toBe(5)
  })
})

describe('a batch with an idempotency key', () => {
  it('is counted once, however often it arrives', async () => {
    for (let i = 0; i < 5; i++) await sends(timeout, { 'idempotency-key': 'one' })
    expect(titles()).toEqual([])
  })

  it('that was stored but not counted when Vakt was killed is counted when it arrives again', async () => {
    const batch = {
      body: new TextEncoder().encode(JSON.stringify(Array(5).fill(timeout))).buffer as ArrayBuffer,
      format: 'json' as const,
      project: 'default',
      defaults: {},
      receivedAt: logs.app.clock.now(),
      limits: { lines: 1000, messageBytes: 65_536 },
      retentionMs: 3 * 86_400_000,
      privacy: {},
      idempotencyKey: 'two',
    }
    await logs.store.append(batch)
    expect(titles()).toEqual([])
    const again = await sends(Array(5).fill(timeout), { 'idempotency-key': 'two' })
    expect(again.repeated).toBe(true)
    expect(await open()).toMatchObject([{ count: 5 }])
    await sends(Array(5).fill(timeout), { 'idempotency-key': 'two' })
    expect(await open()).toMatchObject([{ count: 5 }])
  })
})

const open = async () => (await logs.app.result<{ alerts: object[] }>('alerts list')).alerts
/** A word without digits, because fingerprints mask digits. */
const word = (i: number) => String(i).replace(/\d/g, digit => 'abcdefghij'[Number(digit)]!)
