// Generates log lines as programs write them, the same in every run, for the benchmarks of the log store.

const TEMPLATES: ((n: (most: number) => number, hex: (length: number) => string) => string)[] = [
  n =>
    `GET /api/v1/users/${n(1e5)}/orders HTTP/1.1 200 ${n(5e3)} bytes in ${n(900)}ms from 10.${n(255)}.${n(255)}.${n(255)}`,
  (n, hex) =>
    `payment ${hex(12)} accepted for customer ${n(5e4)} amount ${n(1e5) / 100} EUR via stripe, settlement pending`,
  n =>
    `PacketResponder 1 for block blk_${n(1e9)} terminating after writing ${n(6e7)} bytes to /mnt/data/subdir${n(64)}`,
  n =>
    `Connection to database db-${n(4)}.internal:5432 established after ${n(30)} retries, pool size ${n(50)} idle ${n(20)}`,
  (n, hex) =>
    `cache miss for key session:${hex(8)} falling back to origin, latency ${n(300)}ms region eu-central-${n(3)}`,
  n =>
    `Failed to deliver message to queue orders.${n(10)}: timeout after ${n(1e4)}ms, will retry in ${n(60)}s (attempt ${n(9)})`,
  n =>
    `User ${n(2e4)} logged in from 192.168.${n(255)}.${n(255)} using Firefox ${n(140)} on Linux with two factor authentication`,
  n =>
    `Scheduled job nightly-report-${n(40)} finished in ${n(4e3)}ms; processed ${n(1e6)} rows, skipped ${n(300)} duplicates`,
]
const LEVELS = ['info', 'info', 'info', 'info', 'info', 'info', 'debug', 'warn', 'warn', 'error']

/** A word that one line in a hundred thousand has. */
export const RARE_WORD = 'quixotic'

/** Endless lines of one program on one host, about 280 bytes of JSON each; each `seed` is another program. */
export function* logLines(seed: number): Generator<{ [field: string]: unknown }> {
  const n = numbers(seed)
  const hex = (length: number) => Array.from({ length }, () => '0123456789abcdef'[n(16)]).join('')
  const source = `svc-${n(12)}`
  const host = `web-${n(30)}`
  for (;;) {
    const message = TEMPLATES[n(TEMPLATES.length)]!(n, hex) + (n(100_000) === 7 ? ` ${RARE_WORD}` : '')
    yield {
      level: LEVELS[n(LEVELS.length)],
      message,
      source,
      host,
      group: `prod/team${n(4)}/api`,
      ...(n(3) === 0 && { tags: [`tag${n(5)}`] }),
      ...(n(2) === 0 && { trace_id: hex(32) }),
      attributes: { user_id: n(5e4), region: 'eu' },
    }
  }
}

/** Whole numbers below a limit (mulberry32). */
function numbers(seed: number): (limit: number) => number {
  let state = seed
  return limit => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}
