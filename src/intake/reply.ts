// What a protocol answers, as an HTTP response.
import { SECURITY_HEADERS } from './access/security-headers.ts'
import type { Reply } from './protocols/protocol.ts'

const JSON_HEADERS = { ...SECURITY_HEADERS, 'content-type': 'application/json' }
const BYTES_HEADERS = { ...SECURITY_HEADERS, 'content-type': 'application/octet-stream' }
const TEXT_HEADERS = { ...SECURITY_HEADERS, 'content-type': 'text/plain; charset=UTF-8' }

/** The response: an object as JSON, a string as plain text, unless the reply names another type. */
export function toResponse({ status, body, headers }: Reply): Response {
  if (body instanceof Uint8Array)
    return new Response(Buffer.from(body), { status, headers: { ...BYTES_HEADERS, ...headers } })
  if (typeof body === 'object' && body !== null)
    return new Response(JSON.stringify(body), { status, headers: { ...JSON_HEADERS, ...headers } })
  return new Response(body, { status, headers: { ...(body === null ? SECURITY_HEADERS : TEXT_HEADERS), ...headers } })
}
