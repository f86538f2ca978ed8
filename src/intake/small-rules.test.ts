// Small rules of the intake: places for tails, names in Host, paths, problems as answers, and the metrics of checks.
import { describe, expect, it } from 'vitest'
import { createPressLink } from '../notifications/delivery/press-links.ts'
import { Problem } from '../problem.ts'
import { createKey, revokeKey } from '../projects/keys.ts'
import { addProject } from '../projects/projects.ts'
import { createVault } from '../projects/vault.ts'
import { memoryState } from '../state/database.ts'
import { createFakeClock } from '../testing/fake-clock.ts'
import { DAY } from '../time.ts'
import { refuseForeignHost } from './access/host-check.ts'
import { plainPath } from './access/paths.ts'
import { createLinks, pressLinkRoutes } from './links/press-links.ts'
import { problemAnswer, retryAfterHeader } from './problems.ts'
import { toResponse } from './reply.ts'
import { createTailPlaces } from './tail-places.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

describe('places for tails', () => {
  it('are a few for each key and for all, and are given back once', () => {
    const places = createTailPlaces(memoryState(), { perKey: 2, total: 3 })
    const take = (id: string, key?: object) => places.take({ id, name: `key ${id}`, ...(key && { key }) } as never)
    const [first] = [take('a', {}), take('a', {})]
    expect(() => take('a', {})).toThrow('The key a follows 2 streams of lines already')
    take('b')
    expect(() => take('b')).toThrow('3 streams of lines are open')
    first!.release()
    first!.release()
    take('b')
    expect(() => take('b')).toThrow('The admin key follows 2 streams of lines already')
    expect(() => take('c')).toThrow(expect.objectContaining({ code: 'limited', retryAfterMs: 10_000 }))
  })

  it('end when their key is revoked, and no other does', () => {
    const state = memoryState()
    const vault = createVault(Buffer.alloc(32, 1))
    const project = addProject(state, 'default', NOW)
    const keys = [0, 1].map(() => createKey(state, vault, project, { role: 'viewer', signed: false }, NOW).key.id)
    const places = createTailPlaces(state, { perKey: 2, total: 9 })
    const ended: string[] = []
    for (const [id, key] of [
      [keys[0]!, {}],
      [keys[1]!, {}],
      ['admin', undefined],
    ] as const)
      places.take({ id, name: id, ...(key && { key }) } as never).onEnd(reason => ended.push(reason))
    addProject(state, 'other', NOW)
    expect(ended).toEqual([])
    revokeKey(state, keys[0]!, NOW)
    expect(ended).toEqual([`The key ${keys[0]} was revoked, or its project was removed.`])
  })
})

it.each([
  ['vakt.example.org', true],
  ['VAKT.example.org:8080', true],
  ['vakt.example.org.', true],
  ['host.example.org', true],
  ['a.allowed.org', true],
  ['allowed.org', false],
  ['exact.org', true],
  ['evil.org', false],
  ['notexact.org', false],
  ['localhost', true],
  ['a.localhost', true],
  ['nas.lan', true],
  ['evil-lan', true],
  ['evil.lan.org', false],
  ['box', true],
  ['10.0.0.1:80', true],
  ['[::1]:80', true],
  ['', true],
])('a read without a key under the name %j is answered: %s', (host, isAnswered) => {
  const names = {
    publicUrl: () => 'https://vakt.example.org/x',
    host: 'host.example.org',
    allowedHosts: ['*.allowed.org', 'exact.org'],
  }
  const ask =
    (method = 'GET', headers: Record<string, string> = {}, path = '/') =>
    () =>
      refuseForeignHost(names, {
        method,
        url: `http://${host}${path}`,
        headers: new Headers({ host, ...headers }),
      } as Request)
  if (isAnswered) expect(ask()).not.toThrow()
  else {
    expect(ask()).toThrow('is not a name of this Vakt')
    expect(ask('HEAD')).toThrow('is not a name of this Vakt')
    for (const header of ['authorization', 'x-api-key', 'x-vakt-key'])
      expect(ask('GET', { [header]: 'x' })).not.toThrow()
    expect(ask('POST')).not.toThrow()
    expect(ask('GET', {}, '/healthz')).not.toThrow()
    expect(ask('GET', {}, '/a/healthz')).toThrow()
  }
})

it.each([
  ['/', '/'],
  ['/a', '/a'],
  ['/a/', '/a'],
  ['/a//', '/a'],
  ['//a', '/a'],
  ['///a/b//', '/a/b'],
  ['//', '/'],
  ['/a//b', '/a//b'],
])('the path %s is %s', (path, plain) => expect(plainPath(path)).toBe(plain))

it.each<[Problem, number, object]>([
  [new Problem('invalid', 'x', { fields: { a: 'b' } }), 400, {}],
  [new Problem('limited', 'x'), 429, { 'retry-after': '5' }],
  [new Problem('busy', 'x', { retryAfterMs: 1_001 }), 503, { 'retry-after': '2' }],
  [new Problem('conflict', 'x', { retryAfterMs: 0 }), 409, { 'retry-after': '1' }],
  [new Problem('internal', 'x'), 500, {}],
])('%j is answered with %i and %j', (problem, status, headers) => {
  const answer = problemAnswer(problem)
  expect([answer.status, answer.headers]).toEqual([status, headers])
  expect('fields' in answer.body.error).toBe(problem.fields !== undefined)
  expect(Number(retryAfterHeader(problem)['retry-after'])).toBeGreaterThan(0)
})

it.each([
  [{ a: 1 }, 'application/json', '{"a":1}'],
  ['text', 'text/plain; charset=UTF-8', 'text'],
  [new Uint8Array([104, 105]), 'application/octet-stream', 'hi'],
  [null, null, ''],
])('the body %j is answered as %s', async (body, type, text) => {
  const answer = toResponse({ status: 201, body, headers: { 'x-a': 'b' } })
  expect([answer.status, answer.headers.get('content-type'), answer.headers.get('x-a'), await answer.text()]).toEqual([
    ...[201, type, 'b', text],
  ])
  const own = toResponse({ status: 200, body, headers: { 'content-type': 'text/x' } })
  expect(own.headers.get('content-type')).toBe('text/x')
})

describe('a link in a notification', () => {
  it.each([
    ['https://vakt.example.org', true],
    ['http://192.168.1.2:8080', true],
    ['http://localhost:8080', false],
    ['http://127.0.0.1', false],
    ['http://[::1]', false],
    ['nothing', false],
  ])('to %s is made: %s', (url, isMade) => {
    const link = createLinks(memoryState(), createFakeClock(NOW), () => url).create('ack 1', 'ntfy:a')
    if (isMade) expect(link).toMatch(new RegExp(`^${url}/ack/[\\w-]{32}$`))
    else expect(link).toBeNull()
  })

  it('acts once, within a week, for its channel; opening it changes nothing', async () => {
    const state = memoryState()
    const clock = createFakeClock(NOW)
    const ran: { line: string; by: object }[] = []
    let isOk = true
    const dispatcher = {
      async run({ line }: { line: string }, by: object) {
        ran.push({ line, by })
        return isOk ? { ok: true } : { ok: false, problem: new Problem('conflict', 'It is resolved.') }
      },
    }
    const app = pressLinkRoutes({ state, clock, dispatcher: dispatcher as never })
    const link = () => `/ack/${createPressLink(state, 'ack 1', 'ntfy:a', clock.now())}`
    const ask = async (path: string, method = 'GET') => {
      const answer = await app.request(path, { method })
      return `${answer.status} ${(await answer.text()).replace(/^.*<h1>|<[^>]+>/gs, ' ')}`
    }
    const own = link()
    expect(await ask(own)).toMatch(/^200 .*The alert is not stored any more.*nothing left/)
    expect(ran).toEqual([])
    expect(await ask(own, 'POST')).toMatch(/^200 .*Acknowledged/)
    expect(ran).toMatchObject([
      { line: 'ack 1', by: { platform: 'ntfy', id: 'ntfy:a', name: 'ntfy:a', ownRole: 'responder', admin: false } },
    ])
    expect(await ask(own, 'POST')).toMatch(/^409 .*was used before/)
    expect(ran).toHaveLength(1)
    isOk = false
    expect(await ask(link(), 'POST')).toMatch(/^409 .*It is resolved\./)
    const late = link()
    await clock.advance(7 * DAY)
    for (const [path, method] of [
      [late, 'GET'],
      [late, 'POST'],
      ['/ack/none', 'GET'],
      ['/ack/none', 'POST'],
    ] as const)
      expect(await ask(path, method)).toMatch(/^404 .*does not work/)
    expect(ran).toHaveLength(2)
  })
})
