// Stories of ten thousand checks: one that is silent among them, and all of them at once.
import { describe, expect, it } from 'vitest'
import { setThresholds } from '../alerts/suppression/settings.ts'
import { DeliveryError } from '../chat/channel.ts'
import { sql } from '../state/orm.ts'
import { checks } from '../state/schema/index.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { HOUR, MINUTE } from '../time.ts'
import type { Check } from './check.ts'

const MANY = 10_000
const PERIOD = HOUR
const GRACE = MINUTE

/** Adds checks that have just beaten, `apart` ms after one another, without the ten thousand commands. */
function hasMany({ state, clock }: TestApp, apart: number): void {
  setThresholds(state, null, { stormRate: 0 })
  const row = (i: number): typeof checks.$inferInsert => {
    const lastBeatAt = clock.now() + i * apart
    const due = { lastBeatAt, lateAt: lastBeatAt + PERIOD, downAt: lastBeatAt + PERIOD + GRACE }
    const name = `job-${i}`
    const uuid = `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`
    const settings = { every: PERIOD, grace: GRACE, timeZone: 'UTC', severity: 'critical', status: 'up' } as const
    return { projectId: 1, name, slug: name, uuid, createdAt: 0, beats: 1, ...settings, ...due }
  }
  state.transaction(() => {
    const values = Object.fromEntries(Object.keys(row(0)).map(name => [name, sql.placeholder(name)]))
    const insert = state.db
      .insert(checks)
      .values(values as never)
      .prepare()
    for (let i = 0; i < MANY; i++) insert.run(row(i))
    state.emit('deadlines')
  })
}

const down = ({ state }: TestApp) =>
  state.prepare<[], { n: number }>(`select count(*) as n from checks where status = 'down'`).get()!.n

describe('of ten thousand checks', () => {
  it('the one that is silent is told within a second of its deadline, and the others are left alone', async () => {
    const app = await startApp()
    hasMany(app, 0)
    await app.passes('30m')
    const silent: Check['id'] = 4321
    app.state
      .prepare('update checks set late_at = late_at + 7200000, down_at = down_at + 7200000 where id <> ?')
      .run(silent)
    await app.passes('30m59s')
    expect(app.channel.messages).toEqual([])
    await app.passes('1s')
    expect(app.channel.messages.map(message => message.card.title)).toEqual(['Critical: job-4320 sent no beat'])
    expect(down(app)).toBe(1)
  })

  it('all that fall silent are alerts within a second, and every one is told as fast as the chat lets them', async () => {
    const app = await startApp()
    hasMany(app, 0)
    app.channel.failing(new DeliveryError('unreachable', 'The network is down.'), Number.POSITIVE_INFINITY)
    await app.passes('1h1m')
    await app.passes('1s')
    expect(down(app)).toBe(MANY)
    expect(await app.result('alerts list --limit 1')).toMatchObject({ total: MANY })
    app.channel.recovers()
    await app.passes('6m')
    const told = new Set(app.channel.messages.map(message => message.card.title))
    expect([app.channel.messages.length, told.size]).toEqual([MANY, MANY])
  })

  it('those whose deadlines come one by one are each told within a second of their own', async () => {
    const app = await startApp()
    hasMany(app, 10)
    app.state.prepare('delete from checks where id % 100 <> 0').run()
    await app.passes('1h3m')
    const begun = Date.parse('2026-03-02T09:00:00Z')
    expect(app.channel.messages).toHaveLength(MANY / 100)
    app.channel.messages.forEach((message, i) => {
      const deadline = begun + (i * 100 + 99) * 10 + PERIOD + GRACE
      expect(message.at - deadline).toBeGreaterThanOrEqual(0)
      expect(message.at - deadline).toBeLessThan(1000)
    })
  })
})
