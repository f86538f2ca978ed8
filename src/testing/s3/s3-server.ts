// A server of S3's protocol on the loopback, with one bucket in memory, that checks every signature and misbehaves when told to.
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Credentials, signatureFault } from './sigv4.ts'

export type S3Call = { method: string; key: string; query: string }

/** What goes wrong with a request: an answer, a connection cut before it was read or after it was done, half an answer. */
export type S3Fault = { status: number; code: string } | 'cut' | 'cut after' | 'half'

type Reply = { status?: number; headers?: Record<string, string | number>; body?: Buffer }
type Upload = { key: string; parts: Map<number, Buffer> }

const LEAST_PART = 5 * 1024 * 1024
const STATUS: Record<string, number> = {
  AccessDenied: 403,
  InvalidAccessKeyId: 403,
  PreconditionFailed: 412,
  SignatureDoesNotMatch: 403,
  RequestTimeTooSkewed: 403,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
}

/** Starts it with a bucket and the only key that may use it. `leastPart` is what a part but the last must have, bytes. */
export async function startS3(
  bucket: string,
  {
    accessKey = 'AKIDEXAMPLE',
    secretKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    region = 'us-east-1',
  }: Partial<Credentials> = {},
  leastPart = LEAST_PART,
) {
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, Upload>()
  const calls: S3Call[] = []
  const faults: { fits: (call: S3Call) => boolean; fault: S3Fault }[] = []
  let ids = 0
  let ignoresConditions = false

  const server = createServer(async (request, response) => {
    try {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      answer(request, Buffer.concat(chunks), response)
    } catch {
      response.destroy()
    }
  })

  function answer(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const url = new URL(request.url!, 'http://s3')
    const [, at, ...rest] = url.pathname.split('/').map(decodeURIComponent)
    const call = { method: request.method!, key: rest.join('/'), query: url.search.slice(1) }
    calls.push(call)
    const fault = takeFault(call)
    if (fault !== null && typeof fault === 'object') send(response, call, refused(fault.code, fault.status), fault)
    else if (fault === 'cut') response.destroy()
    else {
      const wrong = faultOf(request, body, at!) ?? conditionFault(request, call.key)
      send(response, call, wrong ? refused(wrong) : reply(call, url.searchParams, body), fault)
    }
  }

  function takeFault(call: S3Call): S3Fault | null {
    const place = faults.findIndex(one => one.fits(call))
    return place < 0 ? null : faults.splice(place, 1)[0]!.fault
  }

  function faultOf(request: IncomingMessage, body: Buffer, at: string): string | null {
    const wrong = signatureFault(request, body, { accessKey, secretKey, region }, Date.now())
    if (wrong) return wrong
    if (at !== bucket) return 'NoSuchBucket'
    const sum = request.headers['content-md5']
    return sum !== undefined && sum !== md5(body).toString('base64') ? 'BadDigest' : null
  }

  /** Conditional writes, unless the server is one that ignores them. */
  function conditionFault({ method, headers }: IncomingMessage, key: string): string | null {
    if (method !== 'PUT' || ignoresConditions) return null
    const object = objects.get(key)
    if (headers['if-none-match'] === '*' && object) return 'PreconditionFailed'
    if (headers['if-match'] === undefined) return null
    if (!object) return 'NoSuchKey'
    return headers['if-match'] === tagged(object).headers.etag ? null : 'PreconditionFailed'
  }

  function reply(call: S3Call, query: URLSearchParams, body: Buffer): Reply {
    const { method, key } = call
    if (query.has('uploadId')) return replyOfUpload(call, query, body)
    if (query.has('uploads')) return method === 'POST' ? begin(key) : listUploads(query.get('prefix') ?? '')
    if (method === 'PUT') {
      objects.set(key, body)
      return tagged(body)
    }
    if (method === 'DELETE') {
      objects.delete(key)
      return { status: 204 }
    }
    if (query.has('list-type')) return list(query.get('prefix') ?? '', query.get('continuation-token') ?? '')
    const object = objects.get(key)
    return object ? { ...tagged(object), body: object } : refused('NoSuchKey')
  }

  /** Two keys a page, so that whoever lists must read on. */
  function list(prefix: string, after: string): Reply {
    const keys = [...objects.keys()].filter(key => key.startsWith(prefix) && key > after).sort()
    const page = keys.slice(0, 2)
    const next = keys.length > 2 ? `<NextContinuationToken>${page[1]}</NextContinuationToken>` : ''
    return xml(
      `<ListBucketResult>${next}${page.map(key => `<Contents><Key>${key}</Key></Contents>`).join('')}</ListBucketResult>`,
    )
  }

  function begin(key: string): Reply {
    const id = `upload/${++ids}+=`
    uploads.set(id, { key, parts: new Map() })
    return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
  }

  function replyOfUpload({ method, key }: S3Call, query: URLSearchParams, body: Buffer): Reply {
    const id = query.get('uploadId')!
    const upload = uploads.get(id)
    if (upload?.key !== key) return refused('NoSuchUpload')
    if (method === 'POST') return complete(id, upload, body.toString())
    if (method === 'PUT') {
      upload.parts.set(Number(query.get('partNumber')), body)
      return tagged(body)
    }
    uploads.delete(id)
    return { status: 204 }
  }

  function complete(id: string, { key, parts }: Upload, list: string): Reply {
    const asked = [...list.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>"?([0-9a-f]+)"?<\/ETag>/g)]
    const pieces = asked.map(([, number, tag]) => {
      const piece = parts.get(Number(number))
      return piece && md5(piece).toString('hex') === tag ? piece : null
    })
    if (pieces.length === 0 || pieces.includes(null)) return refused('InvalidPart')
    if (pieces.slice(0, -1).some(piece => piece!.length < leastPart)) return refused('EntityTooSmall')
    objects.set(key, Buffer.concat(pieces as Buffer[]))
    uploads.delete(id)
    return xml('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>')
  }

  function listUploads(prefix: string): Reply {
    const open = [...uploads].filter(([, { key }]) => key.startsWith(prefix))
    const list = open.map(([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`)
    return xml(`<ListMultipartUploadsResult>${list.join('')}</ListMultipartUploadsResult>`)
  }

  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    objects,
    uploads,
    calls,
    /** The settings of a client that may use it. */
    bucket: {
      kind: 's3' as const,
      endpoint: `http://127.0.0.1:${port}`,
      region,
      bucket,
      prefix: '',
      accessKey,
      secretKey,
    },
    /** From now on it writes over anything, as servers without conditional writes do. */
    ignoreConditions() {
      ignoresConditions = true
    },
    /** The next request that fits meets a fault; several are met one after the other. */
    fails(fault: S3Fault, fits: (call: S3Call) => boolean = () => true) {
      faults.push({ fits, fault })
    },
    async stop() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

function send(response: ServerResponse, { method }: S3Call, reply: Reply, fault: S3Fault | null): void {
  const { status = 200, headers, body = Buffer.alloc(0) } = reply
  if (fault === 'cut after') {
    response.destroy()
    return
  }
  response.writeHead(status, { 'content-length': body.length, ...headers })
  if (fault === 'half') {
    response.write(body.subarray(0, body.length >> 1))
    setImmediate(() => response.destroy())
  } else if (method === 'HEAD') response.end()
  else response.end(body)
}

function refused(code: string, status = STATUS[code] ?? 400): Reply {
  return { ...xml(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>refused</Message></Error>`), status }
}

function xml(text: string) {
  return { headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) }
}

function tagged(body: Buffer) {
  return { headers: { etag: `"${md5(body).toString('hex')}"` } }
}

function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest()
}
