// Messages of simulated programs: sentences by level, and errors that are all different.
import { type Random, shuffled } from '../random.ts'
import type { Level } from '../scenario.ts'

const ORDINARY: Record<Exclude<Level, 'error' | 'fatal'>, readonly string[]> = {
  trace: ['entering price()', 'leaving price()', 'cache key built'],
  debug: ['cache hit for the price list', 'query took a while but came back', 'pool has idle connections'],
  info: [
    'order placed',
    'order shipped',
    'user logged in',
    'cart updated',
    'stock counted',
    'mail queued',
    'page served',
  ],
  warn: ['answer of the tax service was slow', 'retrying a request to the bank', 'stock of an article is low'],
}

const VERBS = [
  'open',
  'read',
  'write',
  'parse',
  'lock',
  'send',
  'verify',
  'index',
  'render',
  'import',
  'merge',
  'price',
  'refund',
  'pack',
]
const THINGS = [
  'invoice',
  'basket',
  'voucher',
  'address',
  'picture',
  'parcel label',
  'price list',
  'tax table',
  'gift card',
  'review',
  'delivery slot',
  'return',
  'loyalty card',
  'newsletter',
  'wish list',
]

/** Messages of a level. Errors use all pairs of a verb and a thing before one repeats, so that none of them is a spike. */
export function createMessages(
  random: Random,
  own: Partial<Record<Level, readonly string[]>> = {},
): (level: Level) => string {
  const errors = shuffled(
    VERBS.flatMap(verb => THINGS.map(thing => `cannot ${verb} the ${thing}`)),
    random,
  )
  let next = 0
  return level => {
    const messages = own[level]
    if (messages) return random.pick(messages)
    if (level === 'error' || level === 'fatal') return errors[next++ % errors.length]!
    return random.pick(ORDINARY[level])
  }
}
