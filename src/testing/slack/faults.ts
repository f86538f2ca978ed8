// The faults a test may ask of the simulated Web API: limits, errors, hung and slow answers, answers that never come.

/** What goes wrong with one request. */
export type Fault =
  | { kind: 'limit'; retryAfter?: number }
  | { kind: 'status'; status: number }
  | { kind: 'error'; code: string }
  | { kind: 'hang' }
  | { kind: 'slow'; ms: number }
  | { kind: 'acceptThenTimeout' }

interface Planned {
  method: string
  channel?: string
  fault: Fault
  left: number
}

export type Faults = ReturnType<typeof createFaults>

/** A plan of faults, taken one by one as requests arrive. A method of `*` means any. */
export function createFaults() {
  const planned: Planned[] = []
  const plan = (method: string, fault: Fault, times: number, channel?: string) => {
    planned.push({ method, fault, left: times, ...(channel !== undefined && { channel }) })
  }
  return {
    /** The next `times` requests get 429. Without `retryAfter` (seconds) the header is missing. */
    limit: (method: string, how: { retryAfter?: number; times?: number; channel?: string } = {}) =>
      plan(
        method,
        { kind: 'limit', ...(how.retryAfter !== undefined && { retryAfter: how.retryAfter }) },
        how.times ?? 1,
        how.channel,
      ),
    /** The next `times` requests fail with an HTTP status (a number) or a Slack error code (a string). */
    fail: (method: string, how: number | string, times = 1) =>
      plan(method, typeof how === 'number' ? { kind: 'status', status: how } : { kind: 'error', code: how }, times),
    /** The next `times` requests are never answered, and nothing is done about them. */
    hang: (method: string, times = 1) => plan(method, { kind: 'hang' }, times),
    /** The next `times` requests are answered `ms` late. */
    slow: (method: string, ms: number, times = 1) => plan(method, { kind: 'slow', ms }, times),
    /** The next `times` requests are carried out, but the answer never comes. */
    acceptThenTimeout: (method: string, times = 1) => plan(method, { kind: 'acceptThenTimeout' }, times),

    /** Forgets every planned fault. */
    heal: () => void planned.splice(0),

    /** The fault for this request, if one is planned. */
    take(method: string, channel: unknown): Fault | undefined {
      const found = planned.find(
        item =>
          item.left > 0 &&
          (item.method === '*' || item.method === method) &&
          (item.channel === undefined || item.channel === channel),
      )
      if (found === undefined) return undefined
      found.left -= 1
      return found.fault
    },
  }
}
