// Results of probes in four bytes each: when within the hour, whether it succeeded, and the response time. Pure.
import { HOUR } from '../time.ts'

/** A result of a probe: its instant (epoch ms) and the response time (ms), null when nothing answered. */
export type MeasuredResult = { at: number; ok: boolean; durationMs: number | null }

const BYTES = 4
/** The instant within the hour is stored in steps of this many ms. */
const STEP_MS = 100
const FAILED = 0x8000
/** The response time as a mantissa of 12 bits and an exponent of 3, to the base 4, in tenths of a ms: up to 27 minutes, within 0.1 %. */
const MANTISSA_BITS = 12
const MAX_MANTISSA = 2 ** MANTISSA_BITS - 1
const MAX_EXPONENT = 6
/** The exponent that stands for no response time. */
const NO_TIME = 7 << MANTISSA_BITS

/** The packed results of an hour with one more. */
export function addResult(packed: Uint8Array, { at, ok, durationMs }: MeasuredResult): Buffer {
  const added = Buffer.alloc(BYTES)
  added.writeUInt16LE(Math.floor((at % HOUR) / STEP_MS), 0)
  added.writeUInt16LE(packTime(durationMs) | (ok ? 0 : FAILED), 2)
  return Buffer.concat([packed, added])
}

/** The results of the hour that began at `hour`, in the order in which they were added. */
export function unpackResults(hour: number, packed: Buffer): MeasuredResult[] {
  return Array.from({ length: Math.floor(packed.length / BYTES) }, (_, i) => {
    const code = packed.readUInt16LE(i * BYTES + 2)
    return {
      at: hour + packed.readUInt16LE(i * BYTES) * STEP_MS,
      ok: (code & FAILED) === 0,
      durationMs: unpackTime(code & ~FAILED),
    }
  })
}

function packTime(durationMs: number | null): number {
  if (durationMs === null) return NO_TIME
  let exponent = 0
  let mantissa = Math.round(Math.max(0, durationMs) * 10)
  while (mantissa > MAX_MANTISSA && exponent < MAX_EXPONENT) {
    mantissa = Math.round(mantissa / 4)
    exponent++
  }
  return (exponent << MANTISSA_BITS) | Math.min(mantissa, MAX_MANTISSA)
}

function unpackTime(code: number): number | null {
  if (code === NO_TIME) return null
  return ((code & MAX_MANTISSA) * 4 ** (code >> MANTISSA_BITS)) / 10
}
