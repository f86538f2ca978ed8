// Stores archives in a bucket of S3, or of any server with its protocol; large files go in parts, so that memory does not grow.

import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import { MEBIBYTE } from '../../bytes.ts'
import { Problem } from '../../problem.ts'
import { createS3Client, elementText, type S3Bucket, S3Error } from './s3-client.ts'
import { type ArchiveStorage, type TransferOptions, targetProblem } from './storage.ts'

export type S3Options = {
  /** The size of one request; S3 takes parts of at least 5 MiB, and at most 10,000 of them. */
  partBytes?: number
  sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

const PART_BYTES = 16 * MEBIBYTE
const MAX_PARTS = 10_000
const DOWNLOAD_TIMEOUT_MS = 3_600_000
const CLEANUP_TIMEOUT_MS = 5_000

/** Storage in a bucket, with the bucket in the path of the URL, which every server of the protocol understands. */
export function s3Storage(bucket: S3Bucket, options: S3Options = {}): ArchiveStorage {
  const { sleep = (ms, signal) => setTimeout(ms, null, { signal }) } = options
  const client = createS3Client(bucket, sleep)
  const keyOf = (name: string) => (bucket.prefix === '' ? name : `${bucket.prefix}/${name}`)

  async function putWhole(handle: FileHandle, size: number, key: string, signal: AbortSignal): Promise<void> {
    const { body, headers, md5 } = await readPart(handle, 0, size)
    const answer = await client.text({ method: 'PUT', key, headers, body, signal })
    verifyEtag(answer.headers, md5, key)
  }

  async function putInParts(handle: FileHandle, size: number, key: string, { signal, onProgress }: TransferOptions) {
    await abortStaleUploads(key, signal)
    const started = await client.text({ method: 'POST', key, query: 'uploads=', signal })
    const upload = `uploadId=${encodeURIComponent(elementText(started.text, 'UploadId'))}`
    try {
      const tags: string[] = []
      const partBytes = Math.max(options.partBytes ?? PART_BYTES, Math.ceil(size / MAX_PARTS))
      for (let at = 0; at < size; at += partBytes) {
        const { body, headers, md5 } = await readPart(handle, at, Math.min(partBytes, size - at))
        const query = `partNumber=${tags.length + 1}&${upload}`
        const answer = await client.text({ method: 'PUT', key, query, headers, body, signal })
        verifyEtag(answer.headers, md5, key)
        tags.push(answer.headers.get('etag') ?? '')
        onProgress(at + body.length)
      }
      await completeUpload(key, upload, tags, signal)
    } catch (error) {
      // The bucket's owner would pay for the parts of an upload that is never completed.
      const signal = AbortSignal.timeout(CLEANUP_TIMEOUT_MS)
      await client.text({ method: 'DELETE', key, query: upload, signal }).catch(() => {})
      throw error
    }
  }

  async function completeUpload(key: string, query: string, tags: readonly string[], signal: AbortSignal) {
    const parts = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag}</ETag></Part>`)
    const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    try {
      await client.text({ method: 'POST', key, query, body, signal })
    } catch (error) {
      // An earlier attempt may have completed it although its answer was lost; the size is verified after this.
      if (!(error instanceof S3Error && error.s3Code === 'NoSuchUpload')) throw error
    }
  }

  /** Aborts the uploads of a key that a crash cut short. */
  async function abortStaleUploads(key: string, signal: AbortSignal): Promise<void> {
    try {
      const query = `prefix=${encodeURIComponent(key)}&uploads=`
      const { text } = await client.text({ method: 'GET', key: '', query, signal })
      for (const [upload] of text.matchAll(/<Upload>[\s\S]*?<\/Upload>/g)) {
        if (elementText(upload, 'Key') !== key) continue
        const id = `uploadId=${encodeURIComponent(elementText(upload, 'UploadId'))}`
        await client.text({ method: 'DELETE', key, query: id, signal })
      }
    } catch (error) {
      signal.throwIfAborted()
      // Not every access key may list uploads; stale ones only take space.
      if (!(error instanceof S3Error)) throw error
    }
  }

  return {
    name: `s3://${bucket.bucket}${bucket.prefix === '' ? '' : `/${bucket.prefix}`}`,
    async put(file, name, transfer) {
      const { signal } = transfer
      const key = keyOf(name)
      const handle = await open(file)
      try {
        const { size } = await handle.stat()
        if (size <= (options.partBytes ?? PART_BYTES)) await putWhole(handle, size, key, signal)
        else await putInParts(handle, size, key, transfer)
        const { headers } = await client.text({ method: 'HEAD', key, signal })
        const stored = Number(headers.get('content-length'))
        if (stored !== size) throw new Problem('busy', `The bucket has ${stored} of the ${size} bytes of ${key}.`)
        transfer.onProgress(size)
      } finally {
        await handle.close()
      }
    },
    async get(name, file, { signal, onProgress }) {
      const key = keyOf(name)
      await client.send({ method: 'GET', key, signal, timeoutMs: DOWNLOAD_TIMEOUT_MS }, async response => {
        let doneBytes = 0
        const progress = async function* (chunks: AsyncIterable<Uint8Array>) {
          for await (const chunk of chunks) {
            doneBytes += chunk.length
            onProgress(doneBytes)
            yield chunk
          }
        }
        await pipeline(Readable.fromWeb(response.body as never), progress, createWriteStream(file, { mode: 0o600 }), {
          signal,
        }).catch(error => {
          throw targetProblem(file, error) ?? error
        })
        const size = response.headers.get('content-length')
        if (size !== null && Number(size) !== doneBytes)
          throw new Error(`the connection ended after ${doneBytes} of ${size} bytes`)
      })
    },
    async list(prefix, signal) {
      const start = keyOf('')
      const keys: string[] = []
      let page = ''
      do {
        const query = `${page}list-type=2&prefix=${encodeURIComponent(keyOf(prefix))}`
        const { text } = await client.text({ method: 'GET', key: '', query, signal })
        for (const [, key] of text.matchAll(/<Key>([^<]*)<\/Key>/g)) keys.push(plainText(key!).slice(start.length))
        const token = /<NextContinuationToken>([^<]+)</.exec(text)?.[1]
        page = token === undefined ? '' : `continuation-token=${encodeURIComponent(plainText(token))}&`
      } while (page !== '')
      return keys.sort()
    },
    async remove(key, signal) {
      await client.text({ method: 'DELETE', key: keyOf(key), signal })
    },
  }
}

/** The text of an XML element. */
function plainText(xml: string): string {
  const signs: { [name: string]: string } = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return xml.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => signs[name]!)
}

/** A part of a file, with the checksums by which S3 verifies it. */
async function readPart(handle: FileHandle, at: number, length: number) {
  const body = new Uint8Array(length)
  const { bytesRead } = await handle.read(body, 0, length, at)
  if (bytesRead !== length) throw new Problem('internal', 'The file changed while it was uploaded.')
  const md5 = createHash('md5').update(body).digest()
  const headers = {
    'content-md5': md5.toString('base64'),
    'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
  }
  return { body, headers, md5: md5.toString('hex') }
}

/** The ETag of a part is its MD5, unless the bucket encrypts with keys of its own. */
function verifyEtag(headers: Headers, md5: string, key: string): void {
  const etag = headers.get('etag')?.replaceAll('"', '') ?? ''
  if (headers.get('x-amz-server-side-encryption')?.startsWith('aws:kms') || !/^[0-9a-f]{32}$/.test(etag)) return
  if (etag !== md5) throw new Problem('busy', `The archive received other bytes for ${key} than were sent.`)
}
