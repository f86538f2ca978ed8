// Archives in a folder, which may be on another disk or machine.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Problem } from '../../problem.ts'
import type { ArchivePlace, Course } from './place.ts'

/** A place that is a folder; it is made when the first archive comes. */
export function folderPlace(path: string): ArchivePlace {
  return {
    name: path,
    async put(file, key, course) {
      const unfinished = join(path, `${key}.unfinished`)
      try {
        await mkdir(path, { recursive: true })
        await copy(file, unfinished, course)
        const written = await open(unfinished, 'r+')
        await written.sync().finally(() => written.close())
        await rename(unfinished, join(path, key))
        const folder = await open(path)
        // Some file systems cannot sync a folder; the file itself is safe.
        await folder.sync().catch(() => {})
        await folder.close()
      } catch (error) {
        await rm(unfinished, { force: true }).catch(() => {})
        course.signal.throwIfAborted()
        throw folderProblem(path, key, error)
      }
    },
    async get(key, file, course) {
      try {
        await copy(join(path, key), file, course)
      } catch (error) {
        course.signal.throwIfAborted()
        throw folderProblem(path, key, error)
      }
    },
  }
}

async function copy(from: string, to: string, { signal, onBytes }: Course): Promise<void> {
  let done = 0
  const counted = new Transform({
    transform(chunk: Buffer, _, next) {
      done += chunk.length
      onBytes(done)
      next(null, chunk)
    },
  })
  await pipeline(createReadStream(from), counted, createWriteStream(to), { signal })
}

function folderProblem(path: string, key: string, error: unknown): Problem {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return new Problem('not_found', `The archive folder ${path} has no file ${key}.`)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new Problem('forbidden', `Vakt may not write to the archive folder ${path}. Make it Vakt's.`)
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new Problem('invalid', `The archive folder ${path} is not a folder. Correct ARCHIVE_TO.`)
  if (code === 'ENOSPC')
    return new Problem('busy', `The disk of the archive folder ${path} is full. Make room there.`, { cause: error })
  return new Problem('busy', `The archive folder ${path} cannot be used: ${message}.`, { cause: error })
}
