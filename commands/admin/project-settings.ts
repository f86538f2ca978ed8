// The settings of a project that people write as lists or sizes.
import { z } from 'zod'
import { KIBIBYTE, MEBIBYTE, parseBinarySize } from '../../src/bytes.ts'
import { invalid } from '../../src/problem.ts'
import { parseDuration, SECOND } from '../../src/time.ts'
import { timeZoneId } from '../../src/time-zone.ts'

const NONE = 'none'
const KINDS = ['email', 'ip', 'phone', 'iban'] as const
const TREATMENTS = ['keep', 'mask', 'encrypt'] as const
const MIN_SIZE_BYTES = KIBIBYTE
const MAX_SIZE_BYTES = 64 * MEBIBYTE

/** A size such as `512KiB` or `2MiB`, read as bytes; from 1 KiB to 64 MiB. */
export function size() {
  return z.string().transform((text, issues) => {
    const bytes = parseBinarySize(text)
    if (bytes !== null && bytes >= MIN_SIZE_BYTES && bytes <= MAX_SIZE_BYTES) return bytes
    issues.addIssue(`must be a size from 1KiB to 64MiB, such as 512KiB`)
    return z.NEVER
  })
}

/** A time zone of the tz database; null for `none`. Throws `invalid` for an unknown one. */
export function readZone(text: string): string | null {
  return text === NONE ? null : timeZoneId(text)
}

/** `payments=30d debug=1h` as ms by tag. Throws `invalid` with the wrong pair. */
export function readTagRetention(text: string): Record<string, number> {
  return readPairs(text, 'tag-retention', (tag, value) => {
    const ms = parseDuration(value)
    if (ms === null || ms < 60 * SECOND)
      throw invalid(
        'tag-retention',
        `"${tag}=${value}" is not a tag with a duration of at least one minute. Example: payments=30d.`,
      )
    return ms
  })
}

/** `email=mask ip=keep` as treatment by kind of personal data. Throws `invalid` with the wrong pair. */
export function readPrivacy(text: string): Record<string, (typeof TREATMENTS)[number]> {
  return readPairs(text, 'privacy', (kind, value) => {
    const treatment = TREATMENTS.find(known => known === value)
    if (treatment && KINDS.some(known => known === kind)) return treatment
    throw invalid(
      'privacy',
      `"${kind}=${value}" is not valid. Combine ${KINDS.join(', ')} with ${TREATMENTS.join(', ')}, such as email=mask.`,
    )
  })
}

function readPairs<T>(text: string, field: string, read: (name: string, value: string) => T): Record<string, T> {
  if (text.trim() === NONE) return {}
  const pairs = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((pair): [string, T] => {
      const [, name, value] = /^([^=]+)=(.+)$/.exec(pair) ?? []
      if (name === undefined || value === undefined)
        throw invalid(field, `"${pair}" is not a pair. Write name=value, with spaces between several.`)
      return [name, read(name, value)]
    })
  return Object.fromEntries(pairs)
}
