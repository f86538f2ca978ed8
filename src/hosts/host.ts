// The rules of a host: how it is named and addressed, what may be asked of it, and how containers on it are referred to.
import { invalid } from '../problem.ts'
import type { containers, hosts } from '../state/schema/index.ts'

export type Host = typeof hosts.$inferSelect
export type Container = typeof containers.$inferSelect
export type Engine = 'docker' | 'podman'

export type Address = { user: string; address: string; port: number }

const SSH_PORT = 22
/** The id of a host that is only asked for its key so far. */
export const NOT_REGISTERED = -1

/** Throws `invalid` on the field `name` for what cannot name a host. */
export function refuseHostName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/.test(name)) return
  throw invalid(
    'name',
    `"${cut(name)}" cannot name a host. Use up to 63 letters, digits, dots, - and _, a letter or digit first.`,
  )
}

/** `user@address[:port]` in parts; an IPv6 address with a port stands in brackets. Throws `invalid` on the field `address`. */
export function parseAddress(text: string): Address {
  const [, user, bracketed, plain, port] =
    /^([a-zA-Z_][\w.-]{0,62}\$?)@(?:\[([\da-fA-F:.%\w]+)\]|([^\s:@[\]/]+|[\da-fA-F:]+(?:%\w+)?))(?::(\d{1,5}))?$/.exec(
      text.trim(),
    ) ?? []
  const address = bracketed ?? plain
  const number = port === undefined ? SSH_PORT : Number(port)
  if (user && address && /^[a-zA-Z0-9:][\w.:%-]*$/.test(address) && number >= 1 && number <= 65_535)
    return { user, address, port: number }
  throw invalid('address', `"${cut(text)}" is not an address. Write user@address or user@address:port.`)
}

/** The address as `parseAddress` reads it; the port only when it is not the usual one. */
export function writeAddress({ user, address, port }: Address): string {
  const bracketed = address.includes(':') ? `[${address}]` : address
  return `${user}@${bracketed}${port === SSH_PORT ? '' : `:${port}`}`
}

/** Tags as people list them: `web, prod`. Throws `invalid` on the field `tags`. */
export function parseTags(text: string): string[] {
  const tags = text.split(/[\s,]+/).filter(tag => tag !== '')
  const odd = tags.find(tag => !/^[\w.:/-]{1,40}$/.test(tag))
  if (odd !== undefined) throw invalid('tags', `"${cut(odd)}" cannot be a tag. Use letters, digits, . : / - and _.`)
  return [...new Set(tags)].sort()
}

/** Whether Docker and Podman could have given this name or id to a container; nothing else is ever sent to a host. */
export function isContainerName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(name)
}

/** The two halves of `<host>/<container>`. Throws `invalid` on the field `container`. */
export function parseReference(text: string): { host: string; container: string } {
  const slash = text.indexOf('/')
  const host = text.slice(0, slash)
  const container = text.slice(slash + 1)
  if (slash > 0 && isContainerName(container)) return { host, container }
  throw invalid('container', `"${cut(text)}" names no container. Write host/container, such as web-1/nginx.`)
}

/** Like `parseReference`, for patterns: `*` stands for any letters in either half. */
export function parsePattern(text: string): { host: string; container: string } {
  const slash = text.indexOf('/')
  const host = text.slice(0, slash)
  const container = text.slice(slash + 1)
  if (slash > 0 && /^[\w.*-]{1,63}$/.test(host) && /^[\w.*-]{1,255}$/.test(container)) return { host, container }
  throw invalid('container', `"${cut(text)}" is no pattern of containers. Write host/container, such as web-*/nginx.`)
}

/** The fingerprint as `SHA256:…`, also when it was pasted with what ssh-keygen prints around it; throws `invalid`. */
export function parseFingerprint(text: string): string {
  const found = /SHA256:[A-Za-z0-9+/]{43}/.exec(text)
  if (found) return found[0]
  throw invalid('trust-key', `"${cut(text)}" is no fingerprint. It looks like SHA256: and 43 letters and digits.`)
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
