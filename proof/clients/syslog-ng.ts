// syslog-ng's syslog() over TCP, which counts its frames.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientProof } from './client.ts'
import { findProgram, modulesOf } from './debian-program.ts'
import { feed } from './feed.ts'

const PACKAGES = ['syslog-ng-core', 'libivykis0', 'libnet1', 'libglib2.0-0', 'libjson-c5', 'libwrap0', 'libpcre3']
const program = () => findProgram('syslog-ng', PACKAGES)

export const syslogNg: ClientProof = {
  name: 'syslog-ng',
  kind: 'unanswered',
  source: 'proof',
  host: 'proof-host',
  portSettings: ['SYSLOG_TCP_PORT'],
  missing: () => (program() ? null : 'syslog-ng is not installed, and apt does not have it'),
  async start({ folder, ports, lines }) {
    const { file, env, ...found } = program()!
    const config = join(folder, 'syslog-ng.conf')
    writeFileSync(
      config,
      `@version: 3.38
options { time-reopen(1); keep-hostname(yes); log-fifo-size(50000); stats-freq(0); };
source in { network(ip("127.0.0.1") port(${ports.INPUT}) transport("tcp") flags(syslog-protocol)); };
destination vakt { syslog("127.0.0.1" port(${ports.SYSLOG_TCP_PORT}) transport("tcp")); };
log { source(in); destination(vakt); };
`,
    )
    const files = ['persist-file', 'pidfile', 'control'].map(name => `--${name}=${join(folder, name)}`)
    const modules = modulesOf({ file, env, ...found }, 'syslog-ng/3.38')
    const child = spawn(file, ['-F', '--no-caps', '-f', config, `--module-path=${modules}`, ...files], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    await feed(ports.INPUT!, lines)
    return child
  },
}
