// A check as another program describes it, and how its export is read. A new program is a file here and a line in list.ts. Pure.
import type { CheckSpec } from '../checks/healthchecks/check-spec.ts'

/** A check to add, or why it cannot be added. */
export type ForeignCheck = {
  name: string
  /** What it waits for or asks, for people: `every 1d`, `https://shop.example.org every 60s`. */
  about: string
  /** A reason is a sentence for people. */
  refused: string | null
  isPaused: boolean
  /** What waits for beats; its uuid and its push token are kept. */
  beats?: { uuid: string | null; spec: CheckSpec; pushToken: string | null }
  /** What Vakt asks itself, as the flags of `checks add`; durations in ms. */
  probe?: {
    settings: {
      probe: string
      expect?: string
      expectStatus?: string
      probeMethod?: 'GET' | 'HEAD' | 'POST' | 'OPTIONS'
      insecure?: boolean
      timeout?: number
    }
    everyMs: number
    after: number
    tags: string
    description: string
  }
}

/** Another program whose checks are taken over. */
export type ForeignProgram = {
  /** As the command names it. */
  name: string
  title: string
  /** How to get an export, a sentence for people. */
  howToExport: string
  /** The address of its API below a URL, and the header that carries a key; absent where it has no API for this. */
  api?: { path: string; keyHeader: string }
  /** The checks of an export. Throws `invalid` for anything else. */
  read(json: unknown): ForeignCheck[]
}

/** The text at a name of an object; empty for any other value. */
export function textAt(value: unknown, ...names: readonly string[]): string {
  for (const name of names) {
    const found = objectOf(value)[name]
    if (typeof found === 'string' && found.trim() !== '') return found.trim()
    if (typeof found === 'number') return String(found)
  }
  return ''
}

/** The number at a name of an object, or null. */
export function numberAt(value: unknown, ...names: readonly string[]): number | null {
  for (const name of names) {
    const found = objectOf(value)[name]
    const number = typeof found === 'string' && found.trim() !== '' ? Number(found) : found
    if (typeof number === 'number' && Number.isFinite(number)) return number
  }
  return null
}

/** Whether the value at a name is true, 1 or "1"; `fallback` where there is none. */
export function flagAt(value: unknown, fallback: boolean, ...names: readonly string[]): boolean {
  for (const name of names) {
    const found = objectOf(value)[name]
    if (found !== undefined && found !== null) return found === true || found === 1 || found === '1' || found === 'true'
  }
  return fallback
}

/** The value as an object; an empty one for anything else. */
export function objectOf(value: unknown): { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { [name: string]: unknown })
    : {}
}
