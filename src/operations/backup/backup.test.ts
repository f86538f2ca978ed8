// Backups of a data folder that is being written: what is in them, what a restore puts back, and what it refuses.
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readClientConfig } from '../../config/config.ts'
import { openArchiveStorage } from '../../logs/archive/open-storage.ts'
import { s3Storage } from '../../logs/archive/s3-storage.ts'
import type { ArchiveStorage } from '../../logs/archive/storage.ts'
import { openState } from '../../state/database.ts'
import { lockFolder, lockForBackup } from '../../state/folder-lock.ts'
import { readValue, writeValue } from '../../state/key-value.ts'
import { Sqlite } from '../../state/sqlite.ts'
import { startS3 } from '../../testing/s3/s3-server.ts'
import { listBackups } from './backup-place.ts'
import { createBackup, removeSurplus } from './create-backup.ts'
import { backupName, parseManifest, surplusBackups } from './manifest.ts'
import { restoreBackup } from './restore-backup.ts'
import { backupCommand, restoreCommand } from './terminal-commands.ts'

const NOW = Date.parse('2026-11-29T22:19:00Z')
const DAY = 86_400_000
const PASSPHRASE = 'correct horse battery'
const { signal } = new AbortController()

let root: string
let dataDir: string
let place: ArchiveStorage
const closing: (() => void)[] = []

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vakt-backup-test-'))
  dataDir = join(root, 'data')
  place = openArchiveStorage({ kind: 'folder', path: join(root, 'backups') })
})
afterEach(() => {
  for (const close of closing.splice(0)) close()
  rmSync(root, { recursive: true })
})

/** A data folder with a state and a partition, both open for writing. */
function runningFolder() {
  const state = openState(dataDir)
  writeValue(state, 'greeted', 'before the backup')
  mkdirSync(join(dataDir, 'logs'))
  const partition = new Sqlite(join(dataDir, 'logs/2026-11-29.14d.0.db'))
  partition.pragma('journal_mode = WAL')
  partition.exec('create table lines (text)')
  partition.prepare('insert into lines values (?)').run('acknowledged')
  writeFileSync(join(dataDir, 'vault.key'), 'the vault key')
  writeFileSync(join(dataDir, 'admin.key'), 'the admin key')
  writeFileSync(join(root, '.env'), 'DISCORD_TOKEN=secret')
  closing.push(
    () => state.close(),
    () => partition.close(),
  )
  return { state, partition }
}

const backUp = (changes: Partial<Parameters<typeof createBackup>[0]> = {}) =>
  createBackup({
    ...{ dataDir, place, version: '0.1.0', now: NOW, passphrase: null, workingFolder: root, signal },
    onProgress() {},
    scryptWorkFactor: 1,
    ...changes,
  })

const restore = (changes: Partial<Parameters<typeof restoreBackup>[0]> = {}) =>
  restoreBackup({
    ...{ dataDir: join(root, 'restored'), place, name: backupName(NOW), passphrase: null, hasVaultKey: false },
    ...{ replace: false, now: NOW, signal },
    onProgress() {},
    ...changes,
  })

function linesOf(folder: string): unknown[] {
  const partition = new Sqlite(join(folder, 'logs/2026-11-29.14d.0.db'))
  const lines = partition.prepare('select text from lines').pluck().all()
  partition.close()
  return lines
}

describe('a backup', () => {
  it('of a folder in use has all that is committed and nothing of an open transaction', async () => {
    const { state, partition } = runningFolder()
    partition.exec("begin immediate; insert into lines values ('not committed')")
    const { manifest, remarks } = await backUp()
    partition.exec('commit')
    writeValue(state, 'greeted', 'after the backup')
    expect(manifest.files.map(({ name }) => name)).toEqual(['vakt.db', 'logs/2026-11-29.14d.0.db'])
    expect(remarks.join()).toContain('BACKUP_PASSPHRASE is not set')
    expect(readdirSync(dataDir)).not.toContain('backup.tmp')

    const { remarks: advice } = await restore()
    const restored = openState(join(root, 'restored'))
    expect(readValue(restored, 'greeted')).toBe('before the backup')
    restored.close()
    expect(linesOf(join(root, 'restored'))).toEqual(['acknowledged'])
    expect(advice.join()).toContain('Put vault.key and admin.key of the old server into')
  })

  it('keeps its instant while others commit', async () => {
    const { partition } = runningFolder()
    const insert = partition.prepare('insert into lines values (?)')
    for (let i = 0; i < 3_000; i++) insert.run('x'.repeat(4_000))
    let during = 0
    await backUp({
      onProgress(text) {
        if (text.includes('logs/') && during++ < 50) insert.run('during the copy')
      },
    })
    expect(during).toBeGreaterThan(2)
    await restore()
    expect(linesOf(join(root, 'restored'))).toHaveLength(3_001)
  })

  it('holds the keys and .env encrypted by the passphrase, and only by it', async () => {
    runningFolder()
    await backUp({ passphrase: PASSPHRASE })
    const encrypted = readFileSync(join(root, 'backups', backupName(NOW), 'secrets.age'))
    expect(encrypted.toString('latin1')).toMatch(/^age-encryption\.org\/v1\n-> scrypt /)
    await expect(restore()).rejects.toThrow(/Set BACKUP_PASSPHRASE/)
    await expect(restore({ passphrase: 'wrong' })).rejects.toThrow(/The passphrase does not open the keys/)
    expect(existsSync(join(root, 'restored/vakt.db'))).toBe(false)
    await restore({ passphrase: PASSPHRASE })
    expect(readFileSync(join(root, 'restored/vault.key'), 'utf8')).toBe('the vault key')
    expect(readFileSync(join(root, 'restored/admin.key'), 'utf8')).toBe('the admin key')
    expect(readFileSync(join(root, 'restored/restored.env'), 'utf8')).toBe('DISCORD_TOKEN=secret')
  })

  it('goes to a bucket, and the older ones go when there are enough', async () => {
    const s3 = await startS3('backups')
    try {
      runningFolder()
      const bucket = s3Storage({ ...s3.bucket, prefix: 'vakt' })
      for (const now of [NOW - 2 * DAY, NOW - DAY, NOW]) await backUp({ place: bucket, now })
      expect(await removeSurplus(bucket, 2, NOW, signal)).toEqual([backupName(NOW - 2 * DAY)])
      expect((await listBackups(bucket, signal)).map(({ name }) => name)).toEqual([
        backupName(NOW),
        backupName(NOW - DAY),
      ])
      await restore({ place: bucket })
      expect(linesOf(join(root, 'restored'))).toEqual(['acknowledged'])
    } finally {
      await s3.stop()
    }
  })

  it('is for its owner only, like the data folder', async () => {
    runningFolder()
    await backUp({ passphrase: PASSPHRASE })
    await restore({ passphrase: PASSPHRASE })
    const folder = join(root, 'backups', backupName(NOW))
    const files = ['.', 'vakt.db', 'logs', 'logs/2026-11-29.14d.0.db', 'backup.json', 'secrets.age']
    for (const path of [...files.map(file => join(folder, file)), join(root, 'restored/vakt.db')])
      expect([path, statSync(path).mode & 0o077]).toEqual([path, 0])
  })

  it('is one at a time: a second one of the folder does not take the files of the first', async () => {
    runningFolder()
    const release = lockForBackup(dataDir)
    await expect(backUp()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/^Another backup/),
    })
    release()
    expect((await backUp()).manifest.files).toHaveLength(2)
  })

  it.each([
    ['that is too short is refused, rather than left out', { BACKUP_PASSPHRASE: 'short' }, /at least 12 characters/],
    ['that is empty counts as none', { BACKUP_PASSPHRASE: '' }, /^$/],
  ])('with a passphrase %s', async (_, environment, expected) => {
    runningFolder()
    const config = readClientConfig({ DATA_DIR: dataDir, ...environment })
    const options = { config, environment, version: '0.1.0', now: NOW, isJson: true, print() {}, note() {} }
    const problem = await backupCommand([join(root, 'backups')], options).catch(error => error)
    expect(problem?.message ?? '').toMatch(expected)
    const restoring = await restoreCommand([join(root, 'backups'), '--to', join(root, 'restored')], options).catch(
      error => error,
    )
    expect(restoring?.message ?? '').toMatch(expected)
  })

  it.each([
    ['an empty --to, as of a variable that is not set', restoreCommand, ['--to', ''], /^--to names no folder/],
    ['a flag of restore', backupCommand, ['--replace'], /Unknown option '--replace'/],
    ['a flag of backup', restoreCommand, ['--keep', '2'], /Unknown option '--keep'/],
  ])('refuses %s', async (_, run, flags, expected) => {
    const options = { config: readClientConfig({ DATA_DIR: dataDir }), environment: {}, version: '0.1.0', now: NOW }
    const running = run([join(root, 'backups'), ...flags], { ...options, isJson: true, print() {}, note() {} })
    await expect(running).rejects.toThrow(expected)
  })

  it('names the folder for temporary files when that cannot be used', async () => {
    runningFolder()
    vi.stubEnv('TMPDIR', join(root, 'not there'))
    try {
      const message = expect.stringMatching(/^The folder for temporary files, .*not there, cannot be used/)
      await expect(backUp()).rejects.toMatchObject({ message })
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('leaves out a damaged partition and names it', async () => {
    runningFolder()
    writeFileSync(join(dataDir, 'logs/2026-11-28.14d.0.db'), 'no database at all'.repeat(500))
    const { manifest, remarks } = await backUp()
    expect(manifest.files).toHaveLength(2)
    expect(remarks[0]).toMatch(/^logs\/2026-11-28\.14d\.0\.db is damaged/)
  })

  it('of a place that returns other bytes is refused', async () => {
    runningFolder()
    const lying: ArchiveStorage = {
      ...place,
      async get(key, file, options) {
        await place.get(key, file, options)
        if (key.endsWith('.db')) writeFileSync(file, 'other bytes')
      },
    }
    await expect(backUp({ place: lying })).rejects.toThrow(/gave back other bytes/)
    expect((await listBackups(place, signal)).map(({ isWhole }) => isWhole)).toEqual([false])
    await expect(restore()).rejects.toThrow(/is no finished backup/)
  })
})

describe('a restore', () => {
  it('refuses a folder with a state, a folder in use, and a file that was changed', async () => {
    const { state } = runningFolder()
    await backUp()
    await expect(restore({ dataDir })).rejects.toThrow(/has a state already\. Restore into another folder/)
    await expect(restore({ dataDir, replace: true })).rejects.toThrow(/Another Vakt is already running/)
    const file = join(root, 'backups', backupName(NOW), 'vakt.db')
    const bytes = readFileSync(file)
    bytes[5_000]! ^= 1
    writeFileSync(file, bytes)
    await expect(restore()).rejects.toThrow(/vakt\.db of the backup .* was changed/)
    expect(existsSync(join(root, 'restored/vakt.db'))).toBe(false)
    expect(readValue(state, 'greeted')).toBe('before the backup')
  })

  it('that replaces a state keeps what was there', async () => {
    const { state } = runningFolder()
    await backUp()
    writeValue(state, 'greeted', 'later')
    for (const close of closing.splice(0)) close()
    const { remarks } = await restore({ dataDir, replace: true })
    expect(remarks[0]).toContain('is kept in')
    const restored = openState(dataDir)
    expect(readValue(restored, 'greeted')).toBe('before the backup')
    restored.close()
    expect(readFileSync(join(dataDir, 'vault.key'), 'utf8')).toBe('the vault key')
    const before = openState(join(dataDir, 'before-restore-20261129T221900Z'))
    expect(readValue(before, 'greeted')).toBe('later')
    before.close()
    lockFolder(dataDir)()
  })
})

describe('a restore in a difficult place', () => {
  it('of a state that a newer Vakt has migrated changes nothing', async () => {
    runningFolder()
    const file = new Sqlite(join(dataDir, 'vakt.db'))
    file.prepare('insert into __drizzle_migrations (hash, created_at) values (?, ?)').run('x', Date.UTC(2100, 0))
    file.close()
    await backUp({ version: '9.0.0' })
    await expect(restore()).rejects.toThrow(/made by Vakt 9\.0\.0, which is newer/)
    expect(existsSync(join(root, 'restored/vakt.db'))).toBe(false)
  })

  it('to the end puts everything back', async () => {
    const { state } = runningFolder()
    await backUp({ passphrase: PASSPHRASE })
    writeValue(state, 'greeted', 'later')
    for (const close of closing.splice(0)) close()
    // Something that is in the way of the settings of the old server.
    mkdirSync(join(dataDir, 'restored.env/folder'), { recursive: true })
    const before = readdirSync(dataDir).toSorted()
    const problem = await restore({ dataDir, replace: true, passphrase: PASSPHRASE }).catch(error => error)
    expect(problem.message).toMatch(/restored\.env \(.*\)\. Nothing was restored/)
    expect(readdirSync(dataDir).toSorted()).toEqual(before)
    const kept = openState(dataDir)
    expect(readValue(kept, 'greeted')).toBe('later')
    kept.close()
  })

  it.runIf(process.getuid?.() === 0)('as root leaves the files to the owner of the folder', async () => {
    runningFolder()
    await backUp({ passphrase: PASSPHRASE })
    const folder = join(root, 'restored')
    mkdirSync(folder)
    chownSync(folder, 1234, 1234)
    await restore({ passphrase: PASSPHRASE })
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    expect(names).toContain('logs/2026-11-29.14d.0.db')
    for (const name of names) expect([name, statSync(join(folder, name)).uid]).toEqual([name, 1234])
  })

  it('because it was killed is not followed by a new state', () => {
    mkdirSync(join(dataDir, 'restore.tmp'), { recursive: true })
    expect(() => openState(dataDir)).toThrow(/A restore into .* did not end\. Run "vakt restore" again/)
    expect(existsSync(join(dataDir, 'vakt.db'))).toBe(false)
  })

  it('because the disk here is full does not blame the place', async () => {
    runningFolder()
    await backUp()
    const s3 = await startS3('backups')
    try {
      const bucket = s3Storage(s3.bucket, { sleep: async () => {} })
      await backUp({ place: bucket })
      for (const from of [place, bucket]) {
        const got = from.get(`${backupName(NOW)}/vakt.db`, '/dev/full', { signal, onProgress() {} })
        await expect(got).rejects.toThrow('The disk with /dev is full. Free some space there.')
      }
    } finally {
      await s3.stop()
    }
  })
})

describe('retention', () => {
  it.each<[string, [string, boolean][], number, string[]]>([
    [
      'keeps the newest',
      [
        ['c', true],
        ['a', true],
        ['b', true],
      ],
      2,
      ['a'],
    ],
    [
      'counts whole ones only',
      [
        ['c', false],
        ['b', true],
        ['a', true],
      ],
      1,
      ['a'],
    ],
    ['never removes the last whole one', [['a', true]], 0, []],
  ])('%s', (_, list, keep, expected) => {
    const dayOf: { [letter: string]: string } = {
      a: backupName(NOW - 2 * DAY),
      b: backupName(NOW - DAY),
      c: backupName(NOW),
    }
    const backups = list.map(([letter, isWhole]) => ({ name: dayOf[letter]!, isWhole }))
    expect(surplusBackups(backups, keep, NOW)).toEqual(expected.map(letter => dayOf[letter]))
  })

  it('removes an unfinished backup after a day', () => {
    const backups = [
      { name: backupName(NOW - 2 * DAY), isWhole: false },
      { name: backupName(NOW), isWhole: false },
    ]
    expect(surplusBackups(backups, 7, NOW)).toEqual([backupName(NOW - 2 * DAY)])
  })
})

it.each([
  '{}',
  'no json',
  '{"format":1,"files":[{"name":"../etc/passwd","bytes":1,"sha256":"x"}]}',
  `{"format":1,"files":[{"name":"vakt.db","bytes":1,"sha256":"${'a'.repeat(64)}"},{"name":"logs/../../x","bytes":1,"sha256":"${'a'.repeat(64)}"}]}`,
])('a manifest that is none, or names a file elsewhere, is refused: %s', text => {
  expect(() => parseManifest(text, 'x')).toThrow(/is damaged/)
})
