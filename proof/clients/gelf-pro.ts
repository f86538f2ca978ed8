// gelf-pro over TCP and UDP.
import type { ClientProof } from './client.ts'
import { startScript } from './node-client.ts'

const PACKAGES = ['gelf-pro@1.4.0']

const script = (adapter: string, port: string) => `
import gelf from 'gelf-pro'
gelf.setConfig({ fields: { app: 'proof', host: 'proof-host' }, adapterName: '${adapter}', adapterOptions: { host: '127.0.0.1', port: ports.${port} } })
await sendAll((message, level) => new Promise(done => gelf[level](message, {}, error => done(error))))
`

export const gelfProTcp: ClientProof = {
  name: 'gelf-pro-tcp',
  kind: 'unanswered',
  source: 'proof',
  host: 'proof-host',
  packages: PACKAGES,
  portSettings: ['GELF_TCP_PORT'],
  start: assignment => startScript(script('tcp', 'GELF_TCP_PORT'), PACKAGES, assignment),
}

export const gelfProUdp: ClientProof = {
  ...gelfProTcp,
  name: 'gelf-pro-udp',
  portSettings: ['GELF_UDP_PORT'],
  start: assignment => startScript(script('udp', 'GELF_UDP_PORT'), PACKAGES, assignment),
}
