// The media type of a request, without its parameters: clients add a charset, a version, or nothing.
import { isUtf8 } from 'node:buffer'

/** `application/json` of `Application/JSON; charset=utf-8`; empty when there is none. */
export function mediaType(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
}

/**
 * The body in UTF-8, where its type names another charset that is known, or it begins with the mark of UTF-16, as PowerShell writes
 * files; a body that is UTF-8 all the same stays as it is.
 */
export function inUtf8(body: Buffer, headers: Headers): Buffer {
  const label = markedCharset(body) ?? CHARSET.exec(headers.get('content-type') ?? '')?.[1]
  if (label === undefined || UTF_8.test(label)) return body
  if (!/^utf-?16/i.test(label) && isUtf8(body)) return body
  try {
    return Buffer.from(new TextDecoder(label).decode(body))
  } catch {
    return body
  }
}

/** The charset of a body with the byte order mark of UTF-16. A line end in UTF-16 has a zero byte; a body without one is something else. */
function markedCharset(body: Buffer): string | undefined {
  const mark = body.length < 2 ? 0 : body.readUInt16BE(0)
  const label = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : undefined
  return label !== undefined && body.includes(0) ? label : undefined
}

const CHARSET = /;\s*charset\s*=\s*"?([\w:.-]{1,40})/i
const UTF_8 = /^(?:utf-?8|us-ascii)$/i

/** Whether a body without a useful type is JSON: it begins with `{` or `[`. */
export function looksLikeJson(body: Buffer): boolean {
  return /^\uFEFF?\s*[[{]/.test(body.subarray(0, 200).toString('utf8'))
}
