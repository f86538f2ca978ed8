// Faults on demand: what a test orders to happen to the next requests of a route.

/**
 * `'POST /channels/*\/messages'`: a method (or `*`) and a path below `/api/v10`, where `*` or `{name}` stands for one step
 * and a last `**` for all the rest.
 */
export type RoutePattern = string

export type Fault =
  | { kind: 'limit'; retryAfter: number; global: boolean; bare: boolean }
  | { kind: 'fail'; status: number; body?: unknown }
  | { kind: 'hang' }
  | { kind: 'slow'; ms: number }
  | { kind: 'accept-then-timeout' }

interface Order {
  pattern: RoutePattern
  fault: Fault
  left: number
}

/** A list of ordered faults; each is used up after its number of times. */
export class Faults {
  #orders: Order[] = []

  order(pattern: RoutePattern, fault: Fault, times: number): void {
    this.#orders.push({ pattern, fault, left: times })
  }

  /** The fault that strikes this request now, if any; counts it. */
  take(method: string, path: string): Fault | undefined {
    const order = this.#orders.find(o => o.left > 0 && matches(o.pattern, method, path))
    if (order) order.left--
    return order?.fault
  }

  /** Forgets every order. */
  heal(): void {
    this.#orders = []
  }
}

/** Whether a request falls under a pattern. */
export function matches(pattern: RoutePattern, method: string, path: string): boolean {
  const [wantedMethod = '*', wantedPath = ''] = pattern.split(' ')
  if (wantedMethod !== '*' && wantedMethod !== method) return false
  const wanted = wantedPath.split('/')
  const actual = path.split('/')
  if (wanted.at(-1) === '**') return wanted.slice(0, -1).every((step, i) => fits(step, actual[i]))
  return wanted.length === actual.length && wanted.every((step, i) => fits(step, actual[i]))
}

const fits = (step: string, actual: string | undefined) =>
  actual !== undefined && (step === '*' || step.startsWith('{') || step === actual)
