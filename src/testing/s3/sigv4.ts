// Checks signatures of AWS Signature Version 4, written from its description and sharing nothing with the client under test.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export type Credentials = { accessKey: string; secretKey: string; region: string }

/** The protocol's code for what is wrong with a request's signature; null when nothing is. `now` is epoch ms. */
export function signatureFault(
  request: IncomingMessage,
  body: Buffer,
  known: Credentials,
  now: number,
):
  | 'AccessDenied'
  | 'InvalidAccessKeyId'
  | 'SignatureDoesNotMatch'
  | 'AuthorizationHeaderMalformed'
  | 'RequestTimeTooSkewed'
  | 'XAmzContentSHA256Mismatch'
  | null {
  const header = request.headers.authorization
  if (!header) return 'AccessDenied'
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      header,
    )
  if (!found) return 'AuthorizationHeaderMalformed'
  const [, accessKey, day, region, signedHeaders, signature] = found as unknown as string[]
  if (accessKey !== known.accessKey) return 'InvalidAccessKeyId'
  if (region !== known.region) return 'AuthorizationHeaderMalformed'
  const stamp = String(request.headers['x-amz-date'])
  const at = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!stamp.startsWith(day!) || !(Math.abs(at - now) < 900_000)) return 'RequestTimeTooSkewed'
  const names = signedHeaders!.split(';')
  // The host and every x-amz header must be signed, else somebody on the way could change them.
  const amz = Object.keys(request.headers).filter(name => name.startsWith('x-amz-'))
  if (!['host', ...amz].every(name => names.includes(name))) return 'SignatureDoesNotMatch'
  const payload = String(request.headers['x-amz-content-sha256'])
  if (payload !== 'UNSIGNED-PAYLOAD' && payload !== sha256(body)) return 'XAmzContentSHA256Mismatch'

  const [path, search = ''] = request.url!.split('?')
  const canonical = [
    request.method,
    path!
      .split('/')
      .map(part => encoded(decodeURIComponent(part)))
      .join('/'),
    search
      .split('&')
      .filter(Boolean)
      .map(pair => {
        const [name, value = ''] = pair.split('=')
        return `${encoded(decodeURIComponent(name!))}=${encoded(decodeURIComponent(value))}`
      })
      .sort()
      .join('&'),
    ...names.map(
      name =>
        `${name}:${String(request.headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}`,
    ),
    '',
    signedHeaders,
    payload,
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', stamp, scope, sha256(Buffer.from(canonical))].join('\n')
  const key = [day!, region!, 's3', 'aws4_request'].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    Buffer.from(`AWS4${known.secretKey}`),
  )
  const right = hmac(key, text)
  return timingSafeEqual(right, Buffer.from(signature!, 'hex')) ? null : 'SignatureDoesNotMatch'
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
