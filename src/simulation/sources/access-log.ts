// A web server's access log in the combined format. It has no server errors: a 5xx is an error, and alerts when it repeats.
import type { SourceKind } from './source-kind.ts'

const PATHS = ['/', '/cart', '/orders/7341', '/api/stock?sku=77', '/img/logo.png', '/search?q=shoes']
const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64)', 'curl/8.5.0', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1)']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export const accessLog: SourceKind = {
  kind: 'access-log',
  contentType: 'text/plain',
  query: ({ name, host }) => ({ source: name, host }),
  write({ at, level }, random) {
    const isOdd = level === 'warn' || level === 'error' || level === 'fatal'
    const status = isOdd ? 404 : random.pick([200, 200, 200, 304])
    const address = `203.0.113.${random.whole(256)}`
    return `${address} - - [${clock(at)}] "GET ${random.pick(PATHS)} HTTP/1.1" ${status} ${random.whole(40_000)} "-" "${random.pick(AGENTS)}"`
  },
}

/** `21/Nov/2026:08:00:05 +0000` */
function clock(at: number): string {
  const iso = new Date(at).toISOString()
  return `${iso.slice(8, 10)}/${MONTHS[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
}
