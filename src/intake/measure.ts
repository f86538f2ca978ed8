// Measures requests for /metrics: how many of each route end in which status, and how long they take.
import type { Env, Hono } from 'hono'
import { METHODS } from 'hono/router'
import type { RequestTally, Telemetry } from '../telemetry.ts'
import { SECOND } from '../time.ts'
import { pathIn, plainPath } from './access/paths.ts'

const KNOWN_METHODS = new Set(['HEAD', ...METHODS.map(method => method.toUpperCase())])
/** What a route or a method is counted as that Vakt does not have: senders may invent any number of them. */
const OTHER = 'other'

/** Adds each answer to a tally once it is there; a stream is counted when it begins. `begun` is of `performance.now()`. */
export function measure(
  tally: RequestTally,
  answer: Response | Promise<Response>,
  begun: number,
): Response | Promise<Response> {
  const add = ({ status }: Response) => tally.add(status, (performance.now() - begun) / SECOND)
  if (answer instanceof Response) add(answer)
  else answer.then(add, () => {})
  return answer
}

/** Finds the tally of a request to a route of `app`, by its path as the OpenAPI document has it. */
export function createTallies<E extends Env>(app: Hono<E>, telemetry: Telemetry): (request: Request) => RequestTally {
  let routes: ReturnType<typeof readRoutes> | null = null
  return ({ url, method }) => {
    // At the first request all routes are there.
    routes ??= readRoutes(app)
    const path = plainPath(pathIn(url))
    const route = routes.fixed.has(path) ? path : routes.patterns.find(({ pattern }) => pattern.test(path))?.route
    return telemetry.requestsOf(KNOWN_METHODS.has(method) ? method : OTHER, route ?? OTHER)
  }
}

function readRoutes<E extends Env>(app: Hono<E>) {
  const paths = [...new Set(app.routes.filter(({ method }) => method !== 'ALL').map(({ path }) => path))]
  return {
    fixed: new Set(paths.filter(path => !path.includes(':'))),
    patterns: paths
      .filter(path => path.includes(':'))
      .map(path => ({
        route: path.replace(/:(\w+)/g, '{$1}'),
        pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}$`),
      })),
  }
}
