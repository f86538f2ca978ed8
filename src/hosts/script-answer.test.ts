// What login shells print around the answers of Vakt's scripts, read by both doors: metrics and remote logs.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseStamped, skipGreeting } from './containers/output-line.ts'
import type { Host } from './host.ts'
import { parseHostSnapshot } from './metrics/host-snapshot.ts'
import { buildFileArgv } from './remote-logs/fetch-script.ts'
import { MAX_READ_BYTES, parseFileAnswer, parseFileStart, parseJournalAnswer } from './remote-logs/remote-log.ts'
import { notRunProblem } from './script-answer.ts'
import { quoteCommand } from './ssh/shell-quote.ts'

const host = { name: 'web-1', user: 'deploy', local: false } as Host
const STAMP = '2026-11-29T10:00:00.123456789Z'

const GREETINGS: readonly (readonly [shell: string, printed: string])[] = [
  ['a quiet shell', ''],
  ['fish', 'Welcome to fish, the friendly interactive shell\nType help for instructions on how to use fish\n'],
  ['a .bashrc that echoes', 'loading profile\n\nnvm: v22.1.0 is now the default\n'],
  ['an echo without a line break', 'ready> '],
  ['a terminal title', '\u001b]0;deploy@web-1\u0007'],
  ['a message of the day', `${'*'.repeat(70)}\n* Authorised use only @@ ops@example.com *\n${'*'.repeat(70)}\r\n`],
  ['another language', 'Dernière connexion : dim. 29 nov. 2026 à 10:00:00 UTC depuis 10.0.0.1\n欢迎使用\n'],
  ['bytes that are no text', '\u0000\u0001ÿþ\n'],
  ['a very long greeting', 'x'.repeat(200_000)],
]

describe.each(GREETINGS)('after the greeting of %s', (_shell, printed) => {
  let folder: string
  let file: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vakt-greeting-'))
    file = join(folder, 'app.log')
    writeFileSync(file, 'one\ntwö\n')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('a log file is read from the byte where it was left, without what the shell prints at its end', () => {
    const argv = buildFileArgv(file, null, MAX_READ_BYTES)
    const begin = spawnSync('/bin/sh', ['-c', quoteCommand(argv)]).stdout
    const bye = Buffer.from('logout\n')
    const found = parseFileStart(host, file, Buffer.concat([Buffer.from(printed), begin, bye]))
    const position = 'file' in found ? found.file : null
    const answer = spawnSync('/bin/sh', ['-c', quoteCommand(buildFileArgv(file, position, MAX_READ_BYTES))]).stdout
    const reading = parseFileAnswer(host, file, Buffer.concat([Buffer.from(printed), answer, bye]))
    expect(reading).toMatchObject({ body: 'one\ntwö\n', lines: 2, more: false, until: { file: { offset: 9 } } })
  })

  it('an error of the script is understood', () => {
    const answer = Buffer.from(`${printed}@@problem permission denied\n`)
    expect(() => parseFileAnswer(host, '/x', answer)).toThrow('setfacl -m u:deploy:r /x')
    expect(() => parseJournalAnswer(host, '*', Buffer.from(`${printed}@@problem no journalctl\n`), '')).toThrow(
      '--file',
    )
  })

  it('a journal and metrics are read', () => {
    const entry = JSON.stringify({ __CURSOR: 'c1', MESSAGE: 'hi', __REALTIME_TIMESTAMP: '1760000000000000' })
    expect(parseJournalAnswer(host, '*', Buffer.from(`${printed}@@journal\n${entry}\nlogout\n`), '').lines).toBe(1)
    expect(parseHostSnapshot(`${printed}@@engine\ndocker\n@@load\n0.50 0.4 0.3\n`)).toMatchObject({
      engine: 'docker',
      load: 0.5,
    })
  })

  it('the first line of a container is read', () => {
    const first = `${printed}${STAMP} GET / 200`.split('\n').at(-1)!
    expect(parseStamped(skipGreeting(first))?.text).toBe('GET / 200')
  })
})

it('what a shell prints at its end is no line of a long file', () => {
  const [header, content] = ['@@file 7 900000 0 0  now\n', `${'x'.repeat(99)}\n`.repeat(2_622)]
  const answer = Buffer.from(`${header}${content.slice(0, MAX_READ_BYTES)}logout\n`)
  expect(parseFileAnswer(host, '/x', answer)).toMatchObject({ lines: 2_621, more: true })
  expect(parseFileAnswer(host, '/x', answer).body).not.toContain('logout')
})

describe('a shell that runs nothing', () => {
  it.each([
    ['This account is currently not available.\n', '', 'This account is currently not available.'],
    ['Dieses Konto ist derzeit nicht verfügbar.\n', '', 'Dieses Konto ist derzeit nicht verfügbar.'],
    ['\u001b[1mWelcome\u001b[0m\n\n', 'zsh:1: command not found: sh\n', 'Welcome / zsh:1: command not found: sh'],
    ['a\nb\nc\nd\ne\n', '', '"b / c / d / e"'],
  ])('is shown by both doors with what it printed: %j', (stdout, stderr, shown) => {
    const answer = Buffer.from(stdout)
    expect(() => parseFileAnswer(host, '/x', answer, null, stderr)).toThrow(shown)
    expect(() => parseJournalAnswer(host, '*', answer, stderr)).toThrow(shown)
    expect(parseHostSnapshot(stdout)).toBeNull()
    expect(notRunProblem(host, `${stdout}\n${stderr}`, '').message).toContain(shown)
  })

  it('without a word is shown as such', () => {
    expect(() => parseFileAnswer(host, '/x', Buffer.alloc(0))).toThrow(
      'web-1 did not run the command of Vakt and printed nothing. Check that deploy has a login shell there.',
    )
  })
})

it('a line of a container that only mentions a time is left as it is', () => {
  for (const line of ['Last login: 2026-11-29T10:00:00Z from 10.0.0.1', 'Error: no such container'])
    expect(skipGreeting(line)).toBe(line)
  expect(skipGreeting(`${STAMP} at ${STAMP} x`)).toBe(`${STAMP} at ${STAMP} x`)
})
