// rsyslog's omfwd over TCP and TLS: its queue sends again what the connection refuses.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Assignment, ClientProof } from './client.ts'
import { findProgram, modulesOf } from './debian-program.ts'
import { feed } from './feed.ts'

const PACKAGES = ['rsyslog', 'rsyslog-openssl', 'libestr0', 'libfastjson4', 'liblognorm5']
const program = () => findProgram('rsyslogd', PACKAGES)

const shared = {
  kind: 'unanswered',
  source: 'proof',
  host: 'proof-host',
  missing: () => (program() ? null : 'rsyslogd is not installed, and apt does not have it'),
} as const

export const rsyslogTcp: ClientProof = {
  ...shared,
  name: 'rsyslog-tcp',
  portSettings: ['SYSLOG_TCP_PORT'],
  start: assignment => start(assignment, assignment.ports.SYSLOG_TCP_PORT!, 'TCP_Framing="octet-counted"'),
}

export const rsyslogTls: ClientProof = {
  ...shared,
  name: 'rsyslog-tls',
  portSettings: ['SYSLOG_TLS_PORT'],
  settings(folder) {
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    if (!existsSync(cert)) {
      const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes']
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, ...subject], {
        stdio: 'ignore',
      })
    }
    return { SYSLOG_TLS_CERT: cert, SYSLOG_TLS_KEY: key }
  },
  start: assignment =>
    start(
      assignment,
      assignment.ports.SYSLOG_TLS_PORT!,
      'StreamDriver="ossl" StreamDriverMode="1" StreamDriverAuthMode="anon"',
    ),
}

async function start(assignment: Assignment, port: number, options: string) {
  const { file, env, ...found } = program()!
  const { folder } = assignment
  const input = assignment.ports.INPUT!
  const config = join(folder, 'rsyslog.conf')
  writeFileSync(
    config,
    `global(workDirectory="${folder}" DefaultNetstreamDriverCAFile="${join(folder, '../vakt/cert.pem')}")
module(load="imptcp")
input(type="imptcp" address="127.0.0.1" port="${input}")
action(type="omfwd" target="127.0.0.1" port="${port}" protocol="tcp" ${options}
       template="RSYSLOG_SyslogProtocol23Format" queue.type="LinkedList" queue.size="20000"
       action.resumeRetryCount="-1" action.resumeInterval="1")
`,
  )
  const modules = modulesOf({ file, env, ...found }, 'rsyslog')
  const child = spawn(file, ['-n', '-f', config, '-i', join(folder, 'pid'), '-M', modules], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await feed(input, assignment.lines)
  return child
}
