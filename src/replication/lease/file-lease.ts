// A lease on shared storage: a chain of files, of which each is linked into place only where none has its number yet.
import { randomUUID } from 'node:crypto'
import { link, open, readdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'
import { type LeaseRecord, leaseText, parseLease, type ReadLease } from './lease-record.ts'
import type { LeaseStore } from './lease-store.ts'

/** How many earlier files stay: a Vakt that paused for fewer renewals meets the files of the others and loses. */
const KEPT_FILES = 100
const DIGITS = 12

/**
 * A lease in files `<path>.000000000001`, `….000000000002` and so on; the highest number is the lease. A hard link to an
 * existing name fails on local disks, NFS and cluster file systems alike, so each number is given once; nothing is overwritten.
 */
export function fileLease(path: string): LeaseStore {
  const folder = dirname(path)
  const stem = `${basename(path)}.`
  const fileOf = (serial: number) => join(folder, `${stem}${String(serial).padStart(DIGITS, '0')}`)
  const isUnfinished = (name: string) => name.startsWith(stem) && name.endsWith('.new')

  const serials = async (): Promise<number[]> => {
    const names = await readdir(folder).catch(error => {
      throw unusable(path, error)
    })
    const numbers = names.filter(name => name.startsWith(stem)).map(name => name.slice(stem.length))
    return numbers
      .filter(text => /^\d+$/.test(text))
      .map(Number)
      .toSorted((a, b) => a - b)
  }

  const read = async (): Promise<ReadLease> => {
    const known = await serials()
    const newest = known.at(-1)
    if (newest === undefined) return null
    const text = await readFile(fileOf(newest), 'utf8').catch(error => {
      throw unusable(path, error)
    })
    const record = parseLease(text)
    if (record) return { record, version: String(newest) }
    throw new Problem(
      'conflict',
      `${fileOf(newest)} is not a lease of Vakt. Remove it when it is damaged; when another program made it, give LEASE another name.`,
    )
  }

  return {
    name: path,
    read,
    async write(record, version) {
      const serial = Number(version ?? 0) + 1
      const target = fileOf(serial)
      const unfinished = `${target}.${randomUUID()}.new`
      try {
        await writeDurably(unfinished, leaseText(record))
        await link(unfinished, target)
      } catch (error) {
        // NFS may report a name that its own first attempt has made.
        if ((error as NodeJS.ErrnoException).code === 'EEXIST')
          return (await isOwn(target, record)) ? String(serial) : null
        throw unusable(path, error)
      } finally {
        await rm(unfinished, { force: true })
      }
      const known = await serials().catch(() => [serial])
      // Whoever read an old list of names may have got a number that was given and removed before.
      if (known.some(other => other > serial)) {
        await rm(target, { force: true })
        return null
      }
      await removeOld(known, serial)
      return String(serial)
    },
    async verify() {
      // A name that exists is refused by every file system that has hard links at all.
    },
  }

  async function isOwn(target: string, record: LeaseRecord): Promise<boolean> {
    const text = await readFile(target, 'utf8').catch(() => '')
    return parseLease(text)?.nonce === record.nonce
  }

  async function removeOld(known: number[], serial: number): Promise<void> {
    for (const old of known) if (old <= serial - KEPT_FILES) await rm(fileOf(old), { force: true }).catch(() => {})
    if (serial % KEPT_FILES !== 0) return
    const names = await readdir(folder).catch(() => [])
    // A killed writer leaves its file; those of living ones have numbers near the newest.
    for (const name of names.filter(isUnfinished))
      if (Number.parseInt(name.slice(stem.length), 10) <= serial - KEPT_FILES)
        await rm(join(folder, name), { force: true })
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function unusable(path: string, error: unknown): Problem {
  const code = String((error as NodeJS.ErrnoException).code ?? '')
  if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code))
    return new Problem(
      'unsupported',
      `The file system of ${path} has no hard links (${code}), so a lease there would not be exclusive. Use NFS, a cluster file system, or LEASE=s3://….`,
      { cause: error },
    )
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EROFS' || code === 'ENOTDIR')
    return new Problem(
      'invalid',
      `The lease ${path} cannot be used (${code}). Mount the shared storage, and let the user that runs Vakt write there.`,
      { cause: error },
    )
  return new Problem('busy', `The lease ${path} cannot be reached (${code || errorMessage(error)}).`, { cause: error })
}
