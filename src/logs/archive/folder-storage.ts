// Stores archives in a folder, which may be on another disk or machine.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Problem } from '../../problem.ts'
import { type ArchiveStorage, type TransferOptions, targetProblem } from './storage.ts'

/** Storage in a folder; the folder is created with the first archive. */
export function folderStorage(path: string): ArchiveStorage {
  return {
    name: path,
    async put(file, key, options) {
      const unfinished = join(path, `${key}.unfinished`)
      try {
        await mkdir(dirname(unfinished), { recursive: true, mode: 0o700 })
        await copy(file, unfinished, options)
        const written = await open(unfinished, 'r+')
        await written.sync().finally(() => written.close())
        await rename(unfinished, join(path, key))
        const folder = await open(dirname(unfinished))
        // Some file systems cannot sync a folder; the file itself is safe.
        await folder.sync().catch(() => {})
        await folder.close()
      } catch (error) {
        await rm(unfinished, { force: true }).catch(() => {})
        options.signal.throwIfAborted()
        throw folderProblem(path, key, error)
      }
    },
    async get(key, file, options) {
      try {
        await copy(join(path, key), file, options)
      } catch (error) {
        options.signal.throwIfAborted()
        throw targetProblem(file, error) ?? folderProblem(path, key, error)
      }
    },
    async list(prefix) {
      const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(error => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
        throw folderProblem(path, prefix, error)
      })
      const keys = entries
        .filter(entry => entry.isFile())
        .map(entry =>
          join(entry.parentPath, entry.name)
            .slice(path.length + 1)
            .replaceAll(sep, '/'),
        )
      return keys.filter(key => key.startsWith(prefix)).sort()
    },
    async remove(key) {
      try {
        await rm(join(path, key), { force: true })
        // The folders of a key go with their last file.
        for (let folder = dirname(key); folder !== '.'; folder = dirname(folder)) await rmdir(join(path, folder))
      } catch (error) {
        if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? ''))
          throw folderProblem(path, key, error)
      }
    },
  }
}

async function copy(from: string, to: string, { signal, onProgress }: TransferOptions): Promise<void> {
  let doneBytes = 0
  const progress = new Transform({
    transform(chunk: Buffer, _, next) {
      doneBytes += chunk.length
      onProgress(doneBytes)
      next(null, chunk)
    },
  })
  await pipeline(createReadStream(from), progress, createWriteStream(to, { mode: 0o600 }), { signal })
}

function folderProblem(path: string, key: string, error: unknown): Problem {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return new Problem('not_found', `The folder ${path} has no file ${key}.`)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new Problem(
      'forbidden',
      `Vakt may not read and write the folder ${path} (${code}). Give it permission there.`,
    )
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new Problem('invalid', `${path} is not a folder. Name another one.`)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new Problem('busy', `The disk of the folder ${path} is full. Free some space there.`, {
      cause: error,
    })
  return new Problem('busy', `The folder ${path} cannot be used: ${message}.`, { cause: error })
}
