// The forced command in examples/: it contains the script of this version, and refuses everything else.
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildInspectArgv, buildListArgv, buildLogsArgv } from '../containers/engine-argv.ts'
import { COLLECT_ARGV, COLLECT_SCRIPT } from '../metrics/collect-script.ts'
import { quoteCommand } from './shell-quote.ts'

const SCRIPT = join(import.meta.dirname, '../../../examples/vakt-ssh')
let bin: string

beforeAll(() => {
  bin = mkdtempSync(join(tmpdir(), 'vakt-forced-'))
  for (const engine of ['docker', 'podman']) {
    // One word per line shows words that were split or joined.
    writeFileSync(join(bin, engine), `#!/bin/sh\nprintf '%s\\n' ${engine} "$@"\n`)
    chmodSync(join(bin, engine), 0o755)
  }
})
afterAll(() => rmSync(bin, { recursive: true }))

function send(line: string) {
  const env = { PATH: `${bin}:/usr/bin:/bin`, SSH_ORIGINAL_COMMAND: line }
  const { stdout, stderr, status } = spawnSync('/bin/sh', [SCRIPT], { env, encoding: 'utf8' })
  return { words: stdout.split('\n').slice(0, -1), stderr, status }
}

describe('the forced command', () => {
  it('contains the collect script of this version', () => {
    expect(readFileSync(SCRIPT, 'utf8')).toContain(`<<'END_OF_SCRIPT'\n${COLLECT_SCRIPT}END_OF_SCRIPT\n`)
    expect(execFileSync('/bin/sh', ['-n', SCRIPT]).length).toBe(0)
  })

  it.each([buildListArgv('docker'), buildListArgv('podman'), buildInspectArgv('docker', 'web_1.a')])(
    'runs the commands of Vakt: %j %j %j',
    (...words) => {
      expect(send(quoteCommand(words)).words).toEqual(words)
    },
  )

  it('reads logs with every option that Vakt uses', () => {
    const options = { since: '2026-03-02T09:00:00.000Z', lines: 10, follow: true }
    expect(send(quoteCommand(buildLogsArgv('podman', 'web', options))).words).toEqual([
      ...['podman', 'logs', '--timestamps', '--since=2026-03-02T09:00:00.000Z', '--tail=10', '--follow', 'web'],
    ])
    expect(send(quoteCommand(buildLogsArgv('docker', 'web', { follow: false }))).words).toEqual([
      ...['docker', 'logs', '--timestamps', 'web'],
    ])
  })

  it('runs its own copy of the script, and nothing that follows the mark', () => {
    const sent = quoteCommand(COLLECT_ARGV)
    expect(send(sent).words).toContain('@@engine')
    expect(send(`${sent.slice(0, 30)}\ntouch ${bin}/broken'`).words).toContain('@@engine')
    expect(spawnSync('ls', [bin], { encoding: 'utf8' }).stdout).not.toContain('broken')
  })

  it.each([
    '',
    'id',
    "sh -c 'id'",
    'docker run --privileged -v /:/host alpine',
    'docker exec web sh',
    'docker logs web; id',
    'docker logs $(id)',
    'docker logs --timestamps `id`',
    'docker logs --timestamps --tail all web',
    'docker logs --timestamps --since x web',
    'docker logs --timestamps web other',
    'docker logs --timestamps -web',
    'docker logs --timestamps --details web',
    'docker inspect --type image nginx',
    'docker inspect --type container web other',
    'docker inspect',
    'docker ps',
    "docker ps -a --no-trunc --format '{{json .}}'; id",
    'docker\nps',
    '/tmp/docker logs --timestamps web',
    'docker logs --timestamps ../web',
    'docker logs --timestamps *',
  ])('refuses %j', line => {
    expect(send(line)).toEqual({ words: [], stderr: 'vakt: not allowed here\n', status: 126 })
  })
})
