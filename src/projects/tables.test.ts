// The tables of projects, keys, roles, signatures and limits: which rows each query finds, and what each change ends.
import { beforeEach, describe, expect, it } from 'vitest'
import { setQuietHours } from '../alerts/suppression/quiet-hours.ts'
import { setThresholds } from '../alerts/suppression/settings.ts'
import { addSilence, readSilenceIndex } from '../alerts/suppression/silences.ts'
import { addCheck, readCheckByUuid } from '../checks/checks.ts'
import { saveSearch } from '../logs/searches.ts'
import { memoryState, type State } from '../state/database.ts'
import { createFakeClock } from '../testing/fake-clock.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { pruneAudit, readAudit, writeAudit } from './audit.ts'
import { loadOrCreateConnectKey } from './connect-keys.ts'
import { EmitterLimits, emitterOf } from './emitter-limit.ts'
import {
  createKey,
  findLiveKey,
  isKeyLive,
  listKeyIds,
  listKeys,
  readKey,
  readKeyById,
  readKeyBySecret,
  revokeKey,
} from './keys.ts'
import {
  addProject,
  editProject,
  findProject,
  listProjects,
  listUnpurgedProjects,
  markPurged,
  type Project,
  readProjectById,
  readProjectByLogName,
  readProjectByPingKey,
  removeProject,
  retentionOf,
  rotatePingKey,
  shownProjectName,
} from './projects.ts'
import { createRates } from './rates.ts'
import { REFUSED_BYTES_PER_MINUTE, RefusedWork } from './refused-work.ts'
import { listRoles, removeRole, roleAllows, roleOf, setRole } from './roles.ts'
import { claimSignature, claimSignatureFor, pruneSignatures, releaseSignature } from './signatures.ts'
import { createVault } from './vault.ts'

const NOW = 1_000 * DAY
const vault = createVault(Buffer.alloc(32, 7))
let state: State
let first: Project
let shop: Project
beforeEach(() => {
  state = memoryState()
  ;[first, shop] = ['default', 'shop'].map(name => addProject(state, name, NOW)) as [Project, Project]
})

describe('a project', () => {
  it('has a name of its own, in small letters', () => {
    for (const name of ['', 'A', '-a', 'a b', 'x'.repeat(65)])
      expect(() => addProject(state, name, NOW)).toThrow(
        expect.objectContaining({ code: 'invalid', fields: { name: expect.any(String) } }),
      )
    expect(() => addProject(state, 'shop', NOW)).toThrow(
      expect.objectContaining({ code: 'conflict', fields: { name: 'is taken' } }),
    )
    expect(addProject(state, 'x'.repeat(64), NOW)).toMatchObject({
      remindEvery: 4 * HOUR,
      lineLimit: 50_000,
      createdAt: NOW,
    })
    expect(() => editProject(state, shop.id, { name: 'default' })).toThrow(
      expect.objectContaining({ fields: { rename: 'is taken' } }),
    )
    expect(() => editProject(state, first.id, { name: 'x' })).toThrow('it cannot be renamed')
    expect(editProject(state, first.id, { name: 'default', rateLimit: 5 }).rateLimit).toBe(5)
    expect(editProject(state, shop.id, {})).toEqual(shop)
    expect(listProjects(state).map(({ name }) => name)).toEqual(['default', 'shop', 'x'.repeat(64)])
    expect([findProject(state).id, findProject(state, 'shop').id]).toEqual([first.id, shop.id])
    expect(() => findProject(state, 'blog')).toThrow('There is no project "blog". Projects: default, shop,')
  })

  it('is found by its ping key until that is changed, and by what its lines are stored under for ever', () => {
    expect([first.logName, shop.logName]).toEqual(['default', expect.stringMatching(/^shop~[0-9a-f]{12}$/)])
    expect(readProjectByPingKey(state, shop.pingKey)?.id).toBe(shop.id)
    const { pingKey } = rotatePingKey(state, shop.id)
    expect([
      readProjectByPingKey(state, shop.pingKey),
      readProjectByPingKey(state, pingKey)?.id,
      pingKey.length,
    ]).toEqual([undefined, shop.id, 22])
    expect(readProjectByLogName(state, shop.logName)?.name).toBe('shop')
    editProject(state, shop.id, { name: 'store' })
    expect([shownProjectName(state, shop.logName), readProjectByLogName(state, 'shop~0')]).toEqual(['store', undefined])
    expect(readProjectById(state, 99)).toBeUndefined()
    expect(retentionOf({ ...shop, retention: null }, DAY)).toMatchObject({ project: 'shop', retentionMs: DAY })
    expect(retentionOf({ ...shop, retention: 5 }, DAY).retentionMs).toBe(5)
  })

  it('that is removed leaves nothing, and its lines are to be purged under their own name', () => {
    const check = addCheck(
      state,
      { projectId: shop.id, name: 'job', timeZone: 'UTC', grace: 1, every: HOUR, severity: 'info' },
      NOW,
    )
    const { secret } = createKey(state, vault, shop, { role: 'intake', signed: false }, NOW)
    const silence = (projectId: number | null) =>
      addSilence(state, { projectId, matcher: '', reason: null, by: 'Ann', endsAt: NOW + DAY }, NOW)
    for (const projectId of [shop.id, first.id]) {
      silence(projectId)
      setQuietHours(state, projectId, { hours: null, timeZone: 'UTC', by: 'Ann' }, NOW)
      setThresholds(state, projectId, { stormRate: 1 })
      saveSearch(state, { name: 'x', projectId, query: 'x', savedBy: 'Ann', savedAt: NOW })
    }
    expect([
      readCheckByUuid(state, check.uuid)?.id,
      readKeyBySecret(state, secret)?.project.id,
      readSilenceIndex(state).generalCount,
    ]).toEqual([check.id, shop.id, 2])
    expect(() => removeProject(state, first, NOW)).toThrow('it cannot be removed')
    let isTold = false
    state.onCommit(topics => {
      if (topics.has('keys')) isTold = true
    })
    removeProject(state, shop, NOW + 1)
    expect(isTold).toBe(true)
    expect([
      readCheckByUuid(state, check.uuid),
      readKeyBySecret(state, secret),
      readSilenceIndex(state).generalCount,
    ]).toEqual([undefined, undefined, 1])
    const left = (table: string) =>
      state
        .prepare<[], { id: number }>(`select project_id as id from ${table}`)
        .all()
        .map(({ id }) => id)
    expect(['quiet_hours', 'suppression_settings', 'saved_searches'].map(left)).toEqual([
      [first.id],
      [first.id],
      [first.id],
    ])
    expect(listUnpurgedProjects(state)).toMatchObject([{ name: 'shop', logName: shop.logName, removedAt: NOW + 1 }])
    expect(shownProjectName(state, shop.logName)).toBe('shop')
    const again = addProject(state, 'shop', NOW)
    expect([shownProjectName(state, shop.logName), shownProjectName(state, again.logName)]).toEqual([
      'shop (removed)',
      'shop',
    ])
    markPurged(state, 'other', NOW)
    expect(listUnpurgedProjects(state)).toHaveLength(1)
    markPurged(state, shop.logName, NOW + 2)
    expect(listUnpurgedProjects(state)).toEqual([])
  })
})

describe('a key', () => {
  const create = (project: Project, at = NOW, more: object = {}) =>
    createKey(state, vault, project, { role: 'intake', signed: false, ...more }, at)
  it('is found by its secret until it is revoked', () => {
    const { key, secret } = create(shop)
    expect([
      secret.length,
      key.secretSealed,
      readKeyBySecret(state, secret)?.key.id,
      readKeyBySecret(state, 'no'),
    ]).toEqual([45, null, key.id, undefined])
    expect([
      isKeyLive(state, key.id),
      isKeyLive(state, 'no'),
      readKey(state, key.id)?.project,
      readKey(state, 'no'),
    ]).toEqual([true, false, 'shop', undefined])
    let told = 0
    state.onCommit(topics => {
      if (topics.has('keys')) told++
    })
    expect([revokeKey(state, key.id, NOW + 1).revokedAt, told]).toEqual([NOW + 1, 1])
    expect([
      readKeyBySecret(state, secret),
      isKeyLive(state, key.id),
      readKeyById(state, key.id)?.project.id,
      readKeyById(state, 'no'),
    ]).toEqual([undefined, false, shop.id, undefined])
    expect(() => revokeKey(state, key.id, NOW)).toThrow('is already revoked')
    expect(() => findLiveKey(state, 'no')).toThrow(expect.objectContaining({ code: 'not_found' }))
    expect(() => create(first, NOW, { secret })).toThrow('Another key has this secret')
    expect(create(first, NOW, { secret: 'own' }).secret).toBe('own')
  })

  it('is listed oldest first, of a project or of all', () => {
    const ids = [create(shop, NOW + 1), create(first, NOW + 2), create(shop, NOW)].map(({ key }) => key.id)
    expect(listKeys(state).map(({ key, project }) => `${key.id} ${project}`)).toEqual([
      `${ids[2]} shop`,
      `${ids[0]} shop`,
      `${ids[1]} default`,
    ])
    expect([listKeyIds(state), listKeyIds(state, shop)]).toEqual([
      [ids[2], ids[0], ids[1]],
      [ids[2], ids[0]],
    ])
  })

  it('can be read again only where that was asked for, or it signs', () => {
    const readable = (more: object) => {
      const { key, secret } = create(shop, NOW, more)
      return key.secretSealed !== null && vault.open(key.secretSealed) === secret
    }
    expect([readable({}), readable({ signed: true }), readable({ isReadable: true })]).toEqual([false, true, true])
    expect(() => createVault(Buffer.alloc(32, 8)).open(vault.seal('x'))).toThrow('A stored secret cannot be decrypted')
  })

  it('of ready-made texts is the same until it is revoked', () => {
    for (const more of [{}, { signed: true }, { role: 'admin', isReadable: true }]) create(shop, NOW, more)
    create(first, NOW, { isReadable: true })
    const load = () => loadOrCreateConnectKey(state, vault, shop, NOW)
    const { key, secret } = load()
    expect(key).toMatchObject({ role: 'intake', signed: false, projectId: shop.id })
    expect(load()).toMatchObject({ key: { id: key.id }, secret })
    revokeKey(state, key.id, NOW)
    expect(load().key.id).not.toBe(key.id)
  })
})

describe('the role of a person', () => {
  const grant = (subject: string, role: 'viewer' | 'responder' | 'admin', platform = 'slack') =>
    setRole(state, { platform, subject, role, setBy: 'Ann' } as never, NOW)
  const role = (more: object = {}, standard?: 'viewer') =>
    roleOf(state, { platform: 'slack', id: 'U1', groups: ['G1', 'G2'], admin: false, ...more }, standard)
  it('is that of its key, of the platform, its own, the highest of its groups, or the default', () => {
    expect([role(), role({}, 'viewer'), role({ admin: true })]).toEqual(['responder', 'viewer', 'admin'])
    grant('U1', 'admin', 'discord')
    grant('U2', 'admin')
    expect(role()).toBe('responder')
    grant('G1', 'viewer')
    expect(role()).toBe('viewer')
    grant('G2', 'admin')
    expect(role()).toBe('admin')
    grant('U1', 'viewer')
    expect([role(), role({ admin: true, key: { role: 'responder' } })]).toEqual(['viewer', 'responder'])
    expect([role({ ownRole: 'responder' }), role({ ownRole: 'viewer', admin: true })]).toEqual(['responder', 'admin'])
    expect(grant('U1', 'responder').role).toBe('responder')
    expect(listRoles(state).map(({ platform, subject }) => `${platform} ${subject}`)).toEqual([
      ...['discord U1', 'slack G1', 'slack G2', 'slack U1', 'slack U2'],
    ])
    removeRole(state, 'slack', 'U1')
    expect([role(), listRoles(state).length]).toEqual(['admin', 4])
    expect(() => removeRole(state, 'slack', 'U1')).toThrow(expect.objectContaining({ code: 'not_found' }))
    expect([
      roleAllows('responder', 'viewer'),
      roleAllows('responder', 'responder'),
      roleAllows('viewer', 'responder'),
    ]).toEqual([true, true, false])
  })
})

it('a signature is accepted once, and a record of a satellite from that satellite only', () => {
  expect([claimSignature(state, 'a', NOW), claimSignature(state, 'a', NOW)]).toEqual([true, false])
  releaseSignature(state, 'b')
  expect(claimSignature(state, 'a', NOW)).toBe(false)
  releaseSignature(state, 'a')
  expect(claimSignature(state, 'a', NOW)).toBe(true)
  const owned = (owner: string) => claimSignatureFor(state, 'b', owner, NOW + 1)
  expect([
    owned('s1'),
    owned('s1'),
    owned('s2'),
    claimSignature(state, 'b', NOW),
    claimSignatureFor(state, 'a', 's1', NOW),
  ]).toEqual([true, true, false, false, false])
  pruneSignatures(state, NOW + DAY)
  expect([claimSignature(state, 'a', NOW), claimSignature(state, 'b', NOW)]).toEqual([false, false])
  pruneSignatures(state, NOW + DAY + 1)
  expect([claimSignature(state, 'a', NOW), claimSignature(state, 'b', NOW)]).toEqual([true, false])
})

describe('limits', () => {
  it('of emitters go below zero by one batch, and say when the first may send again', () => {
    const limits = new EmitterLimits()
    const charge = (source: string, count: number, at: number) =>
      limits.charge(1, [{ source, host: 'h', count }], 100, at)
    const used = (at: number) => limits.usedUp(1, 100, at)
    charge('a', 100, 0)
    expect(used(0)).toEqual({ emitters: [emitterOf({ source: 'a', host: 'h' })], retryAfterMs: SECOND })
    expect(used(1)).toEqual({ emitters: [], retryAfterMs: expect.any(Number) })
    charge('b', 300, 0)
    charge('c', 150, 0)
    expect(used(0)).toMatchObject({ emitters: { length: 2 }, retryAfterMs: MINUTE / 2 })
    expect(used(MINUTE / 2 + 1).emitters).toEqual([emitterOf({ source: 'b', host: 'h' })])
    expect(used(2 * MINUTE).emitters).toHaveLength(1)
    expect(used(2 * MINUTE + 1).emitters).toEqual([])
    // A bucket fills up to the limit, and a clock that goes back empties none.
    charge('d', 1, 0)
    charge('d', 100, 10 * MINUTE)
    expect(used(10 * MINUTE).emitters).toHaveLength(1)
    charge('e', 50, 10 * MINUTE)
    charge('e', 49, 0)
    expect(limits.usedUp(1, 100, 0).emitters).not.toContain(emitterOf({ source: 'e', host: 'h' }))
  })

  it('of refused work wait as long as they owe, at least a second', () => {
    const refused = new RefusedWork()
    refused.charge('a', REFUSED_BYTES_PER_MINUTE, 0)
    expect(refused.waitFor('a', 0)).toBe(SECOND)
    expect(refused.waitFor('a', 1)).toBe(0)
    refused.charge('b', REFUSED_BYTES_PER_MINUTE - 1, 0)
    expect(refused.waitFor('b', 0)).toBe(0)
    refused.charge('b', 1, 0)
    expect(refused.waitFor('b', 0)).toBe(SECOND)
    refused.charge('c', 1.5 * REFUSED_BYTES_PER_MINUTE, 0)
    expect([refused.waitFor('c', 0), refused.waitFor('c', MINUTE / 4)]).toEqual([MINUTE / 2, MINUTE / 4])
    refused.charge('d', 1, 0)
    refused.charge('d', REFUSED_BYTES_PER_MINUTE, 10 * MINUTE)
    expect(refused.waitFor('d', 10 * MINUTE)).toBe(SECOND)
  })

  it('a minute count what other doors used, as recent as it is', () => {
    const clock = createFakeClock(10 * MINUTE)
    const rates = createRates(state, clock)
    const at = 10 * MINUTE + 30 * SECOND
    rates.take('p', 30, 100, at)
    expect(rates.used(at)).toEqual([{ key: 'p', minute: 10, used: 30 }])
    expect(rates.used(at + MINUTE)).toEqual([{ key: 'p', minute: 10, used: 30 }])
    expect(rates.used(at + 2 * MINUTE)).toEqual([])
    rates.setElsewhere(
      'b',
      [
        { key: 'p', minute: 10, used: 50 },
        { key: 'p', minute: 9, used: 20 },
        { key: 'p', minute: 8, used: 999 },
        { key: 'p', minute: 12, used: 999 },
      ],
      at,
    )
    rates.setElsewhere('c', [{ key: 'q', minute: 11, used: 5 }], at)
    expect(rates.take('p', 10, 100, at)).toEqual({ ok: true })
    expect(rates.waitFor('p', 1, 100, at)).toBeGreaterThan(0)
    expect(rates.usedBeside('b', at)).toEqual([
      { key: 'p', minute: 10, used: 40 },
      { key: 'q', minute: 11, used: 5 },
    ])
    expect(rates.usedBeside('c', at)).toEqual([
      { key: 'p', minute: 10, used: 90 },
      { key: 'p', minute: 9, used: 20 },
    ])
    rates.setElsewhere('b', [], at)
    expect([rates.waitFor('p', 60, 100, at), rates.waitFor('p', 61, 100, at)]).toEqual([0, 30_000])
    // In the next minute what was used before fades: 40 of which three quarters count, then half.
    expect(rates.waitFor('p', 70, 100, 11 * MINUTE + 15 * SECOND)).toBe(0)
    expect(rates.waitFor('p', 80, 100, 11 * MINUTE + 15 * SECOND)).toBe(15 * SECOND)
    expect(rates.waitFor('p', 70.1, 100, 11 * MINUTE + 15 * SECOND)).toBe(1_000)
  })
})

it('the audit is read newest first, before a row, and kept for 400 days', () => {
  const by = { platform: 'discord', id: '1', name: 'Ann', address: '192.0.2.1', keyId: 'k_1' }
  writeAudit(state, by, 'a', 'done', NOW - 400 * DAY)
  writeAudit(state, by, 'b', 'done', NOW - 400 * DAY, { count: 3, keyId: 'k_2' })
  writeAudit(state, { platform: 'x', id: '2', name: 'Ben' }, 'c', 'refused', NOW)
  expect(readAudit(state, 9).map(({ line, address, keyId, count }) => [line, address, keyId, count])).toEqual([
    ['c', null, null, null],
    ['b', '192.0.2.1', 'k_2', 3],
    ['a', '192.0.2.1', 'k_1', null],
  ])
  expect([readAudit(state, 1)[0]!.line, readAudit(state, 9, 3).map(({ line }) => line)]).toEqual(['c', ['b', 'a']])
  pruneAudit(state, NOW)
  expect(readAudit(state, 9)).toHaveLength(3)
  pruneAudit(state, NOW + 1)
  expect(readAudit(state, 9).map(({ id }) => id)).toEqual([4, 3])
})
