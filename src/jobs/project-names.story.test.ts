// Log lines belong to a project, not to its name: renamed, removed and reused names, at every door that reads or deletes lines.
import { beforeEach, describe, expect, it } from 'vitest'
import { findProject } from '../projects/projects.ts'
import { useLogs } from '../testing/logs-story.ts'
import type { SigningKey } from '../testing/sign.ts'

const logs = useLogs()
/** The store works in real time, however busy the machine is. */
const PATIENT = { timeout: 20_000, interval: 5 }
type Found = { logs: { project: string; message: string; id: string }[]; total: number }

const newKey = async (project: string, role: string) =>
  (await logs.app.result<{ key: SigningKey }>(`keys create ${project} --role ${role}`)).key.secret

async function sends(project: string, message: string) {
  const secret = await newKey(project, 'intake')
  const response = await logs.sends({ message, level: 'error', source: 'api', host: 'h' }, { 'x-api-key': secret })
  expect(response.status).toBe(200)
}

/** Everything that a project's own key can read, through every reader. */
async function readsAll(project: string) {
  const headers = { 'x-api-key': await newKey(project, 'viewer') }
  const get = async (path: string) => (await logs.app.request(path, { headers })).text()
  const run = async (line: string) =>
    (await logs.app.request('/api/commands', { method: 'POST', headers, body: JSON.stringify({ line }) })).text()
  const { logs: found } = JSON.parse(await get('/api/logs')) as Found
  const texts = [
    ...[
      await get('/api/logs?q=level%3E%3Dtrace'),
      await get('/api/logs?q=project:*'),
      await get('/api/logs?format=csv'),
    ],
    ...[await run('logs search level>=trace'), await run('logs top message'), await run('logs patterns')],
    ...[await run('errors list'), await run('logs stats'), await run('logs search project:shop')],
  ]
  return { found, all: texts.join('\n') }
}

beforeEach(async () => {
  for (const project of ['shop', 'bank']) await logs.app.result(`projects add ${project}`)
  await sends('shop', 'salaries of shop')
  await sends('bank', 'bank of others')
})

describe('a renamed project', () => {
  it('takes its lines along, under its new name', async () => {
    await logs.app.result('projects edit shop --rename store')
    await sends('store', 'after the rename')
    const { found } = await readsAll('store')
    expect(found.map(line => [line.project, line.message])).toEqual([
      ['store', 'after the rename'],
      ['store', 'salaries of shop'],
    ])
    for (const query of ['project:store', 'project:STORE', 'project:st*', 'project:*or*'])
      expect((await logs.app.result<Found>(`logs search ${query}`)).total).toBe(2)
    for (const query of ['project:shop', 'project:sh*'])
      expect([query, (await logs.app.result<Found>(`logs search ${query}`)).total]).toEqual([query, 0])
    expect((await logs.app.result<Found>('logs search -project:store')).logs.map(({ project }) => project)).toEqual([
      'bank',
    ])
    const [line] = found
    const { log } = (await (
      await logs.app.request(`/api/logs/${line!.id}`, { headers: { 'x-api-key': await newKey('store', 'viewer') } })
    ).json()) as { log: { project: string } }
    expect(log.project).toBe('store')
    expect(await logs.app.answerText(`logs context ${line!.id}`)).toContain('after the rename')
  })

  it('leaves nothing to whoever takes its former name, by adding or by renaming', async () => {
    await logs.app.result('projects edit shop --rename store')
    await logs.app.result('projects add shop')
    expect((await readsAll('shop')).all).not.toContain('salaries')
    await logs.app.result('projects edit shop --rename other')
    await logs.app.result('projects edit bank --rename shop')
    expect((await readsAll('shop')).found.map(({ message }) => message)).toEqual(['bank of others'])
    expect((await readsAll('store')).found.map(({ message }) => message)).toEqual(['salaries of shop'])
  })

  it('deletes its own lines only: a purge by the new name, none by the former', async () => {
    await logs.app.result('projects edit shop --rename store')
    await logs.app.result('projects edit bank --rename shop')
    const headers = { 'x-api-key': await newKey('shop', 'admin') }
    const response = await logs.app.request('/api/logs?all=true', { method: 'DELETE', headers })
    expect(await response.json()).toEqual({ removed: 1 })
    expect((await readsAll('store')).found).toHaveLength(1)
  })

  it('keeps the retention of its tags', async () => {
    await logs.app.result('projects edit shop --tag-retention short=1h')
    const secret = await newKey('shop', 'intake')
    await logs.sends({ message: 'passing', tags: ['short'] }, { 'x-api-key': secret })
    await logs.app.result('projects edit shop --rename store')
    await expect
      .poll(async () => {
        await logs.app.passes('20m')
        return (await logs.app.result<Found>('logs search project:store')).logs.map(({ message }) => message)
      }, PATIENT)
      .toEqual(['salaries of shop'])
  })
})

describe('a removed project', () => {
  it('asks with the number of lines, and takes them along, with a row in the audit', async () => {
    const asked = await logs.app.says('projects remove shop', { interactive: true })
    expect(logs.app.text(asked.card)).toContain('1 log line, and all its keys are deleted')
    expect(await logs.app.answerText('projects remove shop --yes')).toContain('1 log line deleted.')
    expect((await logs.app.result<Found>('logs search salaries')).total).toBe(0)
    expect((await logs.app.result<{ audit: object[] }>('audit --limit 1')).audit).toMatchObject([
      { line: 'projects remove shop --yes', outcome: 'done', count: 1 },
    ])
  })

  it('leaves nothing to a project that takes its name, even while its lines are still stored', async () => {
    const store = logs.app.state
      .prepare<[], { log_name: string }>("select log_name from projects where name = 'shop'")
      .get()!
    await logs.app.result('projects remove shop')
    await logs.app.result('projects add shop')
    // A request that was under way when the project was removed.
    await logs.store.append({
      ...{ body: new TextEncoder().encode('late salaries').buffer as ArrayBuffer, format: 'text', defaults: {} },
      ...{ project: store.log_name, receivedAt: logs.app.clock.now(), limits: { lines: 10, messageBytes: 1000 } },
      ...{ retentionMs: 3_600_000, privacy: {}, idempotencyKey: null },
    })
    expect((await readsAll('shop')).all).not.toContain('salaries')
    expect((await logs.app.result<Found>('logs search late')).logs[0]!.project).toBe('shop (removed)')
    expect((await logs.app.result<Found>('logs search late --project shop')).total).toBe(0)
    await expect.poll(unpurgedAfterAWhile, PATIENT).toBe(0)
    expect((await logs.app.result<Found>('logs search late')).total).toBe(0)
  })

  it('is purged later when its lines cannot be deleted now', async () => {
    const purge = logs.store.purge
    logs.store.purge = async () => {
      throw new Error('the disk is gone')
    }
    expect(await logs.app.answerText('projects remove shop --yes')).toContain('deleted within an hour')
    logs.store.purge = purge
    expect(unpurged()).toBe(1)
    await expect.poll(unpurgedAfterAWhile, PATIENT).toBe(0)
    expect((await logs.app.result<Found>('logs search salaries')).total).toBe(0)
  })

  it('takes its saved searches along', async () => {
    await logs.app.result('logs save mine salaries --project shop')
    await logs.app.result('projects remove shop --yes')
    await logs.app.result('projects add shop')
    expect((await logs.app.result<{ searches: object[] }>('logs saved --project shop')).searches).toEqual([])
  })
})

it('no two projects ever store under one name', async () => {
  const names = new Set<string>()
  for (let n = 0; n < 20; n++) {
    await logs.app.result('projects add again')
    names.add(findProject(logs.app.state, 'again').logName)
    await logs.app.result(n % 2 === 0 ? 'projects remove again --yes' : `projects edit again --rename again-${n}`)
  }
  expect(names.size).toBe(20)
})

describe('a saved search', () => {
  const asKey = async (project: string, line: string) => {
    const headers = { 'x-api-key': await newKey(project, 'responder') }
    const response = await logs.app.request('/api/commands', {
      method: 'POST',
      headers,
      body: JSON.stringify({ line }),
    })
    return response.text()
  }

  it('belongs to its project: no key of another one sees its name or its query', async () => {
    expect(await asKey('bank', 'logs save banksearch "level>=error of others"')).toContain('"ok":true')
    await logs.app.result('logs save ours "level>=warn"')
    expect(await asKey('bank', 'logs search @banksearch')).toContain('bank of others')
    for (const line of [
      'logs search @nosuch',
      'logs search @banksearch',
      'logs search @ours',
      'logs saved',
      'logs forget ours',
    ])
      expect(await asKey('shop', line)).not.toMatch(/@(banksearch|ours)|bank of others|"ours"/)
    // The same name in another project is another search.
    await asKey('shop', 'logs save banksearch salaries')
    expect(await asKey('shop', 'logs search @banksearch')).toContain('salaries of shop')
    expect(await asKey('shop', 'logs forget banksearch')).toContain('"ok":true')
    expect(await asKey('bank', 'logs search @banksearch')).toContain('bank of others')
  })

  it('of people works in every project, as before', async () => {
    await logs.app.result('logs save ours "level>=error"')
    expect((await logs.app.result<Found>('logs search @ours --project bank')).total).toBe(1)
  })
})

/** Maintenance waits for the store, which works in real time, between its ticks. */
async function unpurgedAfterAWhile() {
  await logs.app.passes('10m')
  return unpurged()
}

function unpurged() {
  const query = 'select count(*) as n from removed_projects where purged_at is null'
  return logs.app.state.prepare<[], { n: number }>(query).get()!.n
}
