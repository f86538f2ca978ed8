// Partitions as archives, one compressed file of JSON lines each, and lines of archives on their way back.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { createZstdCompress, createZstdDecompress } from 'node:zlib'
import { Problem } from '../../problem.ts'
import type { LogLine } from '../line.ts'
import { candidates, spanBetween } from './candidates.ts'
import { parseId } from './line-key.ts'
import type { PartitionState } from './partition.ts'
import { parsePartition } from './partition-name.ts'
import { EVERYTHING } from './plan.ts'
import { lineOf } from './rows.ts'
import type { Library } from './search-job.ts'

export type Archive = { file: string; lines: number; bytes: number }

const END = '.ndjson.zst'
const LINES_AT_A_TIME = 1_000

/**
 * Writes a partition's lines, in the order of time, to `<name>.ndjson.zst` in the folder `to`; the file is there only when
 * it is whole. `not_found` when there is no such partition.
 */
export async function archiveTo(library: Library, name: string, to: string): Promise<Archive> {
  const state = library.partitions.find(partition => partition.name === name)
  if (!state) throw new Problem('not_found', `There is no log partition ${name}.`)
  const file = join(to, name + END)
  const unfinished = `${file}.unfinished`
  await mkdir(to, { recursive: true })
  let lines = 0
  const texts = async function* () {
    for await (const some of allLines(library, state)) {
      lines += some.length
      yield `${some.map(line => JSON.stringify(line)).join('\n')}\n`
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

/** The partition that an archive holds; `invalid` when the file is not named as archives are. */
export function archivedPartition(file: string): string {
  const name = basename(file)
  const partition = name.endsWith(END) ? name.slice(0, -END.length) : ''
  if (parsePartition(partition)) return partition
  throw new Problem('invalid', `${name} is not an archive: those are named like 2026-11-21.3d.0${END}.`)
}

/** The lines of an archive, some at a time. `invalid` when it is cut short or damaged. */
export async function* archivedLines(file: string): AsyncGenerator<LogLine[]> {
  const plain = createZstdDecompress()
  // What goes wrong in reading also ends `plain`, where it is told.
  pipeline(createReadStream(file), plain).catch(() => {})
  let text = ''
  try {
    for await (const chunk of plain.setEncoding('utf8')) {
      const lines = (text + chunk).split('\n')
      text = lines.pop()!
      if (lines.length > 0) yield lines.map(readArchived)
    }
    if (text !== '') throw new Error('its last line is cut short')
  } catch (error) {
    const message = `The archive ${file} cannot be read to its end: ${(error as Error).message}.`
    throw new Problem('invalid', message, { cause: error })
  }
}

function readArchived(text: string): LogLine {
  const line = JSON.parse(text) as LogLine
  if (!parseId(line.id)) throw new Error('a line has no id')
  return line
}

/** All lines of a partition in the order of time, some at a time, letting other work in between. */
async function* allLines(library: Library, { name, from, until }: PartitionState): AsyncGenerator<LogLine[]> {
  if (from === null || until === null) return
  const { first, last } = spanBetween(from, until + 1)
  for (;;) {
    const db = library.readables.open(name)
    if (!db) throw new Problem('not_found', `The log partition ${name} went while it was archived.`)
    const some: LogLine[] = []
    for (const row of candidates(db, EVERYTHING, { first, last }, 'oldest')) {
      some.push(lineOf(row))
      first.timestamp = row[0]
      first.slot = row[11] + 1
      if (some.length === LINES_AT_A_TIME) break
    }
    if (some.length === 0) return
    yield some
    await setImmediate()
  }
}
