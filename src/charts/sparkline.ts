// Numbers as a row of eight-step blocks: survives edits, needs no upload, and reads in every chat.

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

/** One block a value, scaled from zero to the largest; gaps (null) are shown as dots, and zero as the lowest block. */
export function sparkline(values: readonly (number | null)[]): string {
  const most = Math.max(0, ...values.filter(value => value !== null))
  return values.map(value => (value === null ? '·' : blockOf(value, most))).join('')
}

function blockOf(value: number, most: number): string {
  if (most === 0 || value <= 0) return BLOCKS[0]
  return BLOCKS[Math.max(1, Math.ceil((value / most) * BLOCKS.length) - 1)] ?? BLOCKS[7]
}
