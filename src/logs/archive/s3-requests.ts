// Signed requests to a bucket, tried again when that may help, and its refusals in words.
import { AwsClient } from 'aws4fetch'
import type { ArchiveTarget } from '../../config/log-settings.ts'
import { Problem } from '../../problem.ts'

export type Bucket = Extract<ArchiveTarget, { kind: 's3' }>

export type S3Request = {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Of the object; empty for the bucket itself. */
  key: string
  /** What follows the question mark, encoded. */
  query?: string
  headers?: Record<string, string>
  body?: Uint8Array<ArrayBuffer> | string
  /** How long one attempt may take; two minutes unless said. */
  longestMs?: number
  signal: AbortSignal
}
export type S3Answer = { headers: Headers; text: string }

const ATTEMPTS = 5
const FIRST_PAUSE_MS = 500
/** A part of some megabytes must be through by then. */
const LONGEST_MS = 120_000

/** What a request is refused with: `s3` is the code of the protocol, empty when there is none. */
export class Refused extends Problem {
  readonly s3: string
  constructor(s3: string, code: Problem['code'], sentence: string) {
    super(code, sentence)
    this.s3 = s3
  }
}

/** How requests are made to a bucket; `pause` waits between two attempts. */
export function s3Requests(bucket: Bucket, pause: (ms: number, signal: AbortSignal) => Promise<unknown>) {
  const { accessKey, secretKey, region, endpoint } = bucket
  const client = new AwsClient({
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    region,
    service: 's3',
    retries: 0,
  })

  /** Makes a request until it is answered, and reads its answer with `read`. Rejects with a `Problem`. */
  async function ask<T>(request: S3Request, read: (response: Response) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(request, read)
      } catch (error) {
        request.signal.throwIfAborted()
        const problem = error instanceof Problem ? error : unreachable(bucket, error)
        if (problem.code !== 'busy' || attempt === ATTEMPTS) throw problem
        await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2), request.signal)
      }
    }
  }

  async function once<T>(request: S3Request, read: (response: Response) => Promise<T>): Promise<T> {
    const { method, key, query, headers, body, signal, longestMs = LONGEST_MS } = request
    const url = `${endpoint}/${bucket.bucket}${key === '' ? '' : `/${encodedKey(key)}`}${query ? `?${query}` : ''}`
    const signed = await client.sign(url, { method, headers: headers ?? {}, ...(body === undefined ? {} : { body }) })
    const response = await fetch(signed, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(longestMs)]),
    })
    if (response.ok) return await read(response)
    throw refusal(bucket, request, response, await response.text())
  }

  return {
    ask,
    /** The same for answers that are short texts. Some refusals come as 200 with an error in the body. */
    text: (request: S3Request): Promise<S3Answer> =>
      ask(request, async response => {
        const text = await response.text()
        if (/<Error>/.test(text)) throw refusal(bucket, request, response, text)
        return { headers: response.headers, text }
      }),
  }
}

/** The text of an XML element, or empty. */
export function element(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''
  return text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

function encodedKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/')
}

const AGAIN = new Set(['InternalError', 'SlowDown', 'ServiceUnavailable', 'RequestTimeout', 'OperationAborted'])

function refusal(bucket: Bucket, { method, key }: S3Request, response: Response, text: string): Refused {
  const { status } = response
  const s3 = element(text, 'Code')
  const at = `s3://${bucket.bucket}`
  if (AGAIN.has(s3) || status >= 500 || status === 429)
    return new Refused(s3, 'busy', `The archive ${at} is not well: it answered ${status} ${s3}`.trimEnd().concat('.'))
  if (s3 === 'InvalidAccessKeyId')
    return new Refused(s3, 'forbidden', `The archive ${at} does not know the key in ARCHIVE_S3_ACCESS_KEY.`)
  if (s3 === 'SignatureDoesNotMatch')
    return new Refused(s3, 'forbidden', `ARCHIVE_S3_SECRET_KEY does not fit ARCHIVE_S3_ACCESS_KEY for ${at}.`)
  if (s3 === 'RequestTimeTooSkewed')
    return new Refused(s3, 'forbidden', `The clock of this machine is too far off for the archive ${at}. Set it right.`)
  if (s3 === 'NoSuchBucket' || (status === 404 && key === ''))
    return new Refused(s3, 'not_found', `There is no bucket ${bucket.bucket}. Make it, or correct ARCHIVE_TO.`)
  if (status === 404) return new Refused(s3, 'not_found', `The archive ${at} has no ${key}.`)
  const region = element(text, 'Region') || (response.headers.get('x-amz-bucket-region') ?? '')
  if ((status < 400 || s3 === 'AuthorizationHeaderMalformed') && region !== '')
    return new Refused(s3, 'invalid', `The bucket ${bucket.bucket} is in ${region}. Set ARCHIVE_S3_REGION=${region}.`)
  if (status === 403 || status === 401)
    return new Refused(s3, 'forbidden', `The key in ARCHIVE_S3_ACCESS_KEY may not ${method} in ${at}. Allow it there.`)
  const message = element(text, 'Message').slice(0, 200)
  return new Refused(s3, 'invalid', `The archive ${at} answered ${status} ${s3} ${message}`.trimEnd().concat('.'))
}

function unreachable({ endpoint }: Bucket, error: unknown): Problem {
  const { cause, message } = error as Error
  const why = (cause as NodeJS.ErrnoException | undefined)?.code ?? (cause as Error | undefined)?.message ?? message
  return new Problem('busy', `The archive at ${endpoint} cannot be reached (${why}).`, { cause: error })
}
