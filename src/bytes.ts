// Sizes in bytes: their units, parsing, and how Vakt shows them.

export const KIBIBYTE = 1024
export const MEBIBYTE = 1024 * KIBIBYTE

const FACTORS: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15 }
const BINARY: Record<string, number> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 }

/** A size with a unit, as Docker, Podman and settings write it (`1.5MiB`, `12kB`, `0B`, `20 GB`), in bytes; null for any other text. */
export function parseSize(text: string): number | null {
  const [, amount, prefix, binary] = /^([\d.]+)\s?([kmgtp]?)(i?)b$/i.exec(text.trim()) ?? []
  if (amount === undefined) return null
  const factor = (binary ? BINARY : FACTORS)[prefix!.toLowerCase()]
  const bytes = Number(amount) * (factor ?? Number.NaN)
  return Number.isFinite(bytes) ? bytes : null
}

/** A size whose units are always powers of 1024, with or without a unit (`512KiB`, `2MB`, `64k`), in bytes; null for any other text. */
export function parseBinarySize(text: string): number | null {
  const [, amount, prefix] = /^([\d.]+) *(?:([km])(?:i?b)?|b)?$/i.exec(text.trim()) ?? []
  if (amount === undefined) return null
  const bytes = Math.round(Number(amount) * (prefix ? BINARY[prefix.toLowerCase()]! : 1))
  return Number.isFinite(bytes) ? bytes : null
}

/** The two halves of `1.2kB / 3MB`. */
export function parseSizes(text: string): [number | null, number | null] {
  const [first = '', second = ''] = text.split(' / ')
  return [parseSize(first), parseSize(second)]
}

/** `0.17%` as a number; null for any other text. */
export function parsePercent(text: string): number | null {
  const number = Number(/^[\d.]+(?=%$)/.exec(text.trim())?.[0])
  return Number.isFinite(number) ? number : null
}

/** Bytes for people, in powers of 1000: `312 B`, `1.2 kB`, `15.3 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  // Rounded, so that just below a megabyte is 1.0 MB rather than 1000 kB.
  while (Math.round(Math.abs(value)) >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || Math.abs(value) >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** Bytes for people, in powers of 1024: `512 KiB`, `2 MiB`. */
export function formatBinaryBytes(bytes: number): string {
  return bytes % MEBIBYTE === 0 ? `${bytes / MEBIBYTE} MiB` : `${Math.round((bytes / KIBIBYTE) * 10) / 10} KiB`
}
