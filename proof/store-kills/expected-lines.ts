// What must be in a store that is killed again and again: which lines, and which may or must not be there.
import type { LogLine } from '../../src/logs/line.ts'

/** `must`: acknowledged. `may`: nobody answered yet whether it was stored or deleted. `gone`: deleted, and that was answered. */
type State = 'must' | 'may' | 'gone'
type Expected = { state: State; group: number | null; isShort: boolean; id: string | null }

export type SentBatch = { key: string; messages: string[]; group: number; isShort: boolean; receivedAt: number }

export class ExpectedLines {
  /** By message, which no two lines share. */
  readonly #lines = new Map<string, Expected>()
  /** Lines that are there together or not at all. */
  #wholes: (readonly string[])[] = []

  get acknowledged(): number {
    return this.#count('must')
  }

  /** Lines that were there before the store was opened. */
  addOld(lines: readonly LogLine[]): void {
    for (const { id, message } of lines)
      this.#lines.set(`${message} ${id}`, { state: 'must', group: null, isShort: false, id })
  }

  /** A batch is about to be sent, perhaps again. */
  sending({ messages, group, isShort }: SentBatch): void {
    for (const message of messages)
      if (!this.#lines.has(message)) this.#lines.set(message, { state: 'may', group, isShort, id: null })
    this.#wholes.push(messages)
  }

  stored({ messages }: SentBatch): void {
    for (const message of messages) this.#change(message, 'must')
  }

  /** The messages of a kind that are there, or may be. */
  of(isOne: (line: Readonly<Expected>) => boolean): string[] {
    return [...this.#lines].filter(([, line]) => line.state !== 'gone' && isOne(line)).map(([message]) => message)
  }

  /** Lines are about to be deleted, each by itself. */
  deleting(messages: readonly string[]): void {
    const own = new Set(messages)
    this.#wholes = this.#wholes.filter(whole => !whole.some(message => own.has(message)))
    for (const message of messages) this.#change(message, 'may')
  }

  deleted(messages: readonly string[]): void {
    for (const message of messages) this.#change(message, 'gone')
  }

  /** Lines that are gone are about to be restored, all of them or none. */
  restoring(messages: readonly string[]): void {
    for (const message of messages) this.#change(message, 'may')
    this.#wholes.push(messages)
  }

  restored(messages: readonly string[]): void {
    for (const message of messages) this.#change(message, 'must')
  }

  /** Everything that is lost, double or back again among all lines of the store, as sentences. */
  faultsOf(found: readonly LogLine[]): string[] {
    const nameOf = (line: LogLine) => (this.#lines.has(line.message) ? line.message : `${line.message} ${line.id}`)
    const times = Map.groupBy(found, nameOf)
    const partly = this.#wholes.flatMap(whole => {
      const count = whole.filter(message => times.has(message)).length
      return count > 0 && count < whole.length ? [`${count} of ${whole.length} lines of "${whole[0]}" are there`] : []
    })
    const unknown = [...times.keys()].filter(message => !this.#lines.has(message))
    return [
      ...[...this.#lines].flatMap(([message, expected]) => faultOf(message, expected, times.get(message) ?? [])),
      ...unknown.map(message => `"${message}" was never sent`),
      ...partly,
    ]
  }

  #change(message: string, state: State): void {
    const line = this.#lines.get(message)
    if (line) line.state = state
  }

  #count(state: State): number {
    return [...this.#lines.values()].filter(line => line.state === state).length
  }
}

/** What is wrong with the lines of one message; remembers the id that it has for good. */
function faultOf(message: string, expected: Expected, [line, ...others]: readonly LogLine[]): string[] {
  const { state, id } = expected
  if (others.length > 0) return [`"${message}" is there ${others.length + 1} times`]
  if (!line) return state === 'must' ? [`"${message}" was acknowledged and is lost`] : []
  if (state === 'gone') return [`"${message}" was deleted and is back`]
  expected.id = line.id
  return id !== null && id !== line.id ? [`"${message}" has another id than before`] : []
}
