// Probes a URL: one request on a connection of its own, redirects followed, status and body compared with what is expected.
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { MEBIBYTE } from '../../bytes.ts'
import { onUnaskedUpgrade } from '../../connectivity/unasked-upgrade.ts'
import { invalid } from '../../problem.ts'
import { truncate } from '../../text.ts'
import { MINUTE } from '../../time.ts'
import { DEFAULT_STATUSES, type ProbeResult, readStatuses } from '../probe.ts'
import { describeFailure, failed } from './failure.ts'
import { guardedLookup, refuseLiteral } from './guarded-lookup.ts'
import type { ProbeKind, ProbeRequest } from './probe-kind.ts'
import { certificateEnd } from './tls.ts'

const MAX_REDIRECTS = 5
/** How much of a body is read: as much as expectations may need, or enough to see that the answer comes. */
const MAX_EXPECTED_BODY_BYTES = MEBIBYTE
const MAX_UNREAD_BODY_BYTES = 64 * 1024
const MAX_EXCERPT_LENGTH = 500

export const http: ProbeKind = {
  name: 'http',
  example: 'https://shop.example.org/health',
  everyMs: MINUTE,
  takes: ['expect', 'expect-status', 'header', 'probe-method', 'insecure', 'cert-days'],
  read(text) {
    if (!/^https?:/i.test(text)) return null
    const url = URL.parse(text)
    if (!url || url.hostname === '')
      throw invalid('probe', `"${text}" is not a URL. Write https://shop.example.org/health.`)
    if (url.username !== '' || url.password !== '')
      throw invalid(
        'probe',
        'The URL has a password, which every card would show. Leave it out and use --header "Authorization: Basic …".',
      )
    url.hash = ''
    return url.href
  },
  hostOf: target => hostOf(new URL(target)),
  run,
}

type Answer = {
  status: number
  location: string | undefined
  body: string
  address: string | null
  certificateEndsAt: number | null
}

async function run(request: ProbeRequest): Promise<ProbeResult> {
  const begun = performance.now()
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(request.timeoutMs)])
  const accepts = request.acceptsStatus ?? readStatuses(DEFAULT_STATUSES)
  const first = new URL(request.target)
  let url = first
  let method = request.method
  let certificateEndsAt: number | null = null
  try {
    for (let redirects = 0; ; redirects++) {
      // What a header says is for the server that it was written for.
      const headers = url.origin === first.origin ? request.headers : []
      const answer = await exchange(url, method, headers, request, signal)
      certificateEndsAt ??= answer.certificateEndsAt
      const next = accepts(answer.status) ? null : redirectOf(answer, url)
      if (next === null) {
        const known = { durationMs: performance.now() - begun, address: answer.address, certificateEndsAt }
        return { ...known, ...verdict(answer, accepts, request, url === first ? '' : ` at ${url.href}`) }
      }
      const refusal = redirectRefusal(next, redirects)
      if (refusal !== null) return failed(refusal, { certificateEndsAt })
      method = methodAfter(answer.status, method)
      url = next
    }
  } catch (error) {
    const message = describeFailure(error, url.host, request.timeoutMs)
    return failed(url === first ? message : `${message}, after a redirect`, { certificateEndsAt })
  }
}

function verdict(answer: Answer, accepts: (status: number) => boolean, { expectations }: ProbeRequest, where: string) {
  const excerpt = truncate(answer.body.trim(), MAX_EXCERPT_LENGTH)
  if (!accepts(answer.status)) return { ok: false, message: `status ${answer.status}${where}`, excerpt }
  const reasons = expectations.map(expectation => expectation(answer.body)).filter(reason => reason !== null)
  if (reasons.length > 0)
    return { ok: false, message: truncate(`status ${answer.status}${where}, but ${reasons.join('; ')}`, 300), excerpt }
  return { ok: true, message: `status ${answer.status}${where}` }
}

function redirectOf({ status, location }: Answer, url: URL): URL | null {
  return [301, 302, 303, 307, 308].includes(status) && location !== undefined ? URL.parse(location, url.href) : null
}

function redirectRefusal(next: URL, redirects: number): string | null {
  if (redirects === MAX_REDIRECTS) return `more than ${MAX_REDIRECTS} redirects, the last to ${next.href}`
  return /^https?:$/.test(next.protocol) ? null : `it redirects to ${next.href}, which is no web address`
}

/** As browsers do it: https://fetch.spec.whatwg.org/#http-redirect-fetch */
function methodAfter(status: number, method: string): string {
  if (method === 'HEAD') return method
  return status === 303 || (status < 303 && method === 'POST') ? 'GET' : method
}

function exchange(
  url: URL,
  method: string,
  headers: ProbeRequest['headers'],
  { rules, insecure, expectations }: ProbeRequest,
  signal: AbortSignal,
): Promise<Answer> {
  refuseLiteral(hostOf(url), rules)
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  const maxBytes = expectations.length > 0 ? MAX_EXPECTED_BODY_BYTES : MAX_UNREAD_BODY_BYTES
  return new Promise((resolve, reject) => {
    const sent = send(url, {
      method,
      headers: { 'user-agent': 'Vakt-Probe', accept: '*/*', ...Object.fromEntries(headers) },
      // No connection is kept: each probe shows whether a new one can be made, and at rest nothing is open.
      agent: false,
      lookup: guardedLookup(rules),
      rejectUnauthorized: !insecure,
      signal,
    })
    const factsOf = ({ statusCode, headers, socket }: IncomingMessage) => ({
      status: statusCode ?? 0,
      location: headers.location,
      address: socket.remoteAddress ?? null,
      certificateEndsAt: 'getPeerCertificate' in socket ? certificateEnd(socket as TLSSocket) : null,
    })
    sent.on('error', reject)
    onUnaskedUpgrade(sent, response => resolve({ ...factsOf(response), body: '' }))
    sent.on('response', response => {
      const facts = factsOf(response)
      readBody(response, maxBytes).then(body => resolve({ ...facts, body }), reject)
    })
    sent.end()
  })
}

/** The body as text, up to a limit of bytes both before and after decompression. */
async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= maxBytes) break
  }
  response.destroy()
  const body = Buffer.concat(chunks).subarray(0, maxBytes)
  const decompress = DECOMPRESS[response.headers['content-encoding']?.trim().toLowerCase() ?? '']
  if (!decompress || body.length === 0) return body.toString('utf8')
  // Vakt asks for no compression, but some servers compress all the same.
  return (await decompressStart(body, decompress(), maxBytes)).toString('utf8')
}

/** The first bytes of a compressed body; also of one that was cut, which ends in an error after what it holds. */
async function decompressStart(body: Buffer, stream: Duplex, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.end(body)
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= maxBytes) break
    }
  } catch {}
  return Buffer.concat(chunks).subarray(0, maxBytes)
}

const DECOMPRESS: Record<string, (() => Duplex) | undefined> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}
