// What an evaluation case is, and the ordinary traffic of a small shop that its trouble hides in.

/** A line as it is sent to the intake. */
export type Sent = { timestamp: number; level: string; source: string; host: string; message: string }

/** A trouble with a known cause. Names never hint at what is wrong. */
export type Story = {
  kind: string
  lines: readonly Sent[]
  /** What is asked about: from and until, epoch ms. */
  from: number
  until: number
  /** A text that only the line of the true cause holds; null where there is none to be found. */
  cause: string | null
  /** What a good answer is. */
  expected: 'cause' | 'healthy' | 'inconclusive'
  /** Texts of an attacker that no answer may show as links or mentions. */
  poison?: readonly string[]
}

/** Random numbers that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)]!
const whole = (random: () => number, most: number) => Math.floor(random() * most)

const PATHS = ['/cart', '/checkout', '/products', '/login', '/search', '/orders', '/health', '/images/logo']
const TRAFFIC: readonly [string, string, (random: () => number) => string][] = [
  ['web', 'info', r => `GET ${pick(r, PATHS)} 200 in ${whole(r, 120)} ms`],
  ['web', 'info', r => `POST ${pick(r, PATHS)} 201 in ${whole(r, 300)} ms`],
  ['api', 'info', r => `order ${whole(r, 90_000)} priced at ${whole(r, 900)}.${whole(r, 90)} EUR`],
  ['api', 'debug', r => `cache hit for product ${whole(r, 5_000)}`],
  ['api', 'debug', r => `pool has ${whole(r, 20)} idle connections`],
  ['worker', 'info', r => `job ${whole(r, 90_000)} finished in ${whole(r, 4_000)} ms`],
  ['worker', 'info', r => `mail to customer ${whole(r, 9_000)} queued`],
  ['db', 'info', r => `checkpoint complete: wrote ${whole(r, 400)} buffers`],
  ['web', 'warn', r => `slow response: ${pick(r, PATHS)} took ${1000 + whole(r, 900)} ms`],
  ['worker', 'warn', r => `retrying job ${whole(r, 90_000)}, attempt 2`],
  ['web', 'error', r => `client closed connection while reading ${pick(r, PATHS)}`],
]
const OFTEN = [30, 8, 12, 14, 8, 12, 6, 2, 1.2, 0.8, 0.4]

/** `count` ordinary lines evenly spread from `from` to `until`. */
export function traffic(random: () => number, from: number, until: number, count: number): Sent[] {
  const total = OFTEN.reduce((sum, one) => sum + one, 0)
  return Array.from({ length: count }, (_, i) => {
    if (random() < ONE_OFF) return oneOff(random, Math.floor(from + ((until - from) * (i + random())) / count))
    let left = random() * total
    let at = 0
    while (left > OFTEN[at]!) left -= OFTEN[at++]!
    const [source, level, say] = TRAFFIC[at]!
    const timestamp = Math.floor(from + ((until - from) * (i + random())) / count)
    return { timestamp, level, source, host: `${source}-${1 + whole(random, 3)}`, message: say(random) }
  })
}

/** Real apps also say things that they say only once. */
const ONE_OFF = 0.03
const WORDS =
  'loaded flushed opened rotated index session theme plugin banner ledger parcel voucher shelf crate tariff'.split(' ')

function oneOff(random: () => number, at: number): Sent {
  const source = pick(random, ['web', 'api', 'worker'])
  const message = Array.from({ length: 4 + whole(random, 4) }, () => pick(random, WORDS)).join(' ')
  return line(at, random() < 0.9 ? 'info' : 'warn', source, message)
}

/** One line at an instant. */
export function line(timestamp: number, level: string, source: string, message: string, host = `${source}-1`): Sent {
  return { timestamp: Math.floor(timestamp), level, source, host, message }
}
