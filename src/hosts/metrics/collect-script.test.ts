// The collecting script in a real shell, with engines that hang: they are given up, and the rest is told.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { COLLECT_WORDS } from './collect-script.ts'
import { parseCollected } from './collected.ts'

let bin: string

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'vakt-collect-'))
})
afterEach(() => rmSync(bin, { recursive: true }))

function program(name: string, script: string) {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, name), 0o755)
}

/** What is read of a host where `timeout` finds that `hangs`, a word of a command, takes too long. */
function collectedWhile(hangs: string) {
  program('timeout', `shift; case " $* " in *" ${hangs} "*) exit 124 ;; esac; exec "$@"`)
  const { stdout } = spawnSync('/bin/sh', COLLECT_WORDS.slice(1), { env: { PATH: `${bin}:/usr/bin:/bin` } })
  return parseCollected(stdout.toString())!
}

const ROW =
  '{"name":"/web","id":"c1","image":"nginx","state":"running","exit":0,"oom":false,"restarts":0,"health":null}'
const ID = 'c1'.repeat(32)
const DOCKER = `case $1 in --version) echo Docker version 28.2.2 ;; ps) echo ${ID} ;; inspect) echo '${ROW}' ;; esac`

it('tells of the containers of an engine that answers', () => {
  program('docker', DOCKER)
  const seen = collectedWhile('nothing')
  expect(seen).toMatchObject({ engine: 'docker', engineError: null, containers: [{ name: 'web' }] })
  expect(seen.memory).not.toBeNull()
})

it.each([
  ['ps', 'it did not answer within 5 seconds'],
  ['inspect', 'it did not describe its containers within 6 seconds'],
])('does not take an engine that hangs at %s for one without containers', (word, says) => {
  program('docker', DOCKER)
  program('podman', 'exit 1')
  const seen = collectedWhile(word)
  expect(seen).toMatchObject({ engine: 'docker', engineError: says })
  expect(seen.memory).not.toBeNull()
})

it('tells of the disks of the host itself when a share hangs', () => {
  program('docker', DOCKER)
  program('df', 'echo Filesystem; case "$*" in *-l) echo "/dev/sda1 9 4 5 45% /" ;; esac')
  const seen = collectedWhile('df')
  expect(seen.disks.map(disk => disk.mount)).toEqual(['/'])
})

it('takes no warning for a container, and loses no figures for one', () => {
  const figures = '[{"name":"web","cpu_percent":"1.5%"}]'
  program('docker', 'exit 1')
  program(
    'podman',
    `echo 'time="x" level=warning msg="no systemd session" --all' >&2
     case $1 in
       --version) echo podman version 5.4.2 ;;
       ps) echo ${ID} ;;
       inspect) [ "$*" = "inspect --type container --format $5 ${ID}" ] && echo '${ROW}' ;;
       stats) echo '${figures}' ;;
     esac`,
  )
  expect(collectedWhile('nothing')).toMatchObject({ engineError: null, containers: [{}], usage: [{ cpu: 1.5 }] })
})

it('has figures of the others when Podman fails over one container', () => {
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
