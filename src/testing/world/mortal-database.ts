// A state database in memory whose process can die at any statement, and whose disk can be full.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryState, State } from '../../state/database.ts'
import { Sqlite, type Statement } from '../../state/sqlite.ts'

/** The error of every statement of a process that has died. */
export class Killed extends Error {
  constructor() {
    super('the process was killed')
  }
}

const NO_LIMIT = 4_294_967_294
const COUNTED = ['run', 'get', 'all', 'iterate'] as const

class MortalSqlite extends Sqlite {
  left = Number.POSITIVE_INFINITY
  onDeath: () => void = () => {}

  constructor(bytes: Buffer) {
    super(bytes)
    const prepare = this.prepare as (sql: string) => Statement
    this.prepare = ((sql: string) => this.#counted(prepare(sql))) as Sqlite['prepare']
  }

  #counted(statement: Statement): Statement {
    for (const name of COUNTED) {
      const method = statement[name].bind(statement) as (...args: unknown[]) => unknown
      const value = (...args: unknown[]) => {
        this.step()
        return method(...args)
      }
      Object.defineProperty(statement, name, { value })
    }
    return statement
  }

  step(): void {
    if (this.left > 0 && --this.left > 0) return
    this.onDeath()
    throw new Killed()
  }
}

export interface MortalDatabase {
  readonly state: State
  /** The process dies before the statement after the next `count` ones. */
  dieAfter(count: number): void
  /** The process dies now, by itself. */
  die(): void
  /** Ends the process now; returns what is on disk. */
  kill(): Uint8Array
  /** Whether the process has died by itself. */
  isDead(): boolean
  /** The disk takes at most `pages` further pages. */
  fill(pages: number): void
  /** The disk has room again. */
  empty(): void
  /** What a copy of the database would hold now. */
  copy(): Uint8Array
}

/** Opens what is on disk. */
export function openMortalDatabase(bytes: Uint8Array): MortalDatabase {
  const sqlite = new MortalSqlite(Buffer.from(bytes))
  sqlite.pragma('foreign_keys = ON')
  sqlite.pragma('cache_size = -16000')
  let isDead = false
  sqlite.onDeath = () => {
    isDead = true
    sqlite.left = 0
  }
  return {
    state: new State(sqlite),
    dieAfter: count => {
      sqlite.left = count + 1
    },
    die: () => sqlite.onDeath(),
    kill() {
      isDead = true
      sqlite.left = 0
      // What a process leaves that dies inside a transaction is what was committed before.
      if (sqlite.inTransaction) sqlite.exec('rollback')
      const left = sqlite.serialize()
      sqlite.close()
      return left
    },
    isDead: () => isDead,
    fill(pages) {
      const used = sqlite.pragma('page_count', { simple: true }) as number
      sqlite.pragma(`max_page_count = ${used + pages}`)
    },
    empty: () => void sqlite.pragma(`max_page_count = ${NO_LIMIT}`),
    copy: () => sqlite.serialize(),
  }
}

let newDatabase: Uint8Array | null = null

/** A database with every migration and no rows. */
export function emptyDatabase(): Uint8Array {
  if (newDatabase) return newDatabase
  const folder = mkdtempSync(join(tmpdir(), 'vakt-world-'))
  const file = join(folder, 'empty.db')
  memoryState().prepare('vacuum into ?').run(file)
  newDatabase = readFileSync(file)
  rmSync(folder, { recursive: true })
  return newDatabase
}
