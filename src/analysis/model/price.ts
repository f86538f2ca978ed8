// What a call to a model costs, in millionths of a dollar. Pure.

/** Dollars per million tokens; beyond `until` input tokens everything costs `beyond` times as much. */
export type Price = { input: number; output: number; until?: number; beyond?: number }

/** List prices, by how the model's name begins. */
const PRICES: readonly [prefix: string, price: Price][] = [
  ['claude-haiku-5-5', { input: 0.1, output: 0.5, until: 100_000, beyond: 5 }],
  ['claude-haiku', { input: 1, output: 5 }],
  ['claude-sonnet-5-5', { input: 2, output: 10 }],
  ['claude-sonnet', { input: 3, output: 15 }],
  ['claude-opus-5-5', { input: 4, output: 20 }],
]
/** Of a model that nobody knows, rather too much is reckoned. */
const UNKNOWN: Price = { input: 5, output: 25 }
const FREE: Price = { input: 0, output: 0 }
const HOME =
  /^(localhost|127\.[\d.]+|10\.[\d.]+|192\.168\.[\d.]+|172\.(1[6-9]|2\d|3[01])\.[\d.]+|\[(::1|f[cd][\da-f:]+)\]|[^.]+|.+\.(local|internal|lan))$/

/** Whether an address is this machine, a private network, or a name without a domain such as a container's. */
export function isHome(url: string): boolean {
  return HOME.test(URL.parse(url)?.hostname ?? '.')
}

/** The price of a model; `set` is what the settings say, and wins. One that runs at home costs nothing. */
export function priceOf(model: string, set: Price | null, home = false): Price {
  return set ?? (home ? FREE : null) ?? PRICES.find(([prefix]) => model.startsWith(prefix))?.[1] ?? UNKNOWN
}

/** Millionths of a dollar for so many tokens, rounded up. */
export function costOf(price: Price, input: number, output: number): number {
  const factor = price.until !== undefined && input > price.until ? (price.beyond ?? 1) : 1
  return Math.ceil((input * price.input + output * price.output) * factor)
}

/** `$0.0042`, `$1.20`. */
export function formatDollars(millionths: number): string {
  const dollars = millionths / 1e6
  return `$${dollars.toFixed(dollars !== 0 && dollars < 0.1 ? 4 : 2)}`
}
