// What to do when a node cannot be reached or refuses the credentials.
import type { OpenSearchOptions } from '../options.ts'

/** By the code of the error (https://nodejs.org/api/errors.html, and OpenSSL's names of verification errors). */
const BY_CODE: { readonly [code: string]: string } = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Set LOG_ENGINE_CA to a file with that certificate (PEM).',
  SELF_SIGNED_CERT_IN_CHAIN: 'Set LOG_ENGINE_CA to a file with the certificate (PEM) of its authority.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'Set LOG_ENGINE_CA to a file with the certificate (PEM) of its authority.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'Set LOG_ENGINE_CA to a file with the certificate (PEM) of its authority.',
  CERT_SIGNATURE_FAILURE:
    'LOG_ENGINE_CA has another authority of the same name: replace it by the one that signed the certificate.',
  CERT_HAS_EXPIRED: 'Renew the certificate of that node.',
  CERT_NOT_YET_VALID: 'Compare the clock of this machine with that of the node.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Write the name that the certificate has into LOG_ENGINE, or renew it with this one.',
  ENOTFOUND: 'Correct the name in LOG_ENGINE, or the name server of this machine.',
  EAI_AGAIN: 'Check the name server of this machine.',
  ECONNREFUSED: 'Start the node, or correct its port in LOG_ENGINE (default: 9200).',
  ECONNRESET: 'If the node speaks TLS, write https:// in LOG_ENGINE.',
  EPROTO: 'If the node speaks no TLS, write http:// in LOG_ENGINE.',
}

/** What to do about an error of the connection to a node. */
export function connectionRemedy(cause: unknown, { protocol }: URL): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  if (code === 'ECONNRESET' && protocol === 'https:') return 'If the node speaks no TLS, write http:// in LOG_ENGINE.'
  if (code.startsWith('ERR_SSL')) return BY_CODE.EPROTO!
  return BY_CODE[code] ?? 'Start the node, and check the network and the firewalls between it and this machine.'
}

/** What to do about refused credentials. */
export function credentialsRemedy({ user, apiKey }: OpenSearchOptions): string {
  if (apiKey !== null)
    return 'Correct LOG_ENGINE_API_KEY: the key in base64, as the cluster gave it, not revoked or expired.'
  if (user !== null) return 'Correct LOG_ENGINE_USER and LOG_ENGINE_PASSWORD.'
  return 'Set LOG_ENGINE_USER and LOG_ENGINE_PASSWORD, or LOG_ENGINE_API_KEY.'
}
