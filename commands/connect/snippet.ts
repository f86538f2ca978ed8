// Fills in the text of a target: the addresses of this server, and keys.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../src/config/config.ts'
import type { ConnectTarget, NeededPort } from './targets.ts'

const SNIPPETS = join(import.meta.dirname, 'snippets')
/** What is written where a port is off: the usual one. */
const USUAL_PORTS: { readonly [setting in NeededPort]: number } = {
  SYSLOG_TCP_PORT: 5514,
  SYSLOG_UDP_PORT: 5514,
  GELF_UDP_PORT: 12201,
  FLUENT_PORT: 24224,
}

/** What a text can name. `key` and `pingKey` are secrets, or words in their place. */
export type SnippetValues = {
  publicUrl: string
  sockets: Config['sockets']
  key: string
  keyId: string
  pingKey: string
  project: string
}

/** The text of a target, with every placeholder filled in. */
export function fillSnippet({ name }: Pick<ConnectTarget, 'name'>, values: SnippetValues): string {
  const { publicUrl, key, keyId, pingKey, project } = values
  const url = new URL(publicUrl)
  const isTls = url.protocol === 'https:'
  const words: { readonly [name: string]: string } = {
    url: publicUrl,
    scheme: url.protocol.replace(':', ''),
    address: publicUrl.replace(/^\w+:\/\//, '').replace(/\/+$/, ''),
    host: url.hostname,
    port: url.port || (isTls ? '443' : '80'),
    tls: isTls ? 'on' : 'off',
    is_tls: String(isTls),
    key,
    key_id: keyId,
    project,
    ping_key: pingKey,
    syslog_port: portText('SYSLOG_TCP_PORT', values),
    syslog_udp_port: portText('SYSLOG_UDP_PORT', values),
    gelf_port: portText('GELF_UDP_PORT', values),
    fluent_port: portText('FLUENT_PORT', values),
  }
  return readSnippet(name).replace(/<<(\w+)>>/g, (whole, word: string) => words[word] ?? whole)
}

/** The text of a target with its placeholders. */
export function readSnippet(name: string): string {
  return readFileSync(join(SNIPPETS, `${name}.txt`), 'utf8').trimEnd()
}

/** The port of a setting; null when it is off. */
export function portOf(setting: NeededPort, { syslog, gelf, fluent }: Config['sockets']): number | null {
  const ports = {
    SYSLOG_TCP_PORT: syslog.tcpPort,
    SYSLOG_UDP_PORT: syslog.udpPort,
    GELF_UDP_PORT: gelf.udpPort,
    FLUENT_PORT: fluent.port,
  }
  return ports[setting]
}

/** The port to write for a setting. */
export function usualPort(setting: NeededPort): number {
  return USUAL_PORTS[setting]
}

function portText(setting: NeededPort, { sockets }: SnippetValues): string {
  return String(portOf(setting, sockets) ?? USUAL_PORTS[setting])
}
