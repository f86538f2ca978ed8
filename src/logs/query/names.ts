// What the names before a colon mean in a query: a field of a line, a time, or an attribute.
import type { FieldName } from './tree.ts'

export type NameMeaning =
  | { kind: 'level' }
  | { kind: 'text' }
  | { kind: 'time'; word: 'last' | 'since' | 'until' }
  /** `alias`: the name is also an attribute, on lines where another name was taken as the field. */
  | { kind: 'field'; field: FieldName; alias?: string }

const MEANINGS = new Map<string, NameMeaning>([
  ...spellings('level severity lvl loglevel severity_text', { kind: 'level' }),
  ...spellings('message msg text', { kind: 'text' }),
  ...(['last', 'since', 'until'] as const).map((word): [string, NameMeaning] => [word, { kind: 'time', word }]),
  ...spellings('project', { kind: 'field', field: 'project' }),
  ...spellings('source', { kind: 'field', field: 'source' }),
  ...spellings('host', { kind: 'field', field: 'host' }),
  ...spellings('group', { kind: 'field', field: 'group' }),
  ...spellings('tag tags', { kind: 'field', field: 'tag' }),
  ...spellings('fingerprint', { kind: 'field', field: 'fingerprint' }),
  ...spellings('trace trace_id traceid', { kind: 'field', field: 'trace' }),
  ...spellings('span span_id spanid', { kind: 'field', field: 'span' }),
  ...['service', 'app', 'logger'].map((alias): [string, NameMeaning] => [
    alias,
    { kind: 'field', field: 'source', alias },
  ]),
  ['hostname', { kind: 'field', field: 'host', alias: 'hostname' }],
])

/** What a name means, ignoring case; null when it is an attribute. */
export function resolveName(name: string): NameMeaning | null {
  return MEANINGS.get(name.toLowerCase()) ?? null
}

const TIME_ALIASES: { [name: string]: 'since' | 'until' } = {
  after: 'since',
  from: 'since',
  before: 'until',
  to: 'until',
}

/** `since` for `after:10:00`; such a name is an attribute beside any value that is no time. */
export function timeAlias(name: string): 'since' | 'until' | undefined {
  const folded = name.toLowerCase()
  return Object.hasOwn(TIME_ALIASES, folded) ? TIME_ALIASES[folded] : undefined
}

/** Whether people who write this name beside a time mean the time of the line. */
export function isTimeName(name: string): boolean {
  return /^(?:between|time|timestamp|@timestamp|ts|date|datetime)$/i.test(name)
}

const PLAIN_TEXT = {
  file: /\.(?:java|kt|scala|groovy|[cm]?[jt]sx?|py|go|rb|rs|cs|fs|php|c|cc|cpp|h|hpp|swift|ex|exs|erl|pl|lua|vue|sh)$/i,
  host: /^localhost$|\.(?:com|org|net|io|dev|app|local|internal|lan|cloud|ai|eu|de|uk|fr|nl|us|ch|at|svc|example|test)$/i,
  failure: /(?:[a-z0-9]Error|[a-z0-9]Exception|[a-z0-9]Warning)$/,
  digest: /^(?:sha\d{1,3}|md5)$/i,
  scheme: /^(?:urn|arn|mailto|javascript|tel)$/i,
  hexGroups: /^[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,}$/i,
}

/**
 * Whether `name operator value`, written without quotes, is clearly text and not an attribute: a URL, an address with its
 * port, `server.ts:12`, `std::io`, an IPv6 or MAC address, `List<String>`, `a->b`, `TypeError:x`, a digest.
 */
export function isPlainText(name: string, operator: string, value: string): boolean {
  if (/[-./]$/.test(name) || /^(?:\/\/|[:\\=<>~])/.test(value)) return true
  if (operator === '<' || operator === '>') return !/^[\w.+-]+$/.test(value)
  if (operator !== ':') return false
  return (
    PLAIN_TEXT.failure.test(name) ||
    PLAIN_TEXT.scheme.test(name) ||
    (/^\d+(?::|$)/.test(value) && PLAIN_TEXT.file.test(name)) ||
    (/^\d{2,5}(?:\/|$)/.test(value) && PLAIN_TEXT.host.test(name)) ||
    (/^[0-9a-f]{12,}$/i.test(value) && PLAIN_TEXT.digest.test(name)) ||
    PLAIN_TEXT.hexGroups.test(`${name}:${value}`)
  )
}

function spellings(spellings: string, name: NameMeaning): [string, NameMeaning][] {
  return spellings.split(' ').map(spelling => [spelling, name])
}
