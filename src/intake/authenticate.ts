// Who sends logs and alerts: a key shown in a header, or a request signed with one; and their body, once they are known.
import type { BlockList } from 'node:net'
import type { Clock } from '../clock.ts'
import { Problem } from '../problem.ts'
import { type Key, readKeyBySecret } from '../projects/keys.ts'
import { findProject, type Project } from '../projects/projects.ts'
import type { Rates } from '../projects/rates.ts'
import { isAdminKey, shownSecret } from './auth.ts'
import { readStart } from './body.ts'
import { claimedSigner, isSigned, readSigned, type SignatureOptions } from './signed.ts'

export type Sender = {
  project: Project
  key: Key | null
  /** The signature that was claimed for this request, to be released if it is not accepted after all. */
  signature: string | null
}

/** What every intake needs to know of who sends. */
export type SenderOptions = SignatureOptions & {
  adminKey: string
  rates: Rates
  clock: Clock
  trustedProxies: BlockList
}

/** Somebody who guesses keys gets this many wrong ones a minute. */
const WRONG_KEYS = 60

/**
 * The sender of a request and its body as it came, still compressed. Nothing is received from who is not known, and no
 * more than their project takes: a stranger costs no memory. Throws `unauthorized` with the reason (no key, an unknown
 * one, a wrong, old or repeated signature), `limited` for who has shown too many wrong keys, `too_large`, and `invalid`
 * for a body that broke off.
 */
export async function receive(
  options: SenderOptions,
  request: Request,
  parameters: URLSearchParams,
  address: string,
  now: number,
): Promise<Sender & { raw: Buffer }> {
  const { headers } = request
  try {
    if (isSigned(headers)) {
      const raw = await readRaw(request, claimedSigner(options, headers).project.bodyLimit)
      return { ...readSigned(options, headers, raw, now), raw }
    }
    const sender = readShown(options, headers, parameters.get('project') ?? undefined)
    return { ...sender, raw: await readRaw(request, sender.project.bodyLimit) }
  } catch (error) {
    const wrong = error instanceof Problem && error.code === 'unauthorized'
    const room = wrong ? options.rates.take(`wrong keys from ${address}`, 1, WRONG_KEYS, now) : { ok: true as const }
    if (room.ok) throw error
    throw new Problem('limited', `Too many wrong keys from ${address}. Wait a minute.`, {
      retryAfterMs: room.retryAfterMs,
    })
  }
}

const NO_QUERY = new URLSearchParams()

/** The parameters of a request's address. */
export function queryOf(url: string): URLSearchParams {
  const mark = url.indexOf('?')
  return mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1))
}

/** Who shows a key. The admin key sends for the project that `projectName` names. */
function readShown({ state, adminKey }: SenderOptions, headers: Headers, projectName: string | undefined): Sender {
  const secret = shownSecret(headers)
  if (!secret)
    throw unauthorized('Show a key: "Authorization: Bearer <key>" or "X-Api-Key: <key>". "keys create" makes one.')
  if (isAdminKey(secret, adminKey)) return { project: findProject(state, projectName), key: null, signature: null }
  const found = readKeyBySecret(state, secret)
  if (!found) throw unauthorized('That key is not known here, or was revoked.')
  if (found.key.signed)
    throw unauthorized(
      `The key ${found.key.id} is accepted only on signed requests (X-Vakt-Key, X-Vakt-Timestamp, X-Vakt-Signature).`,
    )
  return { ...found, signature: null }
}

/** No project takes more than this at once, whatever it allows itself. */
const LARGEST_BODY = 64 * 1024 * 1024
/** What cannot be compressed grows a little with it. */
const GROWN = 1.01
const FRAMES = 4096

async function readRaw(request: Request, allowed: number): Promise<Buffer> {
  const limit = Math.min(allowed, LARGEST_BODY)
  const most = request.headers.has('content-encoding') ? limit * GROWN + FRAMES : limit
  const announced = request.headers.get('content-length')
  // A body of known size is read in one piece, which is several times faster than as a stream.
  if (announced !== null && Number(announced) <= most) return Buffer.from(await request.arrayBuffer().catch(brokeOff))
  if (announced === null) {
    const { kept, total, broken } = await readStart(request, most)
    if (broken) brokeOff()
    if (total <= most) return kept
  }
  throw new Problem('too_large', `The body is larger than ${limit} bytes. Send it in smaller parts.`)
}

function brokeOff(): never {
  throw new Problem('invalid', 'The body broke off before its end; nothing of it is taken. Send it again.', {
    fields: { body: 'broke off' },
  })
}

function unauthorized(message: string): Problem {
  return new Problem('unauthorized', message)
}
