// Encrypts personal data in texts, so that auditors with the key can decrypt it: AES-256-GCM with a key from outside.
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'

const encrypted = /\[enc:([a-z]{1,20}):([\w-]{38,})\]/g
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * A value as `[enc:kind:…]`. The nonce is an HMAC of the value (a synthetic nonce), so that the same value has the same
 * cipher text: it can be searched and counted without being read, and no nonce is used for two values. `key` is 32 bytes.
 */
export function encrypt(kind: string, value: string, key: Uint8Array): string {
  const nonce = createHmac('sha256', deriveKey(key, 'nonce'))
    .update(`${kind}:${value}`)
    .digest()
    .subarray(0, NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(key, 'data'), nonce).setAAD(Buffer.from(kind))
  const bytes = Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `[enc:${kind}:${bytes.toString('base64url')}]`
}

/** The text with every value of `encrypt` decrypted; values of another key, or changed ones, stay encrypted. */
export function decrypt(text: string, key: Uint8Array): string {
  return text.replace(encrypted, (whole, kind: string, encoded: string) => decryptValue(kind, encoded, key) ?? whole)
}

function decryptValue(kind: string, encoded: string, key: Uint8Array): string | null {
  const bytes = Buffer.from(encoded, 'base64url')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(key, 'data'), bytes.subarray(0, NONCE_BYTES))
  decipher.setAAD(Buffer.from(kind)).setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return null
  }
}

/** A separate key for each use, so that one reveals nothing about the other. */
function deriveKey(key: Uint8Array, use: string): Buffer {
  return createHmac('sha256', key).update(`vakt ${use}`).digest()
}
