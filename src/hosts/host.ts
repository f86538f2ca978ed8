// The rules of a host: its name, address and tags, and how people refer to its containers. Pure.
import { invalid } from '../problem.ts'
import type { containers, hosts } from '../state/schema/index.ts'

export type Host = typeof hosts.$inferSelect
export type Container = typeof containers.$inferSelect
export type Engine = 'docker' | 'podman'

export type Address = { user: string; address: string; port: number }

const SSH_PORT = 22
/** Stands for the id of a host that is not stored yet. */
export const UNREGISTERED_HOST_ID = -1

/** Throws `invalid` on the field `name` unless the text is a valid host name. */
export function refuseHostName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/.test(name)) return
  throw invalid(
    'name',
    `"${cut(name)}" is not a valid host name. Use up to 63 letters, digits, ".", "-" and "_"; begin with a letter or digit.`,
  )
}

/** Splits `user@address[:port]`; an IPv6 address with a port is in brackets. Throws `invalid` on the field `address`. */
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

/** Writes an address so that `parseAddress` reads it back; leaves out the default port. */
export function writeAddress({ user, address, port }: Address): string {
  const bracketed = address.includes(':') ? `[${address}]` : address
  return `${user}@${bracketed}${port === SSH_PORT ? '' : `:${port}`}`
}

/** Reads a list of tags such as `web, prod`, sorted and without duplicates. Throws `invalid` on the field `tags`. */
export function parseTags(text: string): string[] {
  const tags = text.split(/[\s,]+/).filter(tag => tag !== '')
  const invalidTag = tags.find(tag => !/^[\w.:/-]{1,40}$/.test(tag))
  if (invalidTag !== undefined)
    throw invalid(
      'tags',
      `"${cut(invalidTag)}" is not a valid tag. Use up to 40 letters, digits, ".", ":", "/", "-" and "_".`,
    )
  return [...new Set(tags)].sort()
}

/** Whether Docker and Podman accept this as a container name or id; nothing else is ever sent to a host. */
export function isContainerName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(name)
}

/** Splits `<host>/<container>`. Throws `invalid` on the field `container`. */
export function parseReference(text: string): { host: string; container: string } {
  const slash = text.indexOf('/')
  const host = text.slice(0, slash)
  const container = text.slice(slash + 1)
  if (slash > 0 && isContainerName(container)) return { host, container }
  throw invalid('container', `"${cut(text)}" is not a container. Write host/container, such as web-1/nginx.`)
}

/** Like `parseReference`, for patterns: `*` matches any characters in either half. */
export function parsePattern(text: string): { host: string; container: string } {
  const slash = text.indexOf('/')
  const host = text.slice(0, slash)
  const container = text.slice(slash + 1)
  if (slash > 0 && /^[\w.*-]{1,63}$/.test(host) && /^[\w.*-]{1,255}$/.test(container)) return { host, container }
  throw invalid('container', `"${cut(text)}" is not a container pattern. Write host/container, such as web-*/nginx.`)
}

/** Finds the fingerprint (`SHA256:…`) in a pasted line of ssh-keygen. Throws `invalid` on the field `trust-key`. */
export function parseFingerprint(text: string): string {
  const found = /SHA256:[A-Za-z0-9+/]{43}/.exec(text)
  if (found) return found[0]
  throw invalid('trust-key', `"${cut(text)}" is not a key fingerprint. A fingerprint is SHA256: and 43 characters.`)
}

function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
