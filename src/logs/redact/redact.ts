// Redacts secrets in everything that is stored, and personal data by the setting of each project.
import type { Batch } from '../store.ts'
import { redactCardNumbers } from './cards.ts'
import { encrypt } from './cipher.ts'
import { hasDisguise, undisguise } from './disguises.ts'
import { redactNamedValues } from './key-values.ts'
import { PERSONAL_KINDS, type PersonalKind, replacePersonal } from './personal.ts'
import { ALL_TRAITS, CARD_TRAIT, ESCAPE_TRAIT, mayBeSecret, traitsOf, WIDE_TRAIT } from './prefilter.ts'
import { isAlwaysSecret, isSecretName, isSecretValue } from './secret-names.ts'
import { redactionMark, redactTokens } from './tokens.ts'

/** What to do with each kind of personal data (default: keep). */
export type Privacy = Batch['privacy']

export type Redactor = {
  /** A text with its secrets masked, and its personal data by the setting. `traits` are those of the text, where they are known. */
  text(text: string, traits?: number): string
  /** Whether the value of this name is masked as a whole, with `mask`; structures are decided by their name alone. */
  isSecret(name: string, value: unknown): boolean
  mask: string
}

/** The text with its secrets replaced by `[hidden:kind]`; linear in its length. `traits` are those of the text. */
export function redact(text: string, traits = traitsOf(text)): string {
  if (!mayBeSecret(traits)) return text
  const shown = redactPlain(text, traits)
  if ((traits & (ESCAPE_TRAIT | WIDE_TRAIT)) === 0 || !hasDisguise(shown)) return shown
  // Only where a secret was in disguise is the text kept as decoded.
  const decoded = undisguise(shown)
  const again = redactPlain(decoded, ALL_TRAITS)
  return again === decoded ? shown : again
}

/** As `redact`, but with every expression tried, whatever the text has. */
export function redactThoroughly(text: string): string {
  return redact(text, ALL_TRAITS)
}

function redactPlain(text: string, traits: number): string {
  const bare = redactTokens(text, traits)
  // A mark has traits of its own.
  const rest = bare === text ? traits : ALL_TRAITS
  const nameless = redactNamedValues(bare, rest)
  return (rest & CARD_TRAIT) === 0 ? nameless : redactCardNumbers(nameless)
}

/**
 * A redactor for a project's setting. `key` (32 bytes) encrypts personal data; without a key it is masked, never kept.
 */
export function createRedactor(privacy: Privacy, key: Uint8Array | null): Redactor {
  const personal = PERSONAL_KINDS.filter(kind => privacy[kind] === 'mask' || privacy[kind] === 'encrypt')
  const replacements = personal.map(kind => [kind, replacement(kind, privacy, key)] as const)
  return {
    text(text, traits) {
      let shown = redact(text, traits)
      for (const [kind, replace] of replacements) shown = replacePersonal(shown, kind, replace)
      return shown
    },
    isSecret: (name, value) =>
      isSecretName(name) && (typeof value === 'object' ? isAlwaysSecret(name) : isSecretValue(name, String(value))),
    mask: redactionMark('secret'),
  }
}

function replacement(kind: PersonalKind, privacy: Privacy, key: Uint8Array | null): (found: string) => string {
  if (privacy[kind] === 'encrypt' && key !== null) return found => encrypt(kind, found, key)
  return () => redactionMark(kind)
}
