// Encrypts personal data within texts so that auditors with the key can read it back: AES-256-GCM, the key given from outside.
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'

const mark = /\[enc:([a-z]{1,20}):([\w-]{38,})\]/g
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * A value as `[enc:kind:…]`. The nonce is an HMAC of the value (a synthetic one), so that the same value has the same mark:
 * it can be searched and counted without being read, and a nonce never serves two values. `key` is 32 bytes.
 */
export function encrypt(kind: string, value: string, key: Uint8Array): string {
  const nonce = createHmac('sha256', part(key, 'nonce')).update(`${kind}:${value}`).digest().subarray(0, NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', part(key, 'data'), nonce).setAAD(Buffer.from(kind))
  const bytes = Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `[enc:${kind}:${bytes.toString('base64url')}]`
}

/** The text with every mark of `encrypt` read back; marks of another key, or changed ones, stay as they are. */
export function reveal(text: string, key: Uint8Array): string {
  return text.replace(mark, (whole, kind: string, encoded: string) => decrypt(kind, encoded, key) ?? whole)
}

function decrypt(kind: string, encoded: string, key: Uint8Array): string | null {
  const bytes = Buffer.from(encoded, 'base64url')
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null
  const decipher = createDecipheriv('aes-256-gcm', part(key, 'data'), bytes.subarray(0, NONCE_BYTES))
  decipher.setAAD(Buffer.from(kind)).setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return null
  }
}

/** A key of its own for each use, so that what one shows tells nothing of the other. */
function part(key: Uint8Array, use: string): Buffer {
  return createHmac('sha256', key).update(`vakt ${use}`).digest()
}
