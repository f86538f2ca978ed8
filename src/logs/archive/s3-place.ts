// Archives in a bucket of S3, or of whatever speaks its protocol; large files go in parts, so that memory does not grow.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import { Problem } from '../../problem.ts'
import type { ArchivePlace, Course } from './place.ts'
import { type Bucket, element, Refused, s3Requests } from './s3-requests.ts'

export type S3Options = {
  /** What goes in one request, bytes; the protocol wants 5 MiB at least and 10,000 parts at most. */
  partBytes?: number
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

const PART_BYTES = 16 * 1024 * 1024
const MOST_PARTS = 10_000
const LONGEST_GET_MS = 3_600_000

/** A place that is a bucket, addressed by path as every server of the protocol understands. */
export function s3Place(bucket: Bucket, options: S3Options = {}): ArchivePlace {
  const { pause = (ms, signal) => setTimeout(ms, null, { signal }) } = options
  const requests = s3Requests(bucket, pause)
  const keyOf = (name: string) => (bucket.prefix === '' ? name : `${bucket.prefix}/${name}`)

  async function putWhole(handle: FileHandle, size: number, key: string, signal: AbortSignal): Promise<void> {
    const { body, headers, md5 } = await piece(handle, 0, size)
    const answer = await requests.text({ method: 'PUT', key, headers, body, signal })
    checkTag(answer.headers, md5, key)
  }

  async function putInParts(handle: FileHandle, size: number, key: string, { signal, onBytes }: Course) {
    await forgetUploads(key, signal)
    const begun = await requests.text({ method: 'POST', key, query: 'uploads=', signal })
    const upload = `uploadId=${encodeURIComponent(element(begun.text, 'UploadId'))}`
    try {
      const tags: string[] = []
      const partBytes = Math.max(options.partBytes ?? PART_BYTES, Math.ceil(size / MOST_PARTS))
      for (let at = 0; at < size; at += partBytes) {
        const { body, headers, md5 } = await piece(handle, at, Math.min(partBytes, size - at))
        const query = `partNumber=${tags.length + 1}&${upload}`
        const answer = await requests.text({ method: 'PUT', key, query, headers, body, signal })
        checkTag(answer.headers, md5, key)
        tags.push(answer.headers.get('etag') ?? '')
        onBytes(at + body.length)
      }
      await complete(key, upload, tags, signal)
    } catch (error) {
      // Parts of an upload that is never completed would be paid for.
      const last = AbortSignal.timeout(5_000)
      await requests.text({ method: 'DELETE', key, query: upload, signal: last }).catch(() => {})
      throw error
    }
  }

  async function complete(key: string, query: string, tags: readonly string[], signal: AbortSignal): Promise<void> {
    const parts = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag}</ETag></Part>`)
    const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    try {
      await requests.text({ method: 'POST', key, query, body, signal })
    } catch (error) {
      // An attempt before may have done it without being heard; the size tells.
      if (!(error instanceof Refused && error.s3 === 'NoSuchUpload')) throw error
    }
  }

  /** Uploads of a key that a crash cut short. */
  async function forgetUploads(key: string, signal: AbortSignal): Promise<void> {
    try {
      const query = `prefix=${encodeURIComponent(key)}&uploads=`
      const { text } = await requests.text({ method: 'GET', key: '', query, signal })
      for (const [upload] of text.matchAll(/<Upload>[\s\S]*?<\/Upload>/g)) {
        if (element(upload, 'Key') !== key) continue
        const id = `uploadId=${encodeURIComponent(element(upload, 'UploadId'))}`
        await requests.text({ method: 'DELETE', key, query: id, signal })
      }
    } catch (error) {
      signal.throwIfAborted()
      // Not every key may list uploads; they only take room.
      if (!(error instanceof Refused)) throw error
    }
  }

  return {
    name: `s3://${bucket.bucket}${bucket.prefix === '' ? '' : `/${bucket.prefix}`}`,
    async put(file, name, course) {
      const { signal } = course
      const key = keyOf(name)
      const handle = await open(file)
      try {
        const { size } = await handle.stat()
        if (size <= (options.partBytes ?? PART_BYTES)) await putWhole(handle, size, key, signal)
        else await putInParts(handle, size, key, course)
        const { headers } = await requests.text({ method: 'HEAD', key, signal })
        const there = Number(headers.get('content-length'))
        if (there !== size) throw new Problem('busy', `The archive has ${there} of the ${size} bytes of ${key}.`)
        course.onBytes(size)
      } finally {
        await handle.close()
      }
    },
    async get(name, file, { signal, onBytes }) {
      const key = keyOf(name)
      await requests.ask({ method: 'GET', key, signal, longestMs: LONGEST_GET_MS }, async response => {
        let done = 0
        const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
          for await (const chunk of chunks) {
            done += chunk.length
            onBytes(done)
            yield chunk
          }
        }
        await pipeline(Readable.fromWeb(response.body as never), counted, createWriteStream(file), { signal })
        const size = response.headers.get('content-length')
        if (size !== null && Number(size) !== done) throw new Error(`${done} of ${size} bytes came`)
      })
    },
  }
}

/** A piece of a file with the sums by which the other end knows that it came whole. */
async function piece(handle: FileHandle, at: number, length: number) {
  const body = new Uint8Array(length)
  const { bytesRead } = await handle.read(body, 0, length, at)
  if (bytesRead !== length) throw new Problem('internal', 'The archive changed while it was sent.')
  const md5 = createHash('md5').update(body).digest()
  const headers = {
    'content-md5': md5.toString('base64'),
    'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
  }
  return { body, headers, md5: md5.toString('hex') }
}

/** The tag of a piece is its MD5, unless the bucket encrypts with keys of its own. */
function checkTag(headers: Headers, md5: string, key: string): void {
  const tag = headers.get('etag')?.replaceAll('"', '') ?? ''
  if (headers.get('x-amz-server-side-encryption')?.startsWith('aws:kms') || !/^[0-9a-f]{32}$/.test(tag)) return
  if (tag !== md5) throw new Problem('busy', `The archive got something else than was sent for ${key}.`)
}
