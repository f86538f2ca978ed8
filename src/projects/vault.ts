// Encrypts the few secrets that must be read back; the key is in a file beside the database, never in it.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { Problem } from '../problem.ts'

export interface Vault {
  seal(plain: string): Buffer
  /** Decrypts; throws `internal` when the key is not the one that encrypted it. */
  open(sealed: Buffer): string
}

/** The key for personal data in log lines: derived from the vault key by HKDF (RFC 5869) and never stored. */
export function privacyKey(vaultKey: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', vaultKey, '', 'vakt log privacy v1', 32))
}

/** A vault over a 32-byte key: AES-256-GCM with a new 12-byte nonce each time (NIST SP 800-38D). */
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
          'A stored secret cannot be decrypted: vault.key is not the key that encrypted it. Restore vault.key from your backup.',
          {
            cause: error,
          },
        )
      }
    },
  }
}
