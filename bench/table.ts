// Prints the performance table.
export type Row = { what: string; value: string; goal?: string; met?: boolean }

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

/** Prints rows under a title, with their goals. */
export function printTable(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`)
  const width = Math.max(...rows.map(row => row.what.length))
  for (const row of rows) {
    const goal = row.goal === undefined ? '' : `   (${row.goal}: ${row.met ? 'met' : 'MISSED'})`
    console.log(`  ${row.what.padEnd(width)}  ${row.value}${goal}`)
  }
}

/** How long some work takes, ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

/** The value that 99 of 100 do not exceed. */
export function p99(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0
}
