// Which check a ping URL means: by uuid, by ping key and slug, and made on the way when it says so.
import { describe, expect, it } from 'vitest'
import { startPings } from '../../testing/pings.ts'
import { readPingUrl } from './ping-url.ts'

const NOBODY = '07c2f548-9850-4b27-af5d-6c9dc157ec02'

const said = async (response: Response) => [response.status, await response.text()]

describe('a uuid URL', () => {
  it.each([
    ['6: not a uuid', '/ping/not-uuid/', 404, 'not found'],
    ['7: a uuid without dashes', `/ping/${NOBODY.replaceAll('-', '')}/`, 404, 'not found'],
    ['8: a uuid of no check', `/ping/${NOBODY}/`, 404, 'not found'],
    ['8: the same with an action', `/ping/${NOBODY}/fail`, 404, 'not found'],
    ['8: and with an exit status that would be refused', `/ping/${NOBODY}/256`, 404, 'not found'],
    ['a uuid in uppercase', `/ping/${NOBODY.toUpperCase()}`, 404, 'not found'],
    ['nothing', '/ping/', 404, 'not found'],
    ['a path too long', `/ping/${NOBODY}/start/1`, 404, 'not found'],
    ['a slash too many', `/ping//${NOBODY}`, 404, 'not found'],
    ['escaped characters', '/ping/key/caf%C3%A9', 404, 'not found'],
  ])('of %s is answered with 404 and none of the headers of a beat', async (_, path, status, text) => {
    const { app } = await startPings()
    const response = await app.request(path)
    expect(await said(response)).toEqual([status, text])
    for (const name of ['access-control-allow-origin', 'ping-body-limit', 'cache-control'])
      expect(response.headers.get(name)).toBeNull()
  })

  it('may end in a slash, its action may not', async () => {
    const { ping, check } = await startPings()
    expect(await said(await ping('/'))).toEqual([200, 'OK'])
    expect(await said(await ping('/start/'))).toEqual([404, 'not found'])
    expect(await check()).toMatchObject({ beats: 1 })
  })

  it('with an action in uppercase is malformed, and one with an unknown action is not found', async () => {
    const { ping, check } = await startPings()
    expect(await said(await ping('/FAIL'))).toEqual([400, 'invalid url format'])
    expect(await said(await ping('/stop'))).toEqual([404, 'not found'])
    expect(await check()).toMatchObject({ beats: 0, status: 'new' })
  })

  it('is never cached, 14, and may carry a query that means nothing', async () => {
    const { ping } = await startPings()
    const response = await ping('?create=1&x=%zz&period=never')
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toContain('no-cache')
  })

  it('stops working with its check, and changes with it at once', async () => {
    const { app, ping, beats } = await startPings()
    await ping()
    await app.result('checks edit job --methods POST')
    await ping()
    await app.result('checks edit job --rename jobs')
    await ping('', { method: 'POST' })
    expect((await beats('jobs')).map(beat => beat.kind)).toEqual(['success', 'ignored', 'success'])
    await app.result('checks remove jobs --yes')
    expect(await said(await ping())).toEqual([404, 'not found'])
  })
})

describe('a slug URL', () => {
  it('takes every action, and any method', async () => {
    const { app, key, beats } = await startPings()
    const signals = ['', '/start', '/fail', '/log', '/0', '/3', '?rid=04603d8b-edf4-4e85-8f61-24bedbcaab59']
    for (const signal of signals) {
      const response = await app.request(`/ping/${key}/job${signal}`, { method: 'POST' })
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(await said(response)).toEqual([200, 'OK'])
    }
    const kinds = (await beats()).map(beat => beat.kind).reverse()
    expect(kinds).toEqual(['success', 'start', 'fail', 'log', 'success', 'fail', 'success'])
  })

  it.each([
    ['34: a wrong ping key', () => '/ping/rrrrrrrrrrrrrrrrrrrrrr/job', 404, 'not found'],
    ['34: an uppercase slug', (key: string) => `/ping/${key}/jobJOB`, 400, 'invalid url format'],
    ['34: an uppercase slug even with a wrong key', () => '/ping/rrrr/JOB', 400, 'invalid url format'],
    ['36: an unknown slug', (key: string) => `/ping/${key}/other`, 404, 'not found'],
    ['an unknown slug whose exit status would be refused', (key: string) => `/ping/${key}/other/256`, 404, 'not found'],
    ['a slash at its end', (key: string) => `/ping/${key}/job/`, 404, 'not found'],
    ['an uppercase action', (key: string) => `/ping/${key}/job/FAIL`, 404, 'not found'],
    ['create with another value', (key: string) => `/ping/${key}/other?create=true`, 404, 'not found'],
    ['create with a wrong key', () => '/ping/rrrr/other?create=1', 404, 'not found'],
  ])('with %s makes nothing', async (_, path, status, text) => {
    const { app, key, count } = await startPings()
    expect(await said(await app.request(path(key)))).toEqual([status, text])
    expect(await count()).toBe(1)
  })

  it('34: that fits two checks is ambiguous, and neither beats', async () => {
    const { app, key, check } = await startPings()
    await app.result('checks add "JOB!"')
    // Names no longer give one slug to two checks; older data folders have such checks.
    app.state.prepare("update checks set slug = 'job'").run()
    expect(await said(await app.request(`/ping/${key}/job?create=1`))).toEqual([409, 'ambiguous slug'])
    expect(await check()).toMatchObject({ beats: 0 })
    expect(await check('"JOB!"')).toMatchObject({ beats: 0 })
  })

  it('reaches only the checks of its own project', async () => {
    const { app, key } = await startPings()
    await app.result('projects add shop')
    await app.result('checks add cart --project shop')
    expect(await said(await app.request(`/ping/${key}/cart`))).toEqual([404, 'not found'])
  })
})

describe('create=1', () => {
  it('35: makes a check with one beat that alerts everywhere, and the next time finds it', async () => {
    const { app, key, check, count } = await startPings()
    const response = await app.request(`/ping/${key}/fresh?create=1`)
    expect(await said(response)).toEqual([201, 'Created'])
    expect(response.headers.get('ping-body-limit')).toBe('100000')
    const schedule = expect.objectContaining({ every_ms: 86_400_000, grace_ms: 7_200_000 })
    expect(await check('fresh')).toMatchObject({ name: 'fresh', slug: 'fresh', status: 'up', beats: 1, schedule })
    expect(await said(await app.request(`/ping/${key}/fresh?create=1`))).toEqual([200, 'OK'])
    expect(await count()).toBe(2)
    await app.passes('26h')
    expect(app.channel.messages.map(message => message.card.title)).toEqual(['Critical: fresh sent no beat'])
  })

  it.each([
    ['period=1h&grace=5m', 3_600_000, 300_000],
    ['period=90&grace=30', 90_000, 30_000],
    ['grace=1s', 86_400_000, 1_000],
    ['period=10m', 600_000, 300_000],
    ['period=365d', 365 * 86_400_000, 7_200_000],
  ])('may say %s', async (query, every_ms, grace_ms) => {
    const { app, key, check } = await startPings()
    expect((await app.request(`/ping/${key}/fresh/start?create=1&${query}`)).status).toBe(201)
    const schedule = expect.objectContaining({ every_ms, grace_ms })
    expect(await check('fresh')).toMatchObject({ status: 'new', started: true, schedule })
  })

  it.each([
    ['fresh?create=1&period=soon', 400, /^invalid period: use a duration from 1s to 365d/],
    ['fresh?create=1&period=', 400, /^invalid period/],
    ['fresh?create=1&period=0', 400, /^invalid period/],
    ['fresh?create=1&period=366d', 400, /^invalid period/],
    ['fresh?create=1&period=1h&grace=-5', 400, /^invalid grace/],
    ['fresh/256?create=1', 400, /^invalid url format$/],
    ['fresh/256?create=1&rid=bad&period=bad', 400, /^invalid url format$/],
    ['fresh?create=1&rid=bad&period=bad', 400, /^invalid uuid format$/],
    ['FRESH?create=1', 400, /^invalid url format$/],
    [`${'a'.repeat(101)}?create=1`, 400, /^invalid slug: use at most 100 characters$/],
  ])('that is refused leaves no check behind: %s', async (path, status, text) => {
    const { app, key, count } = await startPings()
    const response = await app.request(`/ping/${key}/${path}`)
    expect(response.status).toBe(status)
    expect(await response.text()).toMatch(text)
    expect(await count()).toBe(1)
  })

  it('does not mind what it says when the check is there already', async () => {
    const { app, key } = await startPings()
    expect(await said(await app.request(`/ping/${key}/job?create=1&period=soon`))).toEqual([200, 'OK'])
  })

  it.each(['a--b', '-a-', '_', '007'])('makes the check %s once, also when it was added by that name', async slug => {
    const { app, key, check } = await startPings()
    await app.result(`checks add -- ${slug}`)
    expect(await said(await app.request(`/ping/${key}/${slug}?create=1`))).toEqual([200, 'OK'])
    expect(await check(`-- ${slug}`)).toMatchObject({ beats: 1, slug })
  })

  it('by many at once makes one check', async () => {
    const { app, key, check, count } = await startPings()
    const responses = await Promise.all(Array.from({ length: 20 }, () => app.request(`/ping/${key}/fresh?create=1`)))
    expect(responses.map(response => response.status).sort()).toEqual([...Array(19).fill(200), 201])
    expect(await count()).toBe(2)
    expect(await check('fresh')).toMatchObject({ beats: 20 })
  })
})

it('a path is read to the letter', () => {
  const uuid = NOBODY
  expect(readPingUrl(`/ping/${uuid}/007`)).toEqual({ kind: 'ping', ping: { uuid, signal: 'fail', exitStatus: 7 } })
  expect(readPingUrl('/ping/key/slug/00')).toEqual({
    kind: 'ping',
    ping: { pingKey: 'key', slug: 'slug', signal: 'success', exitStatus: 0 },
  })
  expect(readPingUrl(`/ping/${uuid}\n`)).toEqual({ kind: 'unknown' })
})
