// An evaluation case, and the normal traffic of a small shop around its incident.

/** A line as clients send it. */
export type CaseLine = { timestamp: number; level: string; source: string; host: string; message: string }

/** An incident with a known cause. Names never hint at the cause. */
export type EvaluationCase = {
  kind: string
  lines: readonly CaseLine[]
  /** The window of the question, epoch ms. */
  from: number
  until: number
  /** A text that only the line of the true cause contains; null without a cause. */
  cause: string | null
  /** The correct answer. */
  expected: 'cause' | 'healthy' | 'inconclusive'
  /** Texts of an attacker that no answer may show as links or mentions. */
  poison?: readonly string[]
}

/** Creates a generator of random numbers from a seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)]!
const randomInteger = (random: () => number, limit: number) => Math.floor(random() * limit)

const PATHS = ['/cart', '/checkout', '/products', '/login', '/search', '/orders', '/health', '/images/logo']
const TRAFFIC: readonly [string, string, (random: () => number) => string][] = [
  ['web', 'info', r => `GET ${pick(r, PATHS)} 200 in ${randomInteger(r, 120)} ms`],
  ['web', 'info', r => `POST ${pick(r, PATHS)} 201 in ${randomInteger(r, 300)} ms`],
  [
    'api',
    'info',
    r => `order ${randomInteger(r, 90_000)} priced at ${randomInteger(r, 900)}.${randomInteger(r, 90)} EUR`,
  ],
  ['api', 'debug', r => `cache hit for product ${randomInteger(r, 5_000)}`],
  ['api', 'debug', r => `pool has ${randomInteger(r, 20)} idle connections`],
  ['worker', 'info', r => `job ${randomInteger(r, 90_000)} finished in ${randomInteger(r, 4_000)} ms`],
  ['worker', 'info', r => `mail to customer ${randomInteger(r, 9_000)} queued`],
  ['db', 'info', r => `checkpoint complete: wrote ${randomInteger(r, 400)} buffers`],
  ['web', 'warn', r => `slow response: ${pick(r, PATHS)} took ${1000 + randomInteger(r, 900)} ms`],
  ['worker', 'warn', r => `retrying job ${randomInteger(r, 90_000)}, attempt 2`],
  ['web', 'error', r => `client closed connection while reading ${pick(r, PATHS)}`],
]
const TRAFFIC_WEIGHTS = [30, 8, 12, 14, 8, 12, 6, 2, 1.2, 0.8, 0.4]

/** Creates `count` normal lines, evenly spread from `from` to `until`. */
export function createTraffic(random: () => number, from: number, until: number, count: number): CaseLine[] {
  const total = TRAFFIC_WEIGHTS.reduce((sum, weight) => sum + weight, 0)
  return Array.from({ length: count }, (_, i) => {
    if (random() < ONE_OFF_SHARE)
      return createOneOffLine(random, Math.floor(from + ((until - from) * (i + random())) / count))
    let left = random() * total
    let at = 0
    while (left > TRAFFIC_WEIGHTS[at]!) left -= TRAFFIC_WEIGHTS[at++]!
    const [source, level, write] = TRAFFIC[at]!
    const timestamp = Math.floor(from + ((until - from) * (i + random())) / count)
    return { timestamp, level, source, host: `${source}-${1 + randomInteger(random, 3)}`, message: write(random) }
  })
}

/** The share of lines that are logged only once, as in real apps. */
const ONE_OFF_SHARE = 0.03
const WORDS =
  'loaded flushed opened rotated index session theme plugin banner ledger parcel voucher shelf crate tariff'.split(' ')

function createOneOffLine(random: () => number, at: number): CaseLine {
  const source = pick(random, ['web', 'api', 'worker'])
  const message = Array.from({ length: 4 + randomInteger(random, 4) }, () => pick(random, WORDS)).join(' ')
  return createLine(at, random() < 0.9 ? 'info' : 'warn', source, message)
}

/** Creates one line at an instant (epoch ms). */
export function createLine(
  timestamp: number,
  level: string,
  source: string,
  message: string,
  host = `${source}-1`,
): CaseLine {
  return { timestamp: Math.floor(timestamp), level, source, host, message }
}
