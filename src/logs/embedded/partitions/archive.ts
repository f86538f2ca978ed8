// Partitions as archives: each one compressed file of JSON lines, and reading those lines back.

import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { createZstdCompress, createZstdDecompress } from 'node:zlib'
import { MEBIBYTE } from '../../../bytes.ts'
import { Problem } from '../../../problem.ts'
import { errorMessage } from '../../../text.ts'
import type { LogLine } from '../../line.ts'
import type { ArchiveFile } from '../../store.ts'
import type { Snapshot } from '../query/search-job.ts'
import { parseId } from './line-key.ts'
import { parsePartition } from './partition-name.ts'
import { isCorruptionError } from './quarantine.ts'

const ARCHIVE_SUFFIX = '.ndjson.zst'
const LINES_PER_READ = 1_000
/** A few thousand lines of text, restored in one transaction. */
const CHUNK_BYTES = MEBIBYTE

/**
 * Writes a partition's lines, in the order they were stored, to `<name>.ndjson.zst` in the folder `to`; the file appears
 * only when it is whole. `not_found` when there is no such partition.
 */
export async function writeArchive(snapshot: Snapshot, name: string, to: string): Promise<ArchiveFile> {
  if (!snapshot.partitions.some(partition => partition.name === name))
    throw new Problem('not_found', `There is no log partition ${name}.`)
  try {
    return await writeArchiveFile(name, to, allLines(snapshot, name))
  } catch (error) {
    if (isCorruptionError(error)) snapshot.onCorruption(name, error as Error)
    throw error
  }
}

/** The same with lines that come from elsewhere. */
export async function writeArchiveFile(
  name: string,
  to: string,
  chunks: AsyncIterable<readonly LogLine[]>,
): Promise<ArchiveFile> {
  const file = join(to, name + ARCHIVE_SUFFIX)
  const unfinished = `${file}.unfinished`
  await mkdir(to, { recursive: true })
  let lines = 0
  const texts = async function* () {
    for await (const chunk of chunks) {
      lines += chunk.length
      yield `${chunk.map(line => JSON.stringify(line)).join('\n')}\n`
    }
  }
  try {
    await pipeline(Readable.from(texts()), createZstdCompress(), createWriteStream(unfinished))
    const handle = await open(unfinished)
    await handle.sync()
    const { size } = await handle.stat()
    await handle.close()
    await rename(unfinished, file)
    return { file, lines, bytes: size }
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

/** The name of the partition in an archive; `invalid` when the file is not named like an archive. */
export function archivedPartition(file: string): string {
  const name = basename(file)
  const partition = name.endsWith(ARCHIVE_SUFFIX) ? name.slice(0, -ARCHIVE_SUFFIX.length) : ''
  if (parsePartition(partition)) return partition
  throw new Problem('invalid', `${name} is not an archive. An archive is named like 2026-11-21.3d.0${ARCHIVE_SUFFIX}.`)
}

/** The lines of an archive, some at a time. Throws `invalid` when the file is cut short or damaged. */
export async function* readArchive(file: string): AsyncGenerator<LogLine[]> {
  const plain = createZstdDecompress({ chunkSize: CHUNK_BYTES })
  // A read error also ends `plain`, whose reader reports it.
  pipeline(createReadStream(file), plain).catch(() => {})
  let text = ''
  try {
    for await (const chunk of plain.setEncoding('utf8')) {
      const lines = (text + chunk).split('\n')
      text = lines.pop()!
      if (lines.length > 0) yield lines.map(parseLine)
    }
    if (text !== '') throw new Error('its last line is cut short')
  } catch (error) {
    const message = `The archive ${file} cannot be read completely: ${errorMessage(error)}.`
    throw new Problem('invalid', message, { cause: error })
  }
}

function parseLine(text: string): LogLine {
  const line = JSON.parse(text) as LogLine
  if (!parseId(line.id)) throw new Error('a line has no id')
  return line
}

/** All lines of a partition in the order they were stored, some at a time; other work runs in between. */
async function* allLines(snapshot: Snapshot, name: string): AsyncGenerator<LogLine[]> {
  for (let after = 0; ; ) {
    const connection = snapshot.connections.open(name)
    if (!connection) throw new Problem('not_found', `The log partition ${name} was dropped while it was archived.`)
    const found = connection.atOnce(() => connection.linesAfter(after, LINES_PER_READ))
    if (found.length === 0) return
    after = found.at(-1)!.position
    yield found.map(({ line }) => line)
    await setImmediate()
  }
}
