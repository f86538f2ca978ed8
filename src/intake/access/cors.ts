// Lets web pages of chosen origins send log lines and alerts (CORS); nothing else can be asked from a page.
import type { Route } from '../protocols/protocol.ts'
import { pathIn, plainPath } from './paths.ts'

/** How long a browser remembers the answer to its preflight, s. */
const MAX_AGE_SECONDS = 7_200
const MAX_HEADERS_LENGTH = 1_000

/** Which methods a path takes from web pages; empty for other paths. */
export type PageMethods = (path: string) => readonly string[]

/** The methods of `routes`, found by path. */
export function createPageMethods(routes: readonly Pick<Route, 'method' | 'path'>[]): PageMethods {
  const patterns = routes.map(({ method, path }) => ({
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  }))
  return path => [...new Set(patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))]
}

/** Whether pages of an origin may send; `allowed` are origins, `https://*.example.org` for all below one, `*` for any. */
export function isAllowedOrigin(allowed: readonly string[], origin: string): boolean {
  return allowed.some(entry => {
    if (entry === '*' || entry === origin) return true
    const star = entry.indexOf('*.')
    return star >= 0 && origin.startsWith(entry.slice(0, star)) && origin.endsWith(entry.slice(star + 1))
  })
}

/**
 * The answer to a page, by the Fetch standard: a preflight is answered here, and `answer` gets the headers without which
 * the browser keeps it from the page. Unchanged for requests without an `Origin` that is allowed, and for other routes.
 */
export function answerPage(
  allowed: readonly string[],
  methodsOf: PageMethods,
  request: Request,
  answer: () => Response | Promise<Response>,
): Response | Promise<Response> {
  const origin = allowed.length === 0 ? null : request.headers.get('origin')
  if (origin === null || !isAllowedOrigin(allowed, origin.toLowerCase())) return answer()
  const methods = methodsOf(plainPath(pathIn(request.url)))
  const asked = request.method === 'OPTIONS' ? request.headers.get('access-control-request-method') : null
  if (!methods.includes(asked ?? request.method)) return answer()
  if (asked !== null) return new Response(null, { status: 204, headers: preflightHeaders(request, origin, methods) })
  const add = (response: Response) => {
    response.headers.set('access-control-allow-origin', origin)
    response.headers.set('access-control-expose-headers', 'Retry-After')
    response.headers.append('vary', 'Origin')
    return response
  }
  const given = answer()
  return given instanceof Response ? add(given) : given.then(add)
}

function preflightHeaders({ headers }: Request, origin: string, methods: readonly string[]): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': methods.join(', '),
    // What protects Vakt is the key, not which headers carry it.
    'access-control-allow-headers': (headers.get('access-control-request-headers') ?? '').slice(0, MAX_HEADERS_LENGTH),
    'access-control-max-age': String(MAX_AGE_SECONDS),
    ...(headers.get('access-control-request-private-network') === 'true'
      ? { 'access-control-allow-private-network': 'true' }
      : {}),
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
  }
}
