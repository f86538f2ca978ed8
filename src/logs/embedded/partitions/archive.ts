// Partitions as archives, one compressed file of JSON lines each, and lines of archives on their way back.

import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { createZstdCompress, createZstdDecompress } from 'node:zlib'
import { Problem } from '../../../problem.ts'
import { prepared } from '../../../state/sqlite.ts'
import type { LogLine } from '../../line.ts'
import type { Archive } from '../../store.ts'
import type { Library } from '../query/search-job.ts'
import { isDamage } from './damage.ts'
import { parseId } from './line-key.ts'
import { parsePartition } from './partition-name.ts'
import { COLUMNS, lineOf, type Row } from './rows.ts'

const END = '.ndjson.zst'
const LINES_AT_A_TIME = 1_000
/** Some thousand lines of text: what is restored in one transaction. */
const CHUNK_BYTES = 1024 * 1024

/**
 * Writes a partition's lines, as they were stored, to `<name>.ndjson.zst` in the folder `to`; the file is there only when
 * it is whole. `not_found` when there is no such partition.
 */
export async function archiveTo(library: Library, name: string, to: string): Promise<Archive> {
  if (!library.partitions.some(partition => partition.name === name))
    throw new Problem('not_found', `There is no log partition ${name}.`)
  const file = join(to, name + END)
  const unfinished = `${file}.unfinished`
  await mkdir(to, { recursive: true })
  let lines = 0
  const texts = async function* () {
    for await (const some of allLines(library, name)) {
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
    if (isDamage(error)) library.onDamage(name, error as Error)
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
  const plain = createZstdDecompress({ chunkSize: CHUNK_BYTES })
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

/** All lines of a partition as they were stored, some at a time, letting other work in between. */
async function* allLines(library: Library, name: string): AsyncGenerator<LogLine[]> {
  for (let slot = 0; ; ) {
    const db = library.readables.open(name)
    if (!db) throw new Problem('not_found', `The log partition ${name} went while it was archived.`)
    const rows = prepared(db, `select ${COLUMNS} from lines where slot >= ? order by slot limit ?`)
      .raw()
      .all(slot, LINES_AT_A_TIME) as Row[]
    if (rows.length === 0) return
    slot = rows.at(-1)![11] + 1
    yield rows.map(lineOf)
    await setImmediate()
  }
}
