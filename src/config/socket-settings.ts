// The settings of the protocols that need no HTTP: the ports of syslog, GELF and Fluent forward, and where their lines go.
import { resolve } from 'node:path'
import { z } from 'zod'
import { type RequiredSetting, requiredWith, textSetting } from './setting.ts'

/** A port; 0 is off, as no port is. */
const portSetting = () =>
  z
    .string()
    .refine(text => /^\d{1,5}$/.test(text) && Number(text) <= 65535, 'must be a port number from 1 to 65535')
    .transform(text => Number(text) || null)
    .optional()

export const socketSettings = {
  SYSLOG_UDP_PORT: portSetting(),
  SYSLOG_TCP_PORT: portSetting(),
  SYSLOG_TLS_PORT: portSetting(),
  SYSLOG_TLS_CERT: textSetting().optional(),
  SYSLOG_TLS_KEY: textSetting().optional(),
  SYSLOG_PROJECT: textSetting().optional(),
  GELF_UDP_PORT: portSetting(),
  GELF_TCP_PORT: portSetting(),
  GELF_PROJECT: textSetting().optional(),
  FLUENT_PORT: portSetting(),
  FLUENT_PROJECT: textSetting().optional(),
}

export const REQUIRED_FOR_SOCKETS: readonly RequiredSetting[] = [
  requiredWith(
    'SYSLOG_TLS_CERT',
    ['SYSLOG_TLS_PORT', 'SYSLOG_TLS_KEY'],
    'the file of the certificate with its chain (PEM)',
  ),
  requiredWith('SYSLOG_TLS_KEY', ['SYSLOG_TLS_PORT', 'SYSLOG_TLS_CERT'], 'the file of its private key (PEM)'),
]

/** The ports that are open (null: not at all), and the projects of their lines (undefined: the first one). */
export function toSocketConfig(env: z.output<z.ZodObject<typeof socketSettings>>) {
  return {
    syslog: {
      udpPort: env.SYSLOG_UDP_PORT ?? null,
      tcpPort: env.SYSLOG_TCP_PORT ?? null,
      tlsPort: env.SYSLOG_TLS_PORT ?? null,
      tls:
        env.SYSLOG_TLS_CERT && env.SYSLOG_TLS_KEY
          ? { cert: resolve(env.SYSLOG_TLS_CERT), key: resolve(env.SYSLOG_TLS_KEY) }
          : null,
      project: env.SYSLOG_PROJECT,
    },
    gelf: { udpPort: env.GELF_UDP_PORT ?? null, tcpPort: env.GELF_TCP_PORT ?? null, project: env.GELF_PROJECT },
    fluent: { port: env.FLUENT_PORT ?? null, project: env.FLUENT_PROJECT },
  }
}

export type SocketConfig = ReturnType<typeof toSocketConfig>

/** Ports of TCP that are set twice, by the name of the later setting; each message is read after the name. */
export function doublePorts(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const problems: Record<string, string> = {}
  for (const names of [TCP_PORTS, UDP_PORTS]) {
    const users = new Map<number, string>()
    for (const name of names) {
      const port = Number(environment[name] ?? (name === 'PORT' ? DEFAULT_PORT : 0))
      if (!(port > 0)) continue
      const other = users.get(port)
      if (other) problems[name] = `is ${port}, which is that of ${other} too; choose another`
      else users.set(port, name)
    }
  }
  return problems
}

/** That of PORT where it is not set. */
export const DEFAULT_PORT = 8080
const TCP_PORTS = ['PORT', 'SYSLOG_TCP_PORT', 'SYSLOG_TLS_PORT', 'GELF_TCP_PORT', 'FLUENT_PORT']
const UDP_PORTS = ['SYSLOG_UDP_PORT', 'GELF_UDP_PORT', 'FLUENT_PORT']
