// The collect script in a real shell, with engines that hang: it stops them and reports the other sections.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { COLLECT_ARGV } from './collect-script.ts'
import { parseHostSnapshot } from './host-snapshot.ts'

let bin: string

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'vakt-collect-'))
})
afterEach(() => rmSync(bin, { recursive: true }))

function program(name: string, script: string) {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, name), 0o755)
}

/** The snapshot of a host where `timeout` ends each command that contains the word `hangs`. */
function collectedWhile(hangs: string) {
  program('timeout', `shift; case " $* " in *" ${hangs} "*) exit 124 ;; esac; exec "$@"`)
  const { stdout } = spawnSync('/bin/sh', COLLECT_ARGV.slice(1), { env: { PATH: `${bin}:/usr/bin:/bin` } })
  return parseHostSnapshot(stdout.toString())!
}

const ROW =
  '{"name":"/web","id":"c1","image":"nginx","state":"running","exit":0,"oom":false,"restarts":0,"health":null}'
const ID = 'c1'.repeat(32)
const DOCKER = `case $1 in --version) echo Docker version 28.2.2 ;; ps) echo ${ID} ;; inspect) echo '${ROW}' ;; esac`

it('reports the containers of an engine that answers', () => {
  program('docker', DOCKER)
  const seen = collectedWhile('nothing')
  expect(seen).toMatchObject({ engine: 'docker', engineError: null, containers: [{ name: 'web' }] })
  expect(seen.memory).not.toBeNull()
})

it.each([
  ['ps', 'it did not answer within 5 seconds'],
  ['inspect', 'it did not describe its containers within 6 seconds'],
])('reports an engine that hangs at %s as failing, not as one without containers', (word, message) => {
  program('docker', DOCKER)
  program('podman', 'exit 1')
  const seen = collectedWhile(word)
  expect(seen).toMatchObject({ engine: 'docker', engineError: message })
  expect(seen.memory).not.toBeNull()
})

it('reports the local disks when a network share hangs', () => {
  program('docker', DOCKER)
  program('df', 'echo Filesystem; case "$*" in *-l) echo "/dev/sda1 9 4 5 45% /" ;; esac')
  const seen = collectedWhile('df')
  expect(seen.disks.map(disk => disk.mount)).toEqual(['/'])
})

it('skips warnings of the engine without losing metrics', () => {
  const stats = '[{"name":"web","cpu_percent":"1.5%"}]'
  program('docker', 'exit 1')
  program(
    'podman',
    `echo 'time="x" level=warning msg="no systemd session" --all' >&2
     case $1 in
       --version) echo podman version 5.4.2 ;;
       ps) echo ${ID} ;;
       inspect) [ "$*" = "inspect --type container --format $5 ${ID}" ] && echo '${ROW}' ;;
       stats) echo '${stats}' ;;
     esac`,
  )
  expect(collectedWhile('nothing')).toMatchObject({ engineError: null, containers: [{}], usage: [{ cpu: 1.5 }] })
})

it('reports the other containers when Podman fails for one', () => {
  program('docker', 'exit 1')
  program(
    'podman',
    `case $1 in
       --version) echo podman version 5.4.2 ;;
       ps) printf '${'a'.repeat(64)}\\n${ID}\\n${'b'.repeat(64)}\\n' ;;
       inspect) echo '${ROW}' ;;
       stats)
         case $5 in
           ${ID}) printf '[\\n {"name":"web","cpu_percent":"1.5%%"}\\n]\\n' ;;
           b*) printf '[\\n {"name":"db","cpu_percent":"2.5%%"}\\n]\\n' ;;
           *) exit 125 ;;
         esac ;;
     esac`,
  )
  expect(collectedWhile('nothing').usage).toMatchObject([{ cpu: 1.5 }, { cpu: 2.5 }])
})
