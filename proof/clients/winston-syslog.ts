// winston-syslog over TCP, which ends no line by default, and over UDP.
import type { ClientProof } from './client.ts'
import { startScript } from './node-client.ts'

const PACKAGES = ['winston@3.19.0', 'winston-syslog@2.7.1']

const script = (protocol: string, port: string) => `
import winston from 'winston'
import { Syslog } from 'winston-syslog'
const transport = new Syslog({ host: '127.0.0.1', port: ports.${port}, protocol: '${protocol}4', app_name: 'proof', localhost: 'proof-host', type: '5424', eol: undefined })
transport.on('error', () => {})
const logger = winston.createLogger({ levels: winston.config.syslog.levels, format: winston.format.printf(({ message }) => message), transports: [transport] })
await sendAll((message, level) => logger[level](message))
await wait(60_000)
`

export const winstonSyslogTcp: ClientProof = {
  name: 'winston-syslog-tcp',
  kind: 'unanswered',
  source: 'proof',
  host: 'proof-host',
  packages: PACKAGES,
  portSettings: ['SYSLOG_TCP_PORT'],
  start: assignment => startScript(script('tcp', 'SYSLOG_TCP_PORT'), PACKAGES, assignment),
}

export const winstonSyslogUdp: ClientProof = {
  ...winstonSyslogTcp,
  name: 'winston-syslog-udp',
  portSettings: ['SYSLOG_UDP_PORT'],
  start: assignment => startScript(script('udp', 'SYSLOG_UDP_PORT'), PACKAGES, assignment),
}
