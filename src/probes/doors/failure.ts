// Why a target could not be asked, as part of a sentence.
import { Problem } from '../../problem.ts'
import { errorMessage, truncate } from '../../text.ts'
import { formatDuration } from '../../time.ts'
import type { ProbeResult } from '../probe.ts'

const MAX_MESSAGE_LENGTH = 300

/** Thrown for an address that a probe must not connect to. */
export class AddressRefused extends Error {}

/** A result without an answer. */
export function failed(message: string, known: Partial<ProbeResult> = {}): ProbeResult {
  return {
    ok: false,
    durationMs: null,
    address: null,
    certificateEndsAt: null,
    ...known,
    message: truncate(message, MAX_MESSAGE_LENGTH),
  }
}

/** What an error of the network means; `place` is the name or address that was asked. */
export function describeFailure(error: unknown, place: string, timeoutMs: number): string {
  if (error instanceof AddressRefused || error instanceof Problem) return error.message
  const { name, code = '', cause, errors } = error as Error & { code?: string; cause?: unknown; errors?: unknown[] }
  // Several addresses of a name were tried; the first is the one that people expect.
  if (errors?.length) return describeFailure(errors[0], place, timeoutMs)
  if (
    name === 'TimeoutError' ||
    name === 'AbortError' ||
    code === 'ABORT_ERR' ||
    code === 'ETIMEDOUT' ||
    code === 'ERR_SOCKET_CONNECTION_TIMEOUT'
  )
    return `${place} did not answer within ${formatDuration(timeoutMs)}`
  const sentence = SENTENCES[code]
  if (sentence) return sentence(place)
  if (cause !== undefined) return describeFailure(cause, place, timeoutMs)
  return `${place}: ${errorMessage(error)}${code === '' || errorMessage(error).includes(code) ? '' : ` (${code})`}`
}

const SENTENCES: Record<string, (place: string) => string> = {
  ECONNREFUSED: place => `${place} refuses the connection`,
  ECONNRESET: place => `${place} closed the connection before it answered`,
  EPIPE: place => `${place} closed the connection before it answered`,
  ENOTFOUND: place => `the name ${place} does not exist`,
  ENODATA: place => `the name ${place} has no such records`,
  EAI_AGAIN: place => `the name ${place} could not be resolved: the name server does not answer`,
  ESERVFAIL: place => `the name server could not resolve ${place}`,
  EREFUSED: place => `the name server refuses to resolve ${place}`,
  EHOSTUNREACH: place => `there is no way to ${place}`,
  ENETUNREACH: place => `the network of ${place} cannot be reached`,
  CERT_HAS_EXPIRED: place => `the certificate of ${place} has expired`,
  CERT_NOT_YET_VALID: place => `the certificate of ${place} is not valid yet`,
  DEPTH_ZERO_SELF_SIGNED_CERT: place => `the certificate of ${place} is self-signed; --insecure accepts it`,
  SELF_SIGNED_CERT_IN_CHAIN: place => `the certificate of ${place} is of an authority that is not trusted`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: place => `the certificate of ${place} is of an authority that is not trusted`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: place =>
    `${place} does not send the whole chain of its certificate, or its authority is not trusted`,
  ERR_TLS_CERT_ALTNAME_INVALID: place => `the certificate is not for ${place}`,
  EPROTO: place => `${place} does not speak TLS as expected`,
  ERR_SSL_WRONG_VERSION_NUMBER: place => `${place} does not speak TLS`,
}
