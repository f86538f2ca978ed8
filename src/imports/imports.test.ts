// Exports of other programs as checks: each kind of monitor, the names that versions differ in, and what is refused.
import { describe, expect, it } from 'vitest'
import { flagAt, numberAt, objectOf, textAt } from './foreign-check.ts'
import { healthchecks } from './healthchecks.ts'
import { uptimeKuma } from './uptime-kuma.ts'

const monitor = (more: object) => uptimeKuma.read([{ name: 'm', type: 'http', url: 'https://x.example', ...more }])[0]!

describe('a monitor of Uptime Kuma', () => {
  it('is a probe with its interval, timeout and retries', () => {
    expect(monitor({})).toEqual({
      ...{ name: 'm', isPaused: false, about: 'https://x.example every 1m', refused: null },
      probe: { settings: { probe: 'https://x.example' }, everyMs: 60_000, after: 1, tags: '', description: '' },
    })
    const full = monitor({
      interval: 5,
      timeout: 90,
      maxretries: 2,
      description: ' d ',
      active: 0,
      tags: [{ name: 'env', value: 'a b' }, { name: 'x' }, {}],
    })
    expect(full).toMatchObject({ isPaused: true, about: 'https://x.example every 5s' })
    expect(full.probe).toMatchObject({
      everyMs: 10_000,
      after: 3,
      tags: 'env:a-b x',
      description: 'd',
      settings: { timeout: 60_000 },
    })
    expect(monitor({ timeout: 10 }).probe!.settings.timeout).toBe(10_000)
    expect(monitor({ timeout: 0 }).probe!.settings).not.toHaveProperty('timeout')
    expect([
      monitor({ name: '', id: 7 }).name,
      monitor({ active: true }).isPaused,
      monitor({ active: false }).isPaused,
    ]).toEqual(['monitor 7', false, true])
  })

  it.each<[object, object | string]>([
    [{ method: 'post' }, { probe: 'https://x.example', probeMethod: 'POST' }],
    [{ method: 'GET', keyword: 'ok' }, { probe: 'https://x.example' }],
    [
      { type: 'keyword', keyword: 'ok' },
      { probe: 'https://x.example', expect: 'ok' },
    ],
    [
      { type: 'keyword', keyword: 'ok', invert_keyword: 1 },
      { probe: 'https://x.example', expect: '!ok' },
    ],
    [{ type: 'keyword', keyword: '' }, { probe: 'https://x.example' }],
    [
      { type: 'json-query', jsonPath: '$.a.b', expectedValue: '5' },
      { probe: 'https://x.example', expect: 'json.a.b=5' },
    ],
    [{ type: 'json-query', json_path: '' }, { probe: 'https://x.example' }],
    [{ accepted_statuscodes: ['200-299', 5, '404'] }, { probe: 'https://x.example', expectStatus: '200-299,404' }],
    [{ accepted_statuscodes_json: '["401"]' }, { probe: 'https://x.example', expectStatus: '401' }],
    [{ accepted_statuscodes_json: 'no JSON' }, { probe: 'https://x.example' }],
    [{ ignoreTls: true }, { probe: 'https://x.example', insecure: true }],
    [{ ignore_tls: '0' }, { probe: 'https://x.example' }],
    [{ type: 'port', hostname: 'db', port: 5432 }, { probe: 'tcp://db:5432' }],
    [{ type: 'port', hostname: '::1', port: 1 }, { probe: 'tcp://[::1]:1' }],
    [{ type: 'port', hostname: '[::1]', port: 1 }, { probe: 'tcp://[::1]:1' }],
    [{ type: 'port', hostname: 'db' }, 'no host or port'],
    [{ type: 'port', port: 1 }, 'no host or port'],
    [{ type: 'ping', hostname: 'h' }, { probe: 'icmp:h' }],
    [{ type: 'ping' }, 'no host'],
    [{ type: 'dns', hostname: 'h' }, { probe: 'dns:h' }],
    [{ type: 'dns' }, 'no name to look up'],
    [{ type: 'group' }, 'a group'],
    [{ type: 'mqtt' }, 'no probe of the type mqtt'],
    [{ type: '' }, 'no probe of the type that it has'],
    [{ url: 'ftp://x' }, 'no address that begins with http'],
    [{ method: 'PUT' }, 'not with PUT'],
    [{ method: 'OPTIONS' }, { probe: 'https://x.example', probeMethod: 'OPTIONS' }],
    [{ authMethod: 'basic' }, 'It signs in'],
    [{ basic_auth_user: 'u' }, 'It signs in'],
    [{ upsideDown: true }, 'upside down'],
    [{ upside_down: 1 }, 'upside down'],
  ])('%j', (more, expected) => {
    const { refused, probe } = monitor(more)
    if (typeof expected === 'string') expect([refused, probe]).toEqual([expect.stringContaining(expected), undefined])
    else expect([refused, probe?.settings]).toEqual([null, expected])
  })

  it('that is pushed to keeps its URL, with the time of its retries as grace', () => {
    const push = (more: object) => monitor({ type: 'push', pushToken: 't', ...more })
    expect(push({ interval: 3600 })).toMatchObject({
      about: 'a beat every 1h',
      refused: null,
      beats: { uuid: null, pushToken: 't', spec: { name: 'm', timeout: 3600, grace: 10, tags: '', desc: '' } },
    })
    expect(push({ maxretries: 2 }).beats!.spec.grace).toBe(120)
    expect(push({ maxretries: 2, retry_interval: 30, push_token: 'u', pushToken: undefined })).toMatchObject({
      beats: { pushToken: 'u', spec: { grace: 60 } },
    })
    expect(push({ pushToken: '' }).refused).toContain('no push token')
  })

  it.each([-5, 0, 1e15, '1e300'])('with an interval of %s s is refused', interval => {
    for (const type of ['http', 'push'])
      expect(monitor({ type, interval, pushToken: 't' }).refused).toContain('is none from 1 s to 365 days')
  })

  it('with retries that cannot be has a number that can', () => {
    expect([-5, 1.5, 1e12].map(maxretries => monitor({ maxretries }).probe!.after)).toEqual([1, 2, 100])
    expect(monitor({ type: 'push', pushToken: 't', interval: 60, maxretries: 1e12, retryInterval: 1e9 })).toMatchObject(
      {
        beats: { spec: { grace: 31_536_000 } },
      },
    )
  })

  it('is in a list, under one of two names, or the export is none', () => {
    const one = { name: 'm', type: 'group' }
    expect(
      [uptimeKuma.read([one]), uptimeKuma.read({ monitorList: [one] }), uptimeKuma.read({ monitors: [one] })].map(
        ({ length }) => length,
      ),
    ).toEqual([1, 1, 1])
    for (const json of [{}, 'x', null]) expect(() => uptimeKuma.read(json)).toThrow('no export of Uptime Kuma')
  })
})

describe('a check of Healthchecks', () => {
  const uuid = '2f9a6f6b-1f0f-4d2c-9c5c-3a1b2c3d4e5f'
  const check = (more: object) =>
    healthchecks.read({ checks: [{ name: 'job', uuid, timeout: 3600, grace: 60, ...more }] })[0]!
  it('keeps its uuid and its settings', () => {
    expect(check({ tags: 'a', subject: 5, channels: 5, tz: null })).toEqual({
      ...{ name: 'job', about: 'a beat every 1h', isPaused: false, refused: null },
      beats: { uuid, spec: { name: 'job', timeout: 3600, grace: 60, tags: 'a' }, pushToken: null },
    })
    expect(check({ schedule: '0 2 * * *' }).about).toBe('a beat at "0 2 * * *"')
    expect(check({ status: 'paused' }).isPaused).toBe(true)
    expect(check({ timeout: 86_400 }).about).toBe('a beat every 24h')
    expect(check({ uuid: '', ping_url: `https://hc/ping/${uuid}` }).beats?.uuid).toBe(uuid)
    expect(check({ uuid: uuid.toUpperCase() }).beats?.uuid).toBe(uuid)
    expect([check({ name: '', slug: 's' }).name, check({ name: '' }).name, check({ name: '', uuid: '' }).name]).toEqual(
      ['s', '2f9a6f6b', 'check'],
    )
  })

  it('without its ping URL, or with settings that cannot be, is refused by name', () => {
    expect(check({ uuid: '' }).refused).toContain('It has no uuid')
    expect(check({ uuid: '', ping_url: 'https://hc/ping/key/slug' }).refused).toContain('It has no uuid')
    expect(check({ grace: 5 })).toMatchObject({ name: 'job', refused: 'grace is too small.' })
    expect(check({ timeout: 0 }).about).toBe('a beat every 0 s')
    expect(healthchecks.read([{ uuid }])).toHaveLength(1)
    for (const json of [{}, 'x', null]) expect(() => healthchecks.read(json)).toThrow('no list of checks')
  })
})

it('values are read under the first name that has one', () => {
  expect([
    textAt({ a: ' ', b: ' x ' }, 'a', 'b'),
    textAt({ a: 5 }, 'a'),
    textAt({ a: true }, 'a'),
    textAt(null, 'a'),
  ]).toEqual(['x', '5', '', ''])
  expect([
    numberAt({ a: '', b: '7' }, 'a', 'b'),
    numberAt({ a: 'x' }, 'a'),
    numberAt({ a: 0 }, 'a'),
    numberAt({}, 'a'),
  ]).toEqual([7, null, 0, null])
  expect([true, 1, '1', 'true', 'no', 0].map(a => flagAt({ a }, true, 'a'))).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
  ])
  expect([flagAt({ a: null, b: 0 }, true, 'a', 'b'), flagAt({}, true, 'a'), flagAt({}, false, 'a')]).toEqual([
    false,
    true,
    false,
  ])
  expect([objectOf([1]), objectOf('x'), objectOf({ a: 1 })]).toEqual([{}, {}, { a: 1 }])
})
