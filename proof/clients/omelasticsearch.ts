// rsyslog's omelasticsearch: it suspends itself when Vakt does not answer, and sends its batch again.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Assignment, ClientProof } from './client.ts'
import { findProgram, modulesOf } from './debian-program.ts'
import { feed } from './feed.ts'

const PACKAGES = ['rsyslog', 'rsyslog-elasticsearch', 'libestr0', 'libfastjson4', 'liblognorm5', 'libcurl3-gnutls']
const BATCH_SIZE = 200
const program = () => findProgram('rsyslogd', PACKAGES, 'rsyslog-elasticsearch')

export const omelasticsearch: ClientProof = {
  name: 'rsyslog-omelasticsearch',
  kind: 'answered',
  // A batch whose answer was lost may come again as a part of a larger one.
  maxRepeated: BATCH_SIZE,
  source: 'proof',
  host: 'proof-host',
  missing: () => (program() ? null : 'rsyslogd is not installed, and apt does not have it'),
  start,
}

async function start({ folder, ports, lines, url, key }: Assignment) {
  const found = program()!
  const config = join(folder, 'rsyslog.conf')
  const { hostname, port } = new URL(url)
  const field = (name: string, property: string, options = '') =>
    `constant(value="\\"${name}\\":\\"") property(name="${property}"${options}) constant(value="\\",")`
  writeFileSync(
    config,
    `global(workDirectory="${folder}")
module(load="imptcp")
module(load="omelasticsearch")
template(name="document" type="list" option.json="on") {
  constant(value="{") ${field('@timestamp', 'timereported', ' dateFormat="rfc3339"')} ${field('host', 'hostname')}
  ${field('severity', 'syslogseverity-text')} ${field('programname', 'programname')}
  constant(value="\\"message\\":\\"") property(name="msg") constant(value="\\"}")
}
input(type="imptcp" address="127.0.0.1" port="${ports.INPUT!}")
action(type="omelasticsearch" server="http://${hostname}" serverport="${port}" uid="any" pwd="${key}" searchIndex="syslog"
       searchType="" bulkmode="on" template="document" queue.type="LinkedList" queue.size="20000"
       queue.dequeueBatchSize="${BATCH_SIZE}" action.resumeRetryCount="-1" action.resumeInterval="1")
`,
  )
  const modules = modulesOf(found, 'rsyslog')
  const child = spawn(found.file, ['-n', '-f', config, '-i', join(folder, 'pid'), '-M', modules], {
    env: found.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await feed(ports.INPUT!, lines)
  return child
}
