// Numbers as a row of block characters: text survives edits, needs no upload and works in every chat.

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

/** One block for each value, scaled from zero to the largest; a gap (null) is a dot, zero is the lowest block. */
export function sparkline(values: readonly (number | null)[]): string {
  const max = Math.max(0, ...values.filter(value => value !== null))
  return values.map(value => (value === null ? '·' : blockOf(value, max))).join('')
}

function blockOf(value: number, max: number): string {
  if (max === 0 || value <= 0) return BLOCKS[0]
  return BLOCKS[Math.max(1, Math.ceil((value / max) * BLOCKS.length) - 1)] ?? BLOCKS[7]
}
