// The settings of a project: what each flag changes, what removes it, and what is refused; and what a removal asks.
import { beforeAll, describe, expect, it } from 'vitest'
import type { Requester } from '../../src/chat/channel.ts'
import type { LogStore } from '../../src/logs/store.ts'
import { startApp, type TestApp } from '../../src/testing/app.ts'
import { DAY, HOUR, MINUTE } from '../../src/time.ts'

let app: TestApp
let lines: { total: number; atLeast: boolean; searchedTo: null }
let purge: () => Promise<number>

beforeAll(async () => {
  lines = { total: 3, atLeast: false, searchedTo: null }
  purge = async () => 2
  const store = {
    count: async () => lines,
    purge: () => purge(),
    maintain: async () => ({ removed: [], status: null }),
  }
  app = await startApp({ environment: { RETENTION: '10d' }, store: store as unknown as LogStore })
  await app.result('projects add shop')
})

type Shown = { project: Record<string, unknown> }
const edits = async (flags: string) => (await app.result<Shown>(`projects edit shop ${flags}`)).project
const shown = () => app.answerText('projects show shop')

describe('an edit', () => {
  it.each<[string, object]>([
    [
      '',
      {
        rate_limit: expect.any(Number),
        retention_ms: 10 * DAY,
        time_zone: null,
        ack_timeout_ms: null,
        emitter_limit: 0,
      },
    ],
    ['--rate-limit 5', { rate_limit: 5 }],
    ['--rate-limit 0', { rate_limit: 0 }],
    ['--address-limit 6 --emitter-limit 7', { address_limit: 6, emitter_limit: 7 }],
    ['--retention 2d', { retention_ms: 2 * DAY }],
    ['--retention none', { retention_ms: 10 * DAY }],
    ['--remind 1h', { remind_every_ms: HOUR }],
    ['--remind none', { remind_every_ms: 0 }],
    ['--ack-timeout 8h', { ack_timeout_ms: 8 * HOUR }],
    ['--ack-timeout none', { ack_timeout_ms: null }],
    [
      '--max-body 1KiB --max-lines 1 --max-message 64MiB',
      { limits: { body_bytes: 1_024, lines: 1, message_bytes: 67_108_864 } },
    ],
    ['--tag-retention "debug=1m audit=30d"', { tag_retention_ms: { debug: MINUTE, audit: 30 * DAY } }],
    ['--tag-retention none', { tag_retention_ms: {} }],
    ['--privacy "email=mask, ip=keep"', { privacy: { email: 'mask', ip: 'keep' } }],
    ['--privacy none', { privacy: {} }],
    ['--tz Europe/Oslo', { time_zone: 'Europe/Oslo' }],
    ['--tz none', { time_zone: null }],
  ])('%s', async (flags, expected) => {
    expect(await edits(flags)).toMatchObject(expected)
  })

  it.each([
    ['--max-body 1023', 'must be a size from 1KiB to 64MiB'],
    ['--max-body 65MiB', 'must be a size from 1KiB to 64MiB'],
    ['--tag-retention debug=59s', '"debug=59s" is not a tag with a duration of at least one minute.'],
    ['--tag-retention debug=soon', '"debug=soon" is not a tag with a duration'],
    ['--tag-retention debug', '"debug" is not a pair.'],
    ['--tag-retention debug=', '"debug=" is not a pair.'],
    ['--privacy email=hide', '"email=hide" is not valid.'],
    ['--privacy name=mask', '"name=mask" is not valid.'],
    ['--tz Nowhere', 'Nowhere'],
    ['--rate-limit -1', 'ate-limit must be a whole number'],
    ['--retention 59s', 'etention'],
  ])('%s is refused', async (flags, why) => {
    const reply = await app.says(`projects edit shop ${flags}`)
    expect(reply.ok ? 'accepted' : reply.problem.message).toContain(why)
  })

  it('changes nothing else, and a new ping key only where that is asked', async () => {
    const before = await edits('--rate-limit 9 --remind 2h')
    expect(await edits('--address-limit 4')).toEqual({ ...before, address_limit: 4 })
    const renewed = await edits('--new-ping-key')
    expect(renewed).toEqual({ ...before, address_limit: 4, ping_key: expect.any(String) })
    expect(renewed.ping_key).not.toBe(before.ping_key)
  })
})

describe('a card', () => {
  it('has what is set, and not what is not', async () => {
    await edits('--rate-limit 0 --address-limit 0 --emitter-limit 0 --remind none --ack-timeout none --tz none')
    const few = await shown()
    expect(few).toMatch(/Log lines per minute:? ?\n?no limit/)
    expect(few).toMatch(/Reminders:? ?\n?never/)
    expect(few).not.toMatch(/and source|and address|Acknowledgements|Time zone|Retention of tag|Personal data/)
    await edits('--rate-limit 8 --address-limit 6 --emitter-limit 7 --remind 1h --ack-timeout 8h --tz Europe/Oslo')
    await edits('--tag-retention debug=1h --privacy email=mask')
    const all = await shown()
    for (const text of ['every 1h', '8h', 'Europe/Oslo', 'Retention of tag debug', 'Personal data: email', 'Ping key'])
      expect(all).toContain(text)
    expect(all).toMatch(/Log lines per minute and source:? ?\n?7/)
    expect(all).toMatch(/Log lines per minute and address:? ?\n?6/)
  })

  it('has no ping key where everybody reads it, or a viewer does', async () => {
    const { ping_key: key } = (await app.result<Shown>('projects show shop')).project as { ping_key: string }
    expect(await shown()).toContain(`/ping/${key}/my-job?create=1`)
    const inPublic = await app.says('projects show shop', { isPublic: true })
    expect(app.text(inPublic.card)).toContain('The ping key is a secret, and everybody reads this')
    expect(JSON.stringify(inPublic)).not.toContain(key)
    const viewer: Partial<Requester> = { platform: 'api', id: 'k', key: { role: 'viewer', project: 'shop' } }
    const listed = await app.says('projects list', viewer)
    expect(JSON.stringify(listed)).not.toContain(key)
  })
})

describe('a removal', () => {
  it('asks a person first, with what goes', async () => {
    await app.result('projects add doomed')
    await app.hasCheck('job --project doomed')
    const ask = async () => app.text((await app.says('projects remove doomed', { interactive: true })).card)
    expect(await ask()).toContain('1 check with all beats, 3 log lines, and all its keys are deleted')
    expect(await ask()).not.toContain('Archives still contain')
    lines = { ...lines, total: 100_000, atLeast: true }
    expect(await ask()).toMatch(/at least 100,?000 log lines/)
    app.state
      .prepare(
        `insert into log_archives (name, partition, place, key, lines, bytes, sha256, "from", "until", archived_at, last_position)
        values ('a', 'p', 's3', 'k', 5, 10, 'x', 1, 2, 3, 1)`,
      )
      .run()
    expect(await ask()).toContain('Archives still contain their lines')
  })

  it('says how many lines it deleted, or that this comes later', async () => {
    expect(await app.result('projects remove doomed')).toMatchObject({ project: { name: 'doomed' }, removed_lines: 2 })
    await app.result('projects add doomed')
    // Those of the first one are looked for again within a minute.
    expect(await app.answerText('projects remove doomed')).toContain('4 log lines deleted.')
    await app.result('projects add doomed')
    purge = () => Promise.reject(new Error('away'))
    expect(await app.answerText('projects remove doomed')).toContain('Its log lines are deleted within an hour.')
    await app.result('projects add doomed')
    expect(await app.result('projects remove doomed --yes')).toMatchObject({ removed_lines: null })
  })

  it('counts no lines where there is no store', async () => {
    const bare = await startApp()
    await bare.result('projects add shop')
    const asked = await bare.says('projects remove shop', { interactive: true })
    expect(bare.text(asked.card)).toContain('0 checks with all beats, no log lines, and')
  })
})
