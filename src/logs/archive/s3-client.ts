// Sends signed requests to a bucket, retries those that may succeed later, and turns refusals into sentences.
import { AwsClient } from 'aws4fetch'
import { backOff } from '../../backoff.ts'
import type { ArchiveTarget } from '../../config/log-settings.ts'
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'

export type S3Bucket = Extract<ArchiveTarget, { kind: 's3' }>

export type S3Request = {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** The key of the object; empty for the bucket itself. */
  key: string
  /** The query string, encoded. */
  query?: string
  headers?: Record<string, string>
  body?: Uint8Array<ArrayBuffer> | string
  /** How long one attempt may take, ms (default: two minutes). */
  timeoutMs?: number
  signal: AbortSignal
}
export type S3Answer = { headers: Headers; text: string }

const MAX_ATTEMPTS = 5
const RETRY = { baseMs: 500, maxMs: 60_000 }
/** Long enough for a part of some megabytes on a slow line. */
const REQUEST_TIMEOUT_MS = 120_000
/** Error codes of S3 that mean "try again". */
const RETRYABLE_CODES = new Set([
  'InternalError',
  'SlowDown',
  'ServiceUnavailable',
  'RequestTimeout',
  'OperationAborted',
])

/** A refusal by S3; `s3Code` is its error code, empty when there is none. */
export class S3Error extends Problem {
  readonly s3Code: string
  constructor(s3Code: string, code: Problem['code'], message: string) {
    super(code, message)
    this.s3Code = s3Code
  }
}

/** A client for a bucket; `sleep` waits between two attempts. */
export function createS3Client(bucket: S3Bucket, sleep: (ms: number, signal: AbortSignal) => Promise<unknown>) {
  const { accessKey, secretKey, region, endpoint } = bucket
  const client = new AwsClient({
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    region,
    service: 's3',
    retries: 0,
  })

  /** Sends a request until it is answered, and reads the answer with `read`. Rejects with a `Problem`. */
  async function send<T>(request: S3Request, read: (response: Response) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await attemptOnce(request, read)
      } catch (error) {
        request.signal.throwIfAborted()
        const problem = error instanceof Problem ? error : unreachableProblem(bucket, error)
        if (problem.code !== 'busy' || attempt === MAX_ATTEMPTS) throw problem
        await sleep(backOff(attempt, RETRY), request.signal)
      }
    }
  }

  async function attemptOnce<T>(request: S3Request, read: (response: Response) => Promise<T>): Promise<T> {
    const { method, key, query, headers, body, signal, timeoutMs = REQUEST_TIMEOUT_MS } = request
    const url = `${endpoint}/${bucket.bucket}${key === '' ? '' : `/${encodeKey(key)}`}${query ? `?${query}` : ''}`
    const signed = await client.sign(url, { method, headers: headers ?? {}, ...(body === undefined ? {} : { body }) })
    const response = await fetch(signed, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    if (response.ok) return await read(response)
    throw toS3Error(bucket, request, response, await response.text())
  }

  return {
    send,
    /** Sends a request whose answer is a short text. S3 reports some errors in the body of a 200. */
    text: (request: S3Request): Promise<S3Answer> =>
      send(request, async response => {
        const text = await response.text()
        if (/<Error>/.test(text)) throw toS3Error(bucket, request, response, text)
        return { headers: response.headers, text }
      }),
  }
}

/** The text of an XML element, or empty. */
export function elementText(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''
  return text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/')
}

function toS3Error(bucket: S3Bucket, { method, key }: S3Request, response: Response, text: string): S3Error {
  const { status } = response
  const code = elementText(text, 'Code')
  const at = `s3://${bucket.bucket}`
  if (RETRYABLE_CODES.has(code) || status >= 500 || status === 429)
    return new S3Error(
      code,
      'busy',
      `The bucket ${at} is unavailable: it answered ${status} ${code}`.trimEnd().concat('.'),
    )
  if (code === 'InvalidAccessKeyId')
    return new S3Error(code, 'forbidden', `The bucket ${at} does not know the key in ARCHIVE_S3_ACCESS_KEY.`)
  if (code === 'SignatureDoesNotMatch')
    return new S3Error(code, 'forbidden', `ARCHIVE_S3_SECRET_KEY does not match ARCHIVE_S3_ACCESS_KEY for ${at}.`)
  if (code === 'RequestTimeTooSkewed')
    return new S3Error(
      code,
      'forbidden',
      `The bucket ${at} refuses the time of this machine's clock. Correct the clock.`,
    )
  if (code === 'NoSuchBucket' || (status === 404 && key === ''))
    return new S3Error(code, 'not_found', `There is no bucket ${bucket.bucket}. Create it, or correct its name.`)
  if (status === 404) return new S3Error(code, 'not_found', `The bucket ${at} has no ${key}.`)
  const region = elementText(text, 'Region') || (response.headers.get('x-amz-bucket-region') ?? '')
  if ((status < 400 || code === 'AuthorizationHeaderMalformed') && region !== '')
    return new S3Error(code, 'invalid', `The bucket ${bucket.bucket} is in ${region}. Set ARCHIVE_S3_REGION=${region}.`)
  if (status === 403 || status === 401)
    return new S3Error(
      code,
      'forbidden',
      `The key in ARCHIVE_S3_ACCESS_KEY may not ${method} in ${at}. Allow it there.`,
    )
  const message = elementText(text, 'Message').slice(0, 200)
  return new S3Error(code, 'invalid', `The bucket ${at} answered ${status} ${code} ${message}`.trimEnd().concat('.'))
}

function unreachableProblem({ endpoint, bucket }: S3Bucket, error: unknown): Problem {
  const { cause } = error as Error
  const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? errorMessage(cause ?? error)
  return new Problem('busy', `The server of the bucket s3://${bucket}, ${endpoint}, cannot be reached (${reason}).`, {
    cause: error,
  })
}
