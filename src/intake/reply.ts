// What a protocol answers, as an HTTP response.
import { asSecured, SECURITY_HEADERS } from './access/security-headers.ts'
import type { Reply } from './protocols/protocol.ts'

const JSON_HEADERS = Object.freeze({ ...SECURITY_HEADERS, 'content-type': 'application/json' })
const BYTES_HEADERS = Object.freeze({ ...SECURITY_HEADERS, 'content-type': 'application/octet-stream' })
const TEXT_HEADERS = Object.freeze({ ...SECURITY_HEADERS, 'content-type': 'text/plain; charset=UTF-8' })

/** The response: an object as JSON, a string as plain text, unless the reply names another type. */
export function toResponse({ status, body, headers: own }: Reply): Response {
  const withOwn = (headers: Readonly<Record<string, string>>) => (own === undefined ? headers : { ...headers, ...own })
  if (body instanceof Uint8Array)
    return asSecured(new Response(Buffer.from(body), { status, headers: withOwn(BYTES_HEADERS) }))
  if (typeof body === 'object' && body !== null)
    return asSecured(new Response(JSON.stringify(body), { status, headers: withOwn(JSON_HEADERS) }))
  return asSecured(new Response(body, { status, headers: withOwn(body === null ? SECURITY_HEADERS : TEXT_HEADERS) }))
}
