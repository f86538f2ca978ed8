// A partition that an earlier version of Vakt wrote, as its writer uses it: rows with a full-text index. It takes no lines.
import { prepared, type Sqlite } from '../../../state/sqlite.ts'
import type { LogLine } from '../../line.ts'
import { attributesText, indexText, type WordVersion } from '../../query/line-words.ts'
import { SLOT_BITS } from '../partitions/line-key.ts'
import { Partition, PartitionFullError } from '../partitions/partition.ts'
import { LineTokens } from './field-tokens.ts'
import { wordVersionOf } from './rows.ts'

const ROW_ID = `((? << ${SLOT_BITS}) | ?)`
/** The columns of the index and their values, by how its words are made. */
const WORD_COLUMNS = {
  1: { names: 'message, stack, fields', values: '?, ?, ?' },
  2: { names: 'message, stack, fields, attributes', values: '?, ?, ?, ?' },
}

export class IndexedPartition extends Partition {
  readonly #tokens = new LineTokens()
  readonly #wordVersion: WordVersion

  constructor(folder: string, name: string, db: Sqlite) {
    super(folder, name, db)
    this.#wordVersion = wordVersionOf(db)
  }

  override get isFull(): boolean {
    return true
  }

  protected get unsealed(): number {
    return 0
  }

  add(): never {
    throw new PartitionFullError(`The log partition ${this.name} was written by an earlier version of Vakt.`)
  }

  /** Removes one line and its words, within a transaction; `slot` is the low part of its row id. */
  remove(line: LogLine, slot: number): void {
    const { timestamp } = line
    prepared(this.db, 'delete from lines where slot = ?').run(slot)
    const { names, values } = WORD_COLUMNS[this.#wordVersion]
    const remove = `insert into words (words, rowid, ${names}) values ('delete', ${ROW_ID}, ${values})`
    prepared(this.db, remove).run(timestamp, slot, ...this.#textsOf(line))
    this.summary.lines--
  }

  override setScrubbing(on: boolean): void {
    this.db.exec(`insert into words (words, rank) values ('secure-delete', ${on ? 1 : 0})`)
    super.setScrubbing(on)
  }

  /** The texts of a line for the columns of the index. */
  #textsOf(line: LogLine): string[] {
    const { message, stack } = line
    const version = this.#wordVersion
    const texts = [indexText(message, version), indexText(stack, version), this.#tokens.of(line)]
    return version === 1 ? texts : [...texts, attributesText(line)]
  }
}
