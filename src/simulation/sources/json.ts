// An application that writes structured JSON with a few fields of its own.
import type { SourceKind } from './source-kind.ts'

const ROUTES = ['/cart', '/checkout', '/orders', '/search', '/login', '/stock']

export const json: SourceKind = {
  kind: 'json',
  contentType: 'application/json',
  query: () => ({}),
  write: ({ at, level, message, source, host, number }, random) =>
    JSON.stringify({
      timestamp: new Date(at).toISOString(),
      level,
      message,
      source,
      host,
      route: random.pick(ROUTES),
      user_id: random.whole(5000),
      duration_ms: Math.round(5 + 200 * random.next() ** 4),
      request: `r-${number}`,
    }),
}
