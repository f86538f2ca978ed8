// The shapes of lines that log stores are compared on, the same in every run: short messages, wide JSON, access logs, traces.
import { DAY } from '../../src/time.ts'
import { logLines, RARE_WORD } from '../logs-lines.ts'

/** What the questions ask for in the lines of a shape. */
export type Words = {
  rare: string
  /** The rare word as a regular expression. */
  regex: string
  common: string
  phrase: string
  absent: string
  /** A word, in messages only, that is asked for together with `status:500` and `level>=error`. */
  method: string
}

export type Shape = {
  words: Words
  /** Endless lines without their times. */
  lines(): Generator<{ [field: string]: unknown }>
}

/** The lines happen evenly over this time before now. */
export const SPAN_MS = DAY
const SOURCES = 60
const HOSTS = 8
const USERS = 50_000
const ABSENT_WORD = 'nonexistentword'
const rare = { rare: RARE_WORD, regex: 'quix[o]tic', absent: ABSENT_WORD }

export const SHAPES: { readonly [name: string]: Shape } = {
  lines: {
    words: { ...rare, common: 'timeout', phrase: 'two factor authentication', method: 'GET' },
    lines: shortLines,
  },
  json: { words: { ...rare, common: 'checkout', phrase: 'cart total updated', method: 'reserved' }, lines: wideLines },
  access: { words: { ...rare, common: 'orders', phrase: 'api/v1/users', method: 'GET' }, lines: accessLines },
  traces: {
    words: { ...rare, common: 'timeout', phrase: 'could not open connection', method: 'GET' },
    lines: traceLines,
  },
}

/** Messages of eight templates from 60 sources on 8 hosts, two attributes, about 220 bytes of JSON each. */
function* shortLines() {
  const programs = Array.from({ length: SOURCES }, (_, seed) => logLines(seed))
  const random = numbers(1)
  for (let i = 0; ; i++) {
    const { level, message, attributes } = programs[i % SOURCES]!.next().value!
    const { user_id } = attributes as { user_id: number }
    yield { level, message, ...origin(i), user_id, status: statusOf(random) }
  }
}

/** An event of a shop with 45 fields, some of them nested, about 1.3 KB each. */
function* wideLines() {
  const random = numbers(2)
  const hex = (length: number) => Array.from({ length }, () => '0123456789abcdef'[random(16)]).join('')
  const events = ['cart total updated', 'checkout started', 'payment accepted', 'stock reserved', 'order shipped']
  for (let i = 0; ; i++) {
    const message = `${random(2) ? 'POST' : 'GET'} ${events[random(events.length)]} for session ${hex(8)}${rareWord(random)}`
    const numbersOf = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`metric_${n}`, random(10 ** (1 + (n % 6)))]),
    )
    const textsOf = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [`label_${n}`, n % 3 === 0 ? hex(16) : `value ${random(10 ** (n % 4))}`]),
    )
    yield {
      level: levelOf(random),
      message,
      ...origin(i),
      user_id: random(USERS),
      status: statusOf(random),
      trace_id: hex(32),
      http: { method: random(2) ? 'GET' : 'POST', route: `/shop/${random(40)}/item/{id}`, latency_ms: random(3_000) },
      kubernetes: { namespace: `team-${random(6)}`, pod: `shop-${hex(10)}-${hex(5)}`, node: `node-${random(20)}` },
      client: {
        ip: `10.${random(256)}.${random(256)}.${random(256)}`,
        country: ['NO', 'DE', 'SE'][random(3)],
        is_mobile: random(2) === 0,
      },
      ...numbersOf,
      ...textsOf,
    }
  }
}

/** Requests as web servers log them in JSON, about 420 bytes each. */
function* accessLines() {
  const random = numbers(3)
  const agents = ['Firefox/140.0', 'Chrome/142.0.0.0 Safari/537.36', 'curl/8.14.1', 'Googlebot/2.1']
  for (let i = 0; ; i++) {
    const status = statusOf(random)
    const method = ['GET', 'GET', 'GET', 'POST', 'PUT'][random(5)]!
    const path = [
      `/api/v1/users/${random(100_000)}/orders`,
      `/static/app.${random(50)}.js`,
      `/search?q=${random(9_999)}`,
    ]
    const bytes = random(200_000)
    const address = `10.${random(256)}.${random(256)}.${random(256)}`
    const request = `${method} ${path[random(path.length)]}${rareWord(random).replace(' ', '/')} HTTP/1.1`
    yield {
      level: status >= 500 ? 'error' : 'info',
      message: `${address} "${request}" ${status} ${bytes}`,
      ...origin(i),
      user_id: random(USERS),
      status,
      bytes,
      remote_addr: address,
      request_time: random(5_000) / 1_000,
      referer: `https://shop.example/${random(300)}`,
      user_agent: `Mozilla/5.0 (X11; Linux x86_64) ${agents[random(agents.length)]}`,
    }
  }
}

/** Errors with a Java trace of about 4 KB. */
function* traceLines() {
  const random = numbers(4)
  const frames = Array.from(
    { length: 400 },
    (_, n) =>
      `\tat com.example.shop.module${n % 37}.Service${n}.handle${n % 11}(Service${n}.java:${(n * 7919) % 900}) ~[shop-1.${n % 9}.jar:na]`,
  )
  for (let i = 0; ; i++) {
    const cause = ['could not open connection', 'read timeout', 'constraint violated', 'queue is full'][random(4)]
    const stack = Array.from({ length: 42 }, () => frames[random(frames.length)]).join('\n')
    yield {
      level: random(4) === 0 ? 'warn' : 'error',
      message: `${random(2) ? 'GET' : 'POST'} request ${random(1e9)} failed: ${cause}${rareWord(random)}`,
      stack: `java.lang.IllegalStateException: ${cause}\n${stack}`,
      ...origin(i),
      user_id: random(USERS),
      status: statusOf(random),
    }
  }
}

function origin(i: number): { source: string; host: string } {
  return { source: `svc-${i % SOURCES}`, host: `web-${i % HOSTS}` }
}

function statusOf(random: (limit: number) => number): number {
  return [500, 404, 301][random(50)] ?? 200
}

function levelOf(random: (limit: number) => number): string {
  return ['error', 'warn', 'debug'][random(10)] ?? 'info'
}

function rareWord(random: (limit: number) => number): string {
  return random(100_000) === 7 ? ` ${RARE_WORD}` : ''
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
