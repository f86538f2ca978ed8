// Silences as people set, look at, change and end them.
import { beforeEach, describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../../src/testing/app.ts'

let app: TestApp
type Silence = {
  id: number
  matcher: string
  project: string | null
  reason: string | null
  ends_at: string
  ended_at: string | null
  open: number
  suppressed_count: number
}
const START = Date.parse('2026-03-02T09:00:00Z')
const at = (text: string) => (Date.parse(text) - START) / 60_000

beforeEach(async () => {
  app = await startApp()
})

const added = async (words: string) =>
  await app.result<{ silence: Silence; warnings: string[]; last_7_days: object }>(`silence add ${words}`)
const refusal = async (line: string) => {
  const reply = await app.says(line)
  return reply.ok ? 'accepted' : reply.problem.message
}
const fails = async (name: string, flags = '') => (await app.hasCheck(`${name} ${flags}`))('/fail')

describe('a new silence', () => {
  it('lasts an hour, or as long as it says, and has its reason', async () => {
    const plain = (await added('host:web-1')).silence
    expect([at(plain.ends_at), plain.reason, plain.project]).toEqual([60, null, null])
    const whole = (await added('host:web-1 --for 2h --reason " new disk " --project default')).silence
    expect([at(whole.ends_at), whole.reason, whole.project]).toEqual([120, 'new disk', 'default'])
    expect(at((await added('host:web-1 --to 17:00')).silence.ends_at)).toBe(8 * 60)
    expect((await added('host:web-1 --reason " "')).silence.reason).toBeNull()
    await app.result('projects edit default --tz Europe/Oslo')
    expect(at((await added('host:web-1 --to 17:00 --project default')).silence.ends_at)).toBe(7 * 60)
  })

  it('says how long it is active, what it suppresses now and what it would have', async () => {
    await fails('job-1')
    await fails('job-2', '--severity warning')
    await fails('other')
    const text = await app.answerText('silence add check:job-* --for 1d')
    expect(text).toContain('Silence 1 is active for 1d')
    expect(text).toContain('2 open alerts suppressed now.')
    expect(text).toMatch(/job-1 reported a failure/)
    expect(text).toContain('In the last 7 days it would have suppressed 2 alerts, 1 of them critical.')
    expect(text).not.toContain('other reported')
    expect(await app.result('silence show 1')).toMatchObject({ silence: { open: 2, suppressed_count: 2 } })
    expect(await app.answerText('silence add check:job-2')).toContain('would have suppressed 1 alert.')
    expect(await app.answerText('silence add check:none')).toContain('In the last 7 days no alert matched.')
  })

  it('warns of a matcher that nothing has', async () => {
    await fails('job')
    const { warnings } = await added('check:jbo')
    expect(warnings.length).toBeGreaterThan(0)
    expect((await app.says('silence add check:jbo')).card.tone).toBe('warning')
    expect((await app.says('silence add check:job')).card.tone).toBe('muted')
    expect((await added('check:job')).warnings).toEqual([])
  })

  it('is only shown with --preview, and by how many alerts match', async () => {
    await fails('job-1')
    await fails('job-2')
    const reply = await app.says('silence add check:job-* --preview')
    expect(reply.card).toMatchObject({ title: '2 open alerts would be silenced now', tone: 'info' })
    expect(app.text(reply.card)).toContain('• ')
    expect(reply.ok && reply.result).toMatchObject({
      would_suppress: 2,
      last_7_days: { would_suppress: 2, critical: 2 },
    })
    expect((await app.says('silence add check:jbo --preview')).card.tone).toBe('warning')
    expect(await app.result('silence list')).toEqual({ silences: [] })
    expect(await app.result('alerts list')).toMatchObject({
      alerts: [{ suppressed_by: null }, { suppressed_by: null }],
    })
  })

  it('of an alert is for all with its key, in its project', async () => {
    await app.result('projects add shop')
    await fails('job', '--project shop')
    const { silence } = await added('--alert 1 --for 30m')
    expect(silence).toMatchObject({ matcher: expect.stringMatching(/^key:"/), project: 'shop', open: 1 })
    expect(await refusal('silence add --alert 1 --project default')).toBe('There is no alert 1 in project default.')
    expect(await refusal('silence add --alert 1 --project shop')).toBe('accepted')
    expect(await refusal('silence add --alert 9')).toContain('9')
    for (const words of ['', 'host:x --alert 1'])
      expect(await refusal(`silence add ${words}`)).toContain('Name the alerts: either a matcher')
    expect(await refusal('silence add host:x --for 1h --to 17:00')).toContain('Use either --for or --to')
    expect(await refusal('silence add "(host:x"')).not.toBe('accepted')
  })
})

describe('silences', () => {
  it('are listed while they are active, of one project, and the ended ones on demand', async () => {
    await app.result('projects add shop')
    await added('host:a')
    await added('host:b --project shop')
    await app.result('silence end 1')
    const ids = async (flags: string) =>
      (await app.result<{ silences: Silence[] }>(`silence list ${flags}`)).silences.map(({ id }) => id)
    expect(await ids('')).toEqual([2])
    expect((await ids('--ended')).sort()).toEqual([1, 2])
    expect(await ids('--project default')).toEqual([])
    expect(await ids('--project shop')).toEqual([2])
    expect((await ids('--ended --limit 1')).length).toBe(1)
    const [row] = (await app.says('silence list')).card.rows!
    expect([row!.action!.line, row!.more!.map(({ line }) => line)]).toEqual(['silence end 2', ['silence show 2']])
    const ended = (await app.says('silence list --ended')).card.rows!.find(({ name }) => name === '1')!
    expect([ended.action!.line, ended.more]).toEqual(['silence show 1', []])
    expect(await app.answerText('silence list --project default')).toContain('No silences')
    expect(await refusal('silence show 2 --project default')).toContain('2')
    expect(await refusal('silence show 2 --project shop')).toBe('accepted')
  })

  it('are changed from now on, and the change is told', async () => {
    await added('host:a --for 2h')
    await app.passes('30m')
    expect((await app.says('silence extend 1 --for 3h')).card.title).toBe(
      'Silence 1 ends in 3h, 1h 30m later than before',
    )
    expect((await app.says('silence extend 1 --for 1h')).card.title).toBe(
      'Silence 1 ends in 1h, 2h earlier than before',
    )
    expect(await refusal('silence extend 1')).toContain('Name the length')
    const { silence } = await app.result<{ silence: Silence }>('silence show 1')
    expect(at(silence.ends_at)).toBe(90)
  })

  it('end, and the alerts that are still firing get their cards', async () => {
    await added('check:job')
    await fails('job')
    expect(app.titles()).toEqual([])
    const card = (await app.says('silence show 1')).card
    expect(card.buttons!.map(({ label }) => label)).toEqual(['End', 'Extend'])
    expect(await app.answerText('silence end 1')).toContain('1 alert suppressed, 1 still open.')
    await app.passes('1s')
    expect(app.titles()).toEqual(['Critical: job reported a failure'])
    const ended = await app.says('silence show 1')
    expect(ended.card.buttons).toEqual([])
    expect(app.text(ended.card)).toContain('by Ann · ended ')
    expect(await app.result('silence show 1')).toMatchObject({
      silence: { ended_at: expect.any(String), ended_by: 'Ann', open: 0 },
    })
  })

  it('name ten of the alerts that they suppress', async () => {
    await added('check:job-*')
    for (let i = 0; i < 11; i++) await fails(`job-${i}`)
    const text = await app.answerText('silence show 1')
    expect(text).toContain('11 open alerts suppressed now.')
    expect(text).toContain('… 1 more')
    expect(text.match(/reported a failure/g)!.length).toBe(10)
  })
})
