// Who sends log lines and alerts: a key in a header or a signature; and the body, read only once the sender is known.
import type { IncomingMessage } from 'node:http'
import { MEBIBYTE } from '../../bytes.ts'
import { Problem } from '../../problem.ts'
import { type Key, readKeyBySecret } from '../../projects/keys.ts'
import { findProject, type Project } from '../../projects/projects.ts'
import type { Telemetry } from '../../telemetry.ts'
import { readIntakeKey, type ShownKey } from '../access/shown-keys.ts'
import { limitWrongKeys } from '../access/wrong-keys.ts'
import { type AuthOptions, isAdminKey, signedOnly, unknownKey } from '../auth.ts'
import { joinPieces, readStart } from '../body.ts'
import { findSigner, isSigned, readSignature } from '../signed.ts'
import { bodyTooLarge, MAX_BODY_BYTES } from './limits.ts'
import { recordRefusedRequest } from './refusals.ts'
import { findWebhookSigner, proveWebhook, type WebhookSignature } from './webhook-signature.ts'

export type Sender = {
  project: Project
  /** Null for the admin key. */
  key: Key | null
  /** The signature that this request used up; released if the request is refused after all. */
  signature: string | null
  /** A webhook with the same signature was accepted before. */
  isRepeated?: boolean
}

/** What every protocol needs to identify its sender and to answer limits. */
export type ReceiveOptions = AuthOptions & { telemetry: Telemetry }

/**
 * The sender of a request, and its body as it came, still compressed. The body of an unknown sender is not read, and of a
 * known one at most what the project takes: strangers cost no memory. Throws `unauthorized` with the reason (no key, an
 * unknown one, a wrong, old or repeated signature), `limited` after too many wrong keys, `too_large`, and `invalid` for a
 * body that broke off.
 */
export function authenticateAndRead(
  options: ReceiveOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
  parameters: URLSearchParams,
  now: number,
  { readKey = readIntakeKeyOf, webhook }: SenderOptions = {},
): Promise<Sender & { raw: Buffer }> {
  const { headers } = request
  return limitWrongKeys(options, request, incoming, async () => {
    if (isSigned(headers)) {
      const { project, key } = findSigner(options, headers)
      const raw = await readCounted(options, { request, incoming }, { project, key }, parameters, now)
      return { ...readSignature(options, { request, incoming, rawBody: raw }, now), raw }
    }
    const signer = webhook ? findWebhookSigner(options, parameters) : null
    if (webhook && signer) {
      const raw = await readCounted(options, { request, incoming }, signer, parameters, now)
      return { ...signer, ...proveWebhook(options, webhook, signer, headers, raw, now), raw }
    }
    const sender = findSender(options, request, incoming, parameters, readKey)
    return { ...sender, raw: await readCounted(options, { request, incoming }, sender, parameters, now) }
  })
}

/** What is peculiar to the senders of a protocol: where their key is, and how their webhooks are signed. */
type SenderOptions = { readKey?: KeyReader | undefined; webhook?: WebhookSignature | undefined }

/** Where a protocol's clients put their key, where that is not one of the usual places. */
export type KeyReader = (request: Request, parameters: URLSearchParams) => ShownKey | null

const readIntakeKeyOf: KeyReader = ({ headers }, parameters) => readIntakeKey(headers, parameters)

const NO_PARAMETERS = new URLSearchParams()

/** The query parameters of a URL. */
export function readParameters(url: string): URLSearchParams {
  const mark = url.indexOf('?')
  return mark < 0 ? NO_PARAMETERS : new URLSearchParams(url.slice(mark + 1))
}

/** The sender that shows a key. The admin key sends for the project in the query. */
function findSender(
  options: ReceiveOptions,
  request: Request,
  incoming: IncomingMessage | undefined,
  parameters: URLSearchParams,
  readKey: KeyReader,
): Sender {
  const { state } = options
  const shown = readKey(request, parameters)
  if (!shown?.secret)
    throw unauthorized(
      'The request has no key. Send "Authorization: Bearer <key>" or "X-Api-Key: <key>"; "keys create" makes a key.',
    )
  if (isAdminKey(options, shown, request, incoming))
    return { project: findProject(state, parameters.get('project') ?? undefined), key: null, signature: null }
  const found = readKeyBySecret(state, shown.secret)
  if (!found) throw unauthorized(unknownKey(shown))
  if (found.key.signed) throw unauthorized(signedOnly(found.key.id))
  return { ...found, signature: null }
}

/** The body of a known sender; that it is too large is counted. */
async function readCounted(
  { telemetry }: ReceiveOptions,
  received: ReceivedRequest,
  { project, key }: Pick<Sender, 'project' | 'key'>,
  parameters: URLSearchParams,
  now: number,
): Promise<Buffer> {
  try {
    return await readRaw(received, project)
  } catch (error) {
    const names = { source: parameters.get('source') ?? '', host: parameters.get('host') ?? '' }
    const refused = { ...names, project: project.name, sender: key?.id ?? 'the admin key' }
    if (error instanceof Problem) recordRefusedRequest(telemetry, refused, error, now)
    throw error
  }
}

/** Incompressible data grows a little when it is compressed. */
const COMPRESSION_OVERHEAD = 1.01
const COMPRESSION_OVERHEAD_BYTES = 4096

/** A body of this many bytes or more is copied piece by piece: all its pieces beside the whole take twice the memory. */
const LONG_BODY_BYTES = MEBIBYTE

/** A request, and what the server made it from; tests without a server have no `incoming`. */
type ReceivedRequest = { request: Request; incoming: IncomingMessage | undefined }

async function readRaw({ request, incoming }: ReceivedRequest, project: Project): Promise<Buffer> {
  const limit = Math.min(project.bodyLimit, MAX_BODY_BYTES)
  const isCompressed = request.headers.has('content-encoding')
  const rawLimit = isCompressed ? limit * COMPRESSION_OVERHEAD + COMPRESSION_OVERHEAD_BYTES : limit
  const announced = request.headers.get('content-length')
  const length = Number(announced)
  const isAllowed = announced !== null && length <= rawLimit
  if (isAllowed && length >= LONG_BODY_BYTES && incoming?.readable)
    return joinPieces(incoming, length).catch(throwBrokenOff)
  // Reading a body of known size in one piece is several times faster than reading it as a stream.
  if (isAllowed) return Buffer.from(await request.arrayBuffer().catch(throwBrokenOff))
  if (announced === null) {
    const { kept, total, broken } = await readStart(request, rawLimit)
    if (broken) throwBrokenOff()
    if (total <= rawLimit) return kept
  }
  throw bodyTooLarge(project)
}

function throwBrokenOff(): never {
  throw new Problem('invalid', 'The body broke off before its end, and nothing of it is stored. Send it again.', {
    fields: { body: 'broke off' },
  })
}

function unauthorized(message: string): Problem {
  return new Problem('unauthorized', message)
}
