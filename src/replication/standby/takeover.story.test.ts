// Stories of a stand-by that takes over with a copied state: beats that the copy misses raise no alarm, and one card says so.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../config/config.ts'
import { silentLogger } from '../../logger.ts'
import { openPlace } from '../../operations/backup/backup-place.ts'
import { createBackup } from '../../operations/backup/create-backup.ts'
import { openState } from '../../state/database.ts'
import { readValue, writeValue } from '../../state/key-value.ts'
import { copyOf, startApp, type TestApp } from '../../testing/app.ts'
import { createFakeClock, settled } from '../../testing/fake-clock.ts'
import { memoryLease } from '../../testing/memory-lease.ts'
import { until } from '../../testing/running.ts'
import { goOnDuty } from './duty.ts'
import { isStateOf, readMark, writeEpoch } from './lease-epoch.ts'
import { startReplicator } from './replicator.ts'

/** What happens between the last copy of the state and the death of the Vakt that wrote it, then another one 25 s later. */
async function takesOver(first: TestApp, lost: () => Promise<unknown>): Promise<TestApp> {
  const copy = copyOf(first.state)
  await lost()
  const { clock, channels } = first
  clock.forget()
  clock.sleep(25_000)
  return startApp({ takenOverFrom: 'vakt-a', after: { state: copy, clock, channels } })
}

const about = (app: TestApp, name: string) => app.titles().filter(title => title.includes(name))

describe('a Vakt that takes over', () => {
  it('posts one card that names the other one and what may be missing', async () => {
    const first = await startApp()
    const beat = await first.hasCheck('job --every 1h --grace 5m')
    await beat()
    await first.passes('10m3s')
    const app = await takesOver(first, async () => {})
    // The copy knows of nothing after its last sign of life, 3 s before.
    expect(app.titles()).toEqual(['Resolved: Taken over from vakt-a; up to 28 s of beats may be missing'])
    expect(app.cardText()).toMatch(/From .* to .* beats may be missing, also some that were answered 200\./)
    const { downtime } = await app.result<{ downtime: { kind: string } }>('status')
    expect(downtime.kind).toBe('takeover')
  })

  it.each([
    ['on time', '2h'],
    ['late, within the grace', '2h10m'],
    ['early, by less than the grace', '1h45m'],
  ])('does not alert about a job whose beat %s is missing in the copy, now or the next time', async (_, at) => {
    const first = await startApp()
    const beat = await first.hasCheck('report --every 2h --grace 30m')
    await beat()
    await first.passes(at)
    const app = await takesOver(first, beat)
    await app.passes('1h55m')
    const again = await app.result<{ check: { uuid: string } }>('checks show report')
    await app.request(`/ping/${again.check.uuid}`)
    await app.passes('1h55m')
    expect(about(app, 'Critical')).toEqual([])
    expect(await app.check('report')).toMatchObject({ status: 'up' })
  })

  it('names the job whose beat may be missing, and alerts when the next one does not come either', async () => {
    const first = await startApp()
    const beat = await first.hasCheck('report --every 2h --grace 30m')
    await beat()
    await first.passes('2h10m')
    const app = await takesOver(first, async () => {})
    expect(app.cardText()).toMatch(/evaluated at their next due time:\s+.*report/)
    await app.passes('2h')
    expect(about(app, 'Critical')).toEqual([])
    await app.passes('35m')
    expect(about(app, 'Critical')).toEqual(['Critical: report sent no beat'])
  })

  it('does not alert about a run whose end is missing in the copy', async () => {
    const first = await startApp()
    const beat = await first.hasCheck('import --every 4h --grace 1h --max-runtime 10m')
    await beat()
    await first.passes('1h')
    await beat('/start')
    await first.passes('5m')
    const app = await takesOver(first, beat)
    await app.passes('1h')
    expect(about(app, 'Critical')).toEqual([])
  })

  it('still alerts on time about a job that was not due then', async () => {
    const first = await startApp()
    const beat = await first.hasCheck('hourly --every 1h --grace 5m')
    await beat()
    await first.passes('20m')
    const app = await takesOver(first, async () => {})
    await app.passes('46m')
    expect(about(app, 'Critical')).toEqual(['Critical: hourly sent no beat'])
  })
})

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Two data folders and a lease between them. */
function twoFolders() {
  const root = mkdtempSync(join(tmpdir(), 'vakt-standby-'))
  folders.push(root)
  const [a, b, shared] = ['a', 'b', 'shared'].map(name => join(root, name)) as [string, string, string]
  for (const folder of [a, b, shared]) mkdirSync(folder)
  const clock = createFakeClock(Date.parse('2026-03-02T09:00:00Z'))
  const { store } = memoryLease()
  const time = {
    elapsedMs: clock.now,
    now: clock.now,
    after: (ms: number, task: () => void) => clock.at(clock.now() + ms, task),
  }
  const printed: string[] = []
  const lost: string[] = []
  const duty = (folder: string, standsBy: boolean, settings: Record<string, string> = {}) => {
    const environment = {
      DATA_DIR: folder,
      LEASE: join(shared, 'vakt.lease'),
      LEASE_NAME: folder === a ? 'vakt-a' : 'vakt-b',
      ...settings,
    }
    const ending = new AbortController()
    return goOnDuty({
      ...{ environment, store, time, standsBy, logger: silentLogger, signal: ending.signal },
      config: readConfig({ TZ: 'UTC', ...environment }),
      print: text => printed.push(text),
      onLost: sentence => lost.push(sentence),
    })
  }
  return { a, b, clock, printed, lost, duty }
}

const KEY = Buffer.alloc(32, 1).toString('base64')

describe('a stand-by', () => {
  it('waits, restores by its command, and moves its older state aside', async () => {
    const { a, b, clock, printed, duty } = twoFolders()
    const main = await duty(a, false)
    const state = openState(a, undefined, main.releaseFolder)
    main.begin(state)
    writeValue(state, 'alive', String(clock.now()))
    writeValue(state, 'greeted', 'by vakt-a')
    writeFileSync(join(b, 'vakt.db'), 'an older state')
    const command = `test "$VAKT_EPOCH" = 1 && cp ${a}/vakt.db "$VAKT_DB" && cp ${a}/vakt.db-wal "$VAKT_DB-wal"`
    let next: Awaited<ReturnType<typeof duty>> | null = null
    void duty(b, true, { RESTORE_COMMAND: command, VAULT_KEY: KEY }).then(begun => {
      next = begun
    })
    await until(async () => {
      await clock.advance(1_000)
      return printed.some(line => line.startsWith('A rehearsal'))
    }, 'the rehearsal')
    expect(printed[0]).toMatch(
      /^Standing by for vakt-a \(epoch 1\)\. This Vakt takes over when s3:\/\/bucket\/lease is not renewed for 20s\.$/,
    )
    expect(next).toBeNull()
    // The other one is gone: it neither renews nor releases.
    await main.end()
    const standby = await until(async () => {
      await clock.advance(2_000)
      return next
    }, 'the take-over')
    expect([standby.epoch, standby.takenOverFrom]).toEqual([2, 'vakt-a'])
    const copy = openState(b, undefined, standby.releaseFolder)
    standby.begin(copy)
    expect([readValue(copy, 'greeted'), readValue(copy, 'lease epoch')]).toEqual(['by vakt-a', '2'])
    const before = readdirSync(b).find(name => name.startsWith('before-restore-'))!
    expect(readFileSync(join(b, before, 'vakt.db'), 'utf8')).toBe('an older state')
    expect(() => writeValue(state, 'greeted', 'too late')).toThrow('released its lease')
    await standby.end()
    for (const open of [state, copy]) {
      open.setFence(() => {})
      open.close()
    }
  })

  it.each([
    [{}, 'Set RESTORE_COMMAND (such as "litestream restore …") or BACKUP_TO'],
    [{ RESTORE_COMMAND: 'true' }, 'Set VAULT_KEY to that of the main Vakt'],
    [{ BACKUP_TO: '/nowhere' }, 'Set VAULT_KEY to that of the main Vakt'],
  ])('with the settings %j says at once what it lacks', async (settings, message) => {
    const { b, duty } = twoFolders()
    await expect(duty(b, true, settings)).rejects.toThrow(message)
  })

  it('that restores from BACKUP_TO names the backup that it would take', async () => {
    const { a, b, clock, duty, printed } = twoFolders()
    const main = await duty(a, false)
    const state = openState(a, undefined, main.releaseFolder)
    const folder = join(a, 'backups')
    const options = { dataDir: a, version: '1', now: clock.now(), passphrase: null, workingFolder: a, onProgress() {} }
    await createBackup({ ...options, place: openPlace(folder, {}), signal: new AbortController().signal })
    void duty(b, true, { BACKUP_TO: folder, VAULT_KEY: KEY }).catch(() => {})
    await until(async () => {
      await clock.advance(1_000)
      return printed.some(line => line.startsWith(`A take-over would restore ${folder}/vakt-2`))
    }, 'the rehearsal')
    state.close()
  })

  it.each([
    ['echo no bucket >&2; exit 3', 'it ended with 3 (no bucket)'],
    ['true', 'it ended well and wrote no file to $VAKT_DB'],
    ['echo text > "$VAKT_DB"', 'what it wrote is no state of Vakt (file is not a database)'],
  ])('whose command is %j says so, gives the lease back, and keeps its folder', async (command, message) => {
    const { a, b, clock, duty } = twoFolders()
    const main = await duty(a, false)
    main.releaseFolder()
    await main.end()
    let failure: Error | null = null
    void duty(b, true, { RESTORE_COMMAND: command, VAULT_KEY: KEY }).catch(error => {
      failure = error
    })
    const { message: said } = await until(async () => {
      await clock.advance(1_000)
      return failure as Error | null
    }, 'the refusal')
    expect(said).toContain(`RESTORE_COMMAND brought no state: ${message}`)
    expect(readdirSync(b).filter(name => name !== 'vakt.lock' && !name.startsWith('vakt.lock'))).toEqual([])
  })
})

describe('a main Vakt', () => {
  it('refuses to start beside another one, and with a state that another one has overtaken', async () => {
    const { a, b, clock, duty, printed } = twoFolders()
    const main = await duty(a, false)
    let failure: Error | null = null
    void duty(b, false).catch(error => {
      failure = error
    })
    await until(async () => {
      await clock.advance(1_000)
      return failure
    }, 'the refusal')
    expect(printed[0]).toMatch(/^vakt-a \(epoch 1\) holds the lease/)
    expect(failure!).toMatchObject({
      message: expect.stringMatching(/^vakt-a \(epoch 1\) is the main Vakt.*vakt standby/),
    })
    await main.end()
    await expect(duty(b, false)).rejects.toThrow('The newest state is that of vakt-a (epoch 1), not the one in')
    main.releaseFolder()
  })

  it('goes on under its epoch after a restart', async () => {
    const { a, clock, duty } = twoFolders()
    for (let start = 0; start < 2; start++) {
      const main = await duty(a, false)
      const state = openState(a, undefined, main.releaseFolder)
      main.begin(state)
      writeValue(state, 'alive', String(clock.now()))
      expect([main.epoch, main.takenOverFrom]).toEqual([1, null])
      await main.end()
      state.close()
    }
    await settled()
  })
})

it('a state is what the holder left when its epoch is the same and it was alive at the last renewal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-mark-'))
  folders.push(folder)
  expect(readMark(folder)).toBeNull()
  const state = openState(folder)
  writeEpoch(state, 4)
  writeValue(state, 'alive', '100000')
  state.close()
  const mark = readMark(folder)
  const record = {
    format: 1,
    epoch: 4,
    holder: 'a',
    name: 'a',
    ttlMs: 20_000,
    renewedAt: 105_000,
    nonce: '',
    isReleased: false,
  } as const
  expect(isStateOf(record, mark)).toBe(true)
  expect(isStateOf({ ...record, epoch: 5 }, mark)).toBe(false)
  expect(isStateOf({ ...record, renewedAt: 200_000 }, mark)).toBe(false)
  expect(isStateOf(record, null)).toBe(false)
})

describe('the copying of the state', () => {
  it('has one card while its command keeps ending, and its end when it runs again', async () => {
    let health = { failingSince: null as number | null, failures: 0, output: '' }
    const app = await startApp({ replication: () => health })
    await app.passes('1m')
    health = { failingSince: app.clock.now(), failures: 2, output: 'no bucket' }
    await app.passes('1m')
    expect(app.titles()).toEqual([])
    health = { ...health, failures: 3 }
    await app.passes('5m')
    expect(app.titles()).toEqual(['Warning: The state is not copied: REPLICATE_COMMAND keeps ending'])
    expect(app.cardText()).toContain('It ended 3 times')
    expect(app.cardText()).toContain('It wrote last: no bucket')
    health = { failingSince: null, failures: 0, output: '' }
    await app.passes('1m')
    expect(app.titles()).toEqual(['Resolved: The state is not copied: REPLICATE_COMMAND keeps ending'])
    await app.stop()
  })

  it('runs with the epoch, is started again when it ends, and ends with Vakt', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vakt-replicator-'))
    folders.push(folder)
    const errors: unknown[] = []
    const logger = { ...silentLogger, error: (_: string, facts?: unknown) => errors.push(facts) }
    const script = `echo "$VAKT_EPOCH" >> ${folder}/runs; echo broken >&2; test -e ${folder}/again && { trap 'echo end >> ${folder}/runs; exit 0' TERM; touch ${folder}/up; sleep 60 & wait; }; touch ${folder}/again; exit 3`
    const replicator = startReplicator(script, { VAKT_EPOCH: '7' }, logger)
    await until(() => existsSync(join(folder, 'up')), 'the second run')
    expect(errors[0]).toMatchObject({ code: 3, output: 'broken' })
    expect(replicator.health()).toMatchObject({ failures: 1, output: 'broken', failingSince: expect.any(Number) })
    await replicator.stop()
    expect(readFileSync(join(folder, 'runs'), 'utf8')).toBe('7\n7\nend\n')
  })
})
