// Signs requests as a client does, from the words of docs/privacy.md alone.
import { createHash, createHmac, randomBytes } from 'node:crypto'

export type SigningKey = { id: string; secret: string }
type Signable = { method?: string; path: string; body?: string; at: number; nonce?: string }

/** The headers of a request signed by version 2; `at` is epoch ms, `path` has the query. */
export function signV2(key: SigningKey, { method = 'GET', path, body = '', at, ...rest }: Signable) {
  const nonce = rest.nonce ?? randomBytes(16).toString('hex')
  const timestamp = String(Math.floor(at / 1000))
  const hash = createHash('sha256').update(body).digest('hex')
  const text = ['v2', method, path, timestamp, nonce, hash].join('\n')
  return {
    'x-vakt-key': key.id,
    'x-vakt-timestamp': timestamp,
    'x-vakt-nonce': nonce,
    'x-vakt-signature': `v2=${createHmac('sha256', key.secret).update(text).digest('hex')}`,
  }
}

/** The headers of a request signed by version 1, which covers time and body only. */
export function signV1(key: SigningKey, { body = '', at }: Pick<Signable, 'body' | 'at'>) {
  const timestamp = String(Math.floor(at / 1000))
  const digest = createHmac('sha256', key.secret).update(`${timestamp}.${body}`).digest('hex')
  return { 'x-vakt-key': key.id, 'x-vakt-timestamp': timestamp, 'x-vakt-signature': `v1=${digest}` }
}
