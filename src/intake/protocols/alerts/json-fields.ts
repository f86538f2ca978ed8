// Reads fields of JSON that a stranger sent: every value may be of any type. Pure.

export type JsonObject = { readonly [name: string]: unknown }

/** The object, or an empty one for anything else. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}

/** The list, or an empty one for anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The trimmed text of a text, a number or a boolean; undefined for anything else and for an empty text. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

/** The instant of a text such as `2026-11-29T10:00:00Z` (epoch ms), or of seconds or milliseconds since 1970; undefined for others. */
export function instantOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value > MIN_MILLISECONDS ? value : value > 0 ? value * 1000 : undefined
  const instant = typeof value === 'string' ? Date.parse(value) : Number.NaN
  // Go writes the year 1 where there is no time.
  return Number.isFinite(instant) && instant > 0 ? instant : undefined
}

/** Seconds beyond this would be in the year 5138. */
const MIN_MILLISECONDS = 100_000_000_000
const MAX_PATH_STEPS = 20

/** The value at a path such as `alerts.0.labels.host`; undefined where there is none. A name that has dots itself is tried first. */
export function valueAt(value: unknown, path: string): unknown {
  return step(value, path.split('.').slice(0, MAX_PATH_STEPS))
}

function step(value: unknown, names: readonly string[]): unknown {
  if (names.length === 0) return value
  if (typeof value !== 'object' || value === null) return undefined
  for (let count = names.length; count > 0; count--) {
    const name = names.slice(0, count).join('.')
    if (!Object.hasOwn(value, name)) continue
    return step((value as JsonObject)[name], names.slice(count))
  }
  return undefined
}
