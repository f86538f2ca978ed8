// Masks secrets in whatever is stored, always, and personal data as each project has set.
import type { Batch } from '../store.ts'
import { hideCards } from './cards.ts'
import { encrypt } from './cipher.ts'
import { hideNamed } from './key-values.ts'
import { PERSONAL_KINDS, type PersonalKind, replacePersonal } from './personal.ts'
import { isSecretName } from './secret-names.ts'
import { isSuspect } from './suspicion.ts'
import { hidden, hideTokens } from './tokens.ts'

/** What to do with each kind of personal data; kinds not named are kept. */
export type Privacy = Batch['privacy']

export type Redactor = {
  /** A text with its secrets masked, and its personal data as set. */
  text(text: string): string
  /** Whether the value under this name is to be masked whole, by `mask`. */
  isSecret(name: string): boolean
  mask: string
}

/** A text with its secrets replaced by `[hidden:kind]`. Linear in its length. */
export function redact(text: string): string {
  if (!isSuspect(text)) return text
  return hideCards(hideNamed(hideTokens(text)))
}

/**
 * A redactor for a project's setting. `key` (32 bytes) is for what is to be encrypted; without one it is masked, never kept.
 */
export function createRedactor(privacy: Privacy, key: Uint8Array | null): Redactor {
  const personal = PERSONAL_KINDS.filter(kind => privacy[kind] === 'mask' || privacy[kind] === 'encrypt')
  const replacements = personal.map(kind => [kind, replacement(kind, privacy, key)] as const)
  return {
    text: text => replacements.reduce((shown, [kind, replace]) => replacePersonal(shown, kind, replace), redact(text)),
    isSecret: isSecretName,
    mask: hidden('secret'),
  }
}

function replacement(kind: PersonalKind, privacy: Privacy, key: Uint8Array | null): (found: string) => string {
  if (privacy[kind] === 'encrypt' && key !== null) return found => encrypt(kind, found, key)
  return () => hidden(kind)
}
