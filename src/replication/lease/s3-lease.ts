// A lease in a bucket, written by conditional requests: If-None-Match and If-Match of S3
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
import { AwsClient } from 'aws4fetch'
import type { ArchiveTarget } from '../../config/log-settings.ts'
import { Problem } from '../../problem.ts'
import { errorMessage } from '../../text.ts'
import { type LeaseRecord, leaseText, parseLease } from './lease-record.ts'
import type { LeaseStore } from './lease-store.ts'

/** 409 is another conditional write at the same time. */
const CONFLICTS = new Set([409, 412])
const NO_ETAG = '"00000000000000000000000000000000"'

/** A lease at the key that the prefix of `bucket` is; `timeoutMs` is how long a request may take. */
export function s3Lease(bucket: Extract<ArchiveTarget, { kind: 's3' }>, timeoutMs: number): LeaseStore {
  const { endpoint, region, accessKey, secretKey } = bucket
  const client = new AwsClient({
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    region,
    service: 's3',
    retries: 0,
  })
  const url = `${endpoint}/${bucket.bucket}/${bucket.prefix.split('/').map(encodeURIComponent).join('/')}`
  const name = `s3://${bucket.bucket}/${bucket.prefix}`

  const send = async (
    init: { method: string; headers?: Record<string, string>; body?: string },
    signal: AbortSignal,
  ) => {
    const { method, headers = {}, body } = init
    const signed = await client.sign(url, { method, headers, ...(body === undefined ? {} : { body }) })
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      const response = await fetch(signed, { redirect: 'manual', signal: limit })
      return { response, text: await response.text() }
    } catch (error) {
      signal.throwIfAborted()
      const { cause } = error as Error
      const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? errorMessage(cause ?? error)
      throw new Problem('busy', `The lease at ${name} cannot be reached (${reason}).`, { cause: error })
    }
  }

  const put = async (record: LeaseRecord, condition: Record<string, string>, signal: AbortSignal) => {
    const headers = { ...condition, 'content-type': 'application/json' }
    const { response, text } = await send({ method: 'PUT', headers, body: leaseText(record) }, signal)
    if (CONFLICTS.has(response.status)) return null
    // Some servers answer 404 to If-Match where there is no object any more.
    if (response.status === 404 && 'if-match' in condition && /NoSuchKey/.test(text)) return null
    if (!response.ok) throw refusal(name, response.status, text)
    return response.headers.get('etag') ?? ''
  }

  return {
    name,
    async read(signal) {
      const { response, text } = await send({ method: 'GET' }, signal)
      if (response.status === 404 && !/NoSuchBucket/.test(text)) return null
      if (!response.ok) throw refusal(name, response.status, text)
      const record = parseLease(text)
      const version = response.headers.get('etag')
      if (record && version) return { record, version }
      throw new Problem('conflict', `${name} is not a lease of Vakt. Give LEASE a key of its own.`)
    },
    write: (record, version, signal) =>
      put(record, version === null ? { 'if-none-match': '*' } : { 'if-match': version }, signal),
    async verify(record, signal) {
      const conditions = [{ 'if-none-match': '*' }, { 'if-match': NO_ETAG }]
      for (const condition of conditions) {
        const written = await put(record, condition as unknown as Record<string, string>, signal)
        if (written !== null)
          throw new Problem(
            'unsupported',
            `${name} does not support conditional writes (${Object.keys(condition)[0]}), so two Vakts could hold the lease at once. Use a bucket that does, such as one of Amazon S3, Cloudflare R2 or MinIO.`,
          )
      }
    },
  }
}

function refusal(name: string, status: number, text: string): Problem {
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? ''
  if (status >= 500 || status === 429)
    return new Problem(
      'busy',
      `The lease at ${name} is unavailable: it answered ${status} ${code}`.trimEnd().concat('.'),
    )
  if (status === 401 || status === 403)
    return new Problem(
      'forbidden',
      `The lease at ${name} is refused: ${status} ${code}. Allow the key in ARCHIVE_S3_ACCESS_KEY to GetObject and PutObject there, and compare the clock of this machine.`,
    )
  return new Problem(
    'invalid',
    `The lease at ${name} is refused: ${status} ${code}. Compare LEASE, ARCHIVE_S3_ENDPOINT and ARCHIVE_S3_REGION with the bucket.`,
  )
}
