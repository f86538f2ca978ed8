// Seals the few secrets that must be read back, with a key kept in a file beside the database, never in it.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { Problem } from '../problem.ts'

export interface Vault {
  seal(plain: string): Buffer
  /** Throws `internal` when the key file is not the one that sealed it. */
  open(sealed: Buffer): string
}

/** The key that personal data in log lines is encrypted with: from the vault's own, and never stored (RFC 5869). */
export function privacyKey(vaultKey: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', vaultKey, '', 'vakt log privacy v1', 32))
}

/** A vault over a 32-byte key: AES-256-GCM, a fresh 12-byte nonce each time (NIST SP 800-38D). */
export function createVault(key: Buffer): Vault {
  return {
    seal(plain) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
    },
    open(sealed) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
        decipher.setAuthTag(sealed.subarray(-16))
        return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString('utf8')
      } catch (error) {
        throw new Problem(
          'internal',
          'A stored secret cannot be read: the vault.key file is not the one that sealed it.',
          {
            cause: error,
          },
        )
      }
    },
  }
}
