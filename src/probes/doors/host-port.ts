// Targets that are a host and a port: `tcp://db:5432`, `tls:example.org`.
import { invalid } from '../../problem.ts'

export type HostPort = { host: string; port: number; query: URLSearchParams }

/**
 * Reads `scheme:host[:port][?query]`, with or without `//`; null for another scheme. Throws `invalid` on the field `probe`
 * for what is no host, or has no port where none is the default.
 */
export function readHostPort(text: string, scheme: string, example: string, defaultPort?: number): HostPort | null {
  if (!text.toLowerCase().startsWith(`${scheme}:`)) return null
  const rest = text.slice(scheme.length + 1).replace(/^\/\//, '')
  const [, bracketed, plain, digits, query = ''] =
    /^(?:\[([\da-fA-F:.]+)\]|([^\s:/?#[\]@]+))(?::(\d{1,5}))?\/?(?:\?([^#]*))?$/.exec(rest) ?? []
  const host = bracketed ?? plain
  const port = digits === undefined ? defaultPort : Number(digits)
  if (host === undefined || port === undefined || port < 1 || port > 65_535)
    throw invalid('probe', `"${text}" is no target of a ${scheme} probe. Write ${example}.`)
  return { host, port, query: new URLSearchParams(query) }
}

/** A host and port as people write them. */
export function writeHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
