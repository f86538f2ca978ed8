// What the names before a colon mean in a query: fields of a line, times, or any attribute.
import type { FieldName } from './tree.ts'

export type Name =
  | { kind: 'level' }
  | { kind: 'text' }
  | { kind: 'time'; word: 'last' | 'since' | 'until' }
  /** `alias` is the attribute that the same name also is on lines where another field came first. */
  | { kind: 'field'; field: FieldName; alias?: string }

const NAMES = new Map<string, Name>([
  ...each('level severity lvl loglevel severity_text', { kind: 'level' }),
  ...each('message msg text', { kind: 'text' }),
  ...(['last', 'since', 'until'] as const).map((word): [string, Name] => [word, { kind: 'time', word }]),
  ...each('project', { kind: 'field', field: 'project' }),
  ...each('source', { kind: 'field', field: 'source' }),
  ...each('host', { kind: 'field', field: 'host' }),
  ...each('group', { kind: 'field', field: 'group' }),
  ...each('tag tags', { kind: 'field', field: 'tag' }),
  ...each('fingerprint', { kind: 'field', field: 'fingerprint' }),
  ...each('trace trace_id traceid', { kind: 'field', field: 'trace' }),
  ...each('span span_id spanid', { kind: 'field', field: 'span' }),
  ...['service', 'app', 'logger'].map((alias): [string, Name] => [alias, { kind: 'field', field: 'source', alias }]),
  ['hostname', { kind: 'field', field: 'host', alias: 'hostname' }],
])

/** What a name means, letter case aside; null when it is an attribute's. */
export function meaningOf(name: string): Name | null {
  return NAMES.get(name.toLowerCase()) ?? null
}

const SIGHT = {
  file: /\.(?:java|kt|scala|groovy|[cm]?[jt]sx?|py|go|rb|rs|cs|fs|php|c|cc|cpp|h|hpp|swift|ex|exs|erl|pl|lua|vue|sh)$/i,
  host: /^localhost$|\.(?:com|org|net|io|dev|app|local|internal|lan|cloud|ai|eu|de|uk|fr|nl|us|ch|at|svc|example|test)$/i,
  failure: /(?:[a-z0-9]Error|[a-z0-9]Exception|[a-z0-9]Warning)$/,
  digest: /^(?:sha\d{1,3}|md5)$/i,
  scheme: /^(?:urn|arn|mailto|javascript|tel)$/i,
  hexGroups: /^[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,}$/i,
}

/**
 * Whether `name operator value`, written without quotes, is plainly text and no attribute: a URL, an address with its
 * port, `server.ts:12`, `std::io`, an IPv6 or MAC address, `List<String>`, `a->b`, `TypeError:x`, a digest.
 */
export function isPlainText(name: string, operator: string, value: string): boolean {
  if (/[-./]$/.test(name) || /^(?:\/\/|[:\\=<>~])/.test(value)) return true
  if (operator === '<' || operator === '>') return !/^[\w.+-]+$/.test(value)
  if (operator !== ':') return false
  return (
    SIGHT.failure.test(name) ||
    SIGHT.scheme.test(name) ||
    (/^\d+(?::|$)/.test(value) && SIGHT.file.test(name)) ||
    (/^\d{2,5}(?:\/|$)/.test(value) && SIGHT.host.test(name)) ||
    (/^[0-9a-f]{12,}$/i.test(value) && SIGHT.digest.test(name)) ||
    SIGHT.hexGroups.test(`${name}:${value}`)
  )
}

function each(spellings: string, name: Name): [string, Name][] {
  return spellings.split(' ').map(spelling => [spelling, name])
}
