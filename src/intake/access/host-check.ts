// Refuses reads without a key under a name that is not Vakt's: what DNS rebinding needs. Pure.
import { isIP } from 'node:net'
import { Problem } from '../../problem.ts'

export type HostNames = {
  /** Where clients reach the intake: its host is a name of Vakt. */
  publicUrl(): string
  /** The setting HOST. */
  host: string
  /** The setting ALLOWED_HOSTS: names, `*.example.org` for all below one, `*` for any. */
  allowedHosts: readonly string[]
}

/**
 * Names that nobody can register in the public DNS, so no web page can rebind them: RFC 6761 and 6762, ICANN's
 * `internal`, and what home and company networks use.
 */
const PRIVATE_NAME = /(^|\.)(localhost|local|internal|lan|home|home\.arpa|corp|intranet|private|test)$|^[^.]+$/

/** Answers only that the process lives, which load balancers ask under any name. */
const LIVENESS = /^[a-z]+:\/\/[^/]+\/healthz$/

/**
 * Throws `forbidden` for a GET or HEAD without a key whose `Host` may belong to a web page of somebody else. A request
 * with a key proves more than a name does, and IP addresses cannot be rebound.
 */
export function refuseForeignHost(names: HostNames, request: Request): void {
  const { method, headers } = request
  if ((method !== 'GET' && method !== 'HEAD') || LIVENESS.test(request.url)) return
  if (headers.has('authorization') || headers.has('x-api-key') || headers.has('x-vakt-key')) return
  const name = nameIn(headers.get('host') ?? URL.parse(request.url)?.host ?? '')
  if (name === '' || isIP(name) !== 0 || PRIVATE_NAME.test(name) || isOwnName(names, name)) return
  throw new Problem(
    'forbidden',
    `"${name.slice(0, 100)}" is not a name of this Vakt. If it is, set PUBLIC_URL or ALLOWED_HOSTS to it; or send a key.`,
  )
}

function isOwnName({ publicUrl, host, allowedHosts }: HostNames, name: string): boolean {
  if (name === nameIn(host) || name === (URL.parse(publicUrl())?.hostname ?? '')) return true
  return allowedHosts.some(
    allowed => allowed === '*' || allowed === name || (allowed.startsWith('*.') && name.endsWith(allowed.slice(1))),
  )
}

/** The name of a `Host` header, without port, brackets and final dot. */
function nameIn(host: string): string {
  const [, address, name] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host.trim().toLowerCase()) ?? []
  return (address ?? name ?? host).replace(/\.$/, '')
}
