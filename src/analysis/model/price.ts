// The cost of model calls, in millionths of a dollar. Pure.

/** Dollars per million tokens; a call with more than `inputLimit` input tokens costs `factorBeyond` times as much. */
export type Price = { input: number; output: number; inputLimit?: number; factorBeyond?: number }

/** List prices, by prefix of the model name. */
const PRICES: readonly [prefix: string, price: Price][] = [
  ['claude-haiku-5-5', { input: 0.1, output: 0.5, inputLimit: 100_000, factorBeyond: 5 }],
  ['claude-haiku', { input: 1, output: 5 }],
  ['claude-sonnet-5-5', { input: 2, output: 10 }],
  ['claude-sonnet', { input: 3, output: 15 }],
  ['claude-opus-5-5', { input: 4, output: 20 }],
]
/** For unknown models: rather too high than too low. */
const UNKNOWN_PRICE: Price = { input: 5, output: 25 }
const FREE: Price = { input: 0, output: 0 }
const PRIVATE_HOST =
  /^(localhost|127\.[\d.]+|10\.[\d.]+|192\.168\.[\d.]+|172\.(1[6-9]|2\d|3[01])\.[\d.]+|\[(::1|f[cd][\da-f:]+)\]|[^.]+|.+\.(local|internal|lan))$/

/** Whether a URL points to this machine, a private network, or a name without a domain, such as that of a container. */
export function isPrivateHost(url: string): boolean {
  return PRIVATE_HOST.test(URL.parse(url)?.hostname ?? '.')
}

/** The price of a model; `configured` has priority. A model on a private host is free. */
export function findPrice(model: string, configured: Price | null, isPrivate = false): Price {
  return (
    configured ?? (isPrivate ? FREE : null) ?? PRICES.find(([prefix]) => model.startsWith(prefix))?.[1] ?? UNKNOWN_PRICE
  )
}

/** The cost of tokens in millionths of a dollar, rounded up. */
export function computeCost(price: Price, input: number, output: number): number {
  const factor = price.inputLimit !== undefined && input > price.inputLimit ? (price.factorBeyond ?? 1) : 1
  return Math.ceil((input * price.input + output * price.output) * factor)
}

/** The cost of a call by the tokens that its provider reports; when they cannot be right, what was reserved. */
export function computeReportedCost(price: Price, usage: { input: number; output: number }, reserved: number): number {
  const isCount = (tokens: number) => Number.isFinite(tokens) && tokens >= 0
  return isCount(usage.input) && isCount(usage.output) ? computeCost(price, usage.input, usage.output) : reserved
}

/** `$0.0042`, `$1.20`. */
export function formatDollars(millionths: number): string {
  const dollars = millionths / 1e6
  return `$${dollars.toFixed(dollars !== 0 && dollars < 0.1 ? 4 : 2)}`
}
