// A terminal screen: what a person sees after all bytes that were written to it, with a keyboard beside it.
import { PassThrough } from 'node:stream'

const COLUMNS = 60
const ESCAPE = '\u001b'
const CONTROL = new RegExp(`^${ESCAPE}\\[([\\d;]*)([A-Za-z])$`)
/** Control sequences, and single characters. */
const SEQUENCES = new RegExp(`${ESCAPE}\\[[\\d;]*[A-Za-z]|[^]`, 'gu')

/** A TTY of 60 columns in two streams; `lines` is what it shows, without blanks at the ends. */
export function openScreen() {
  const input = Object.assign(new PassThrough(), { isTTY: true }) as unknown as NodeJS.ReadStream
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: COLUMNS, rows: 1_000 })
  const rows: string[][] = [[]]
  let row = 0
  let column = 0

  output.on('data', (bytes: Buffer) => {
    for (const [sequence] of bytes.toString('utf8').matchAll(SEQUENCES)) draw(sequence)
  })

  function draw(sequence: string): void {
    const [, count = '', command] = CONTROL.exec(sequence) ?? []
    if (command !== undefined) control(command, Number(count) || 1, count)
    else if (sequence === '\r') column = 0
    else if (sequence === '\n') moveTo(row + 1, 0)
    else {
      if (column >= COLUMNS) moveTo(row + 1, 0)
      rows[row]![column++] = sequence
    }
  }

  function control(command: string, steps: number, count: string): void {
    if (command === 'A') moveTo(row - steps, column)
    else if (command === 'B') moveTo(row + steps, column)
    else if (command === 'C') column += steps
    else if (command === 'D') column = Math.max(0, column - steps)
    else if (command === 'G') column = steps - 1
    else if (command === 'K') rows[row]!.length = Math.min(rows[row]!.length, column)
    else if (command === 'J') {
      rows[row]!.length = Math.min(rows[row]!.length, column)
      rows.length = row + 1
    } else if (command !== 'm') throw new Error(`The screen does not know ESC[${count}${command}.`)
  }

  function moveTo(nextRow: number, nextColumn: number): void {
    row = Math.max(0, nextRow)
    column = nextColumn
    while (rows.length <= row) rows.push([])
  }

  return {
    input,
    output: output as unknown as NodeJS.WriteStream,
    lines: () =>
      rows
        .map(cells =>
          Array.from(cells, cell => cell ?? ' ')
            .join('')
            .trimEnd(),
        )
        .join('\n')
        .trimEnd()
        .split('\n'),
    /** Where the next character appears. */
    cursor: () => ({ row, column }),
    async types(keys: string): Promise<void> {
      ;(input as unknown as PassThrough).write(keys)
      await new Promise(resolve => setTimeout(resolve, 20))
    },
  }
}
