// The syntax of CONNECTIVITY_TARGETS: what Vakt probes to know whether it is online.
import { invalid } from '../problem.ts'

export type Target =
  | { kind: 'tcp'; text: string; host: string; port: number }
  | { kind: 'dns'; text: string; name: string; server: string | null }
  | { kind: 'http'; text: string; url: string }
  | { kind: 'icmp'; text: string; host: string }

/**
 * Reads targets separated by spaces or commas: `tcp://1.1.1.1:443`, `dns://example.org` (by the system's resolver),
 * `dns://9.9.9.9/example.org` (by that server), `https://example.org/`, `icmp://1.1.1.1`. Throws `invalid` for the first wrong one.
 */
export function readTargets(text: string): Target[] {
  return text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(readTarget)
}

function readTarget(text: string): Target {
  const url = URL.parse(text)
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? ''
  if (url && /^https?:$/.test(url.protocol)) return { kind: 'http', text, url: text }
  if (url?.protocol === 'tcp:' && host && url.port) return { kind: 'tcp', text, host, port: Number(url.port) }
  // A name that begins with a dash would be an option of ping.
  if (url?.protocol === 'icmp:' && /^[\w.:][\w.:-]*$/.test(host)) return { kind: 'icmp', text, host }
  if (url?.protocol === 'dns:' && host) {
    const name = url.pathname.replaceAll('/', '')
    return name === '' ? { kind: 'dns', text, name: host, server: null } : { kind: 'dns', text, name, server: host }
  }
  throw invalid(
    'CONNECTIVITY_TARGETS',
    `"${text}" is not a connectivity target. Write tcp://1.1.1.1:443, dns://example.org, dns://9.9.9.9/example.org, icmp://1.1.1.1 or https://example.org/`,
  )
}
