// What the scripts of remote logs answer, byte by byte: how much of it is read, and what each error means.
import { describe, expect, it } from 'vitest'
import type { Host } from '../host.ts'
import {
  defaultSource,
  findFirstCursor,
  MAX_READ_BYTES,
  parseFileAnswer,
  parseFileStart,
  parseJournalAnswer,
  refusePath,
  refuseUnit,
} from './remote-log.ts'

const host = { name: 'web-1', user: 'deploy', local: false } as Host
const here = { ...host, local: true } as Host

describe('a file', () => {
  /** An answer about a file of `bytes` from `offset` on, with `text` of it. */
  const read = (text: string, { bytes = text.length, offset = 0, which = 'now', until = null as number | null } = {}) =>
    parseFileAnswer(host, '/x', Buffer.from(`@@file 7 ${bytes} ${offset} 5 ab ${which}\n${text}`), until)
  const end = (reading: ReturnType<typeof read>) => (reading.until as { file: object }).file

  it.each<[string, Parameters<typeof read>, { body: string; lines: number; more: boolean }]>([
    ['whole lines', ['a\nb\n'], { body: 'a\nb\n', lines: 2, more: false }],
    ['nothing', [''], { body: '', lines: 0, more: false }],
    ['no line that is not whole', ['a\nb'], { body: 'a\n', lines: 1, more: false }],
    ['no part of a line', ['b'], { body: '', lines: 0, more: false }],
    ['empty lines, which do not count', ['a\n \n\n'], { body: 'a\n \n\n', lines: 1, more: false }],
    ['less than there is', ['a\nb', { bytes: 9 }], { body: 'a\n', lines: 1, more: true }],
    ['not what a shell printed after it', ['a\nbye\n', { bytes: 2 }], { body: 'a\n', lines: 1, more: false }],
    ['the end of a rotated one, whole or not', ['a\nb', { which: 'old' }], { body: 'a\nb', lines: 2, more: true }],
    [
      'a rotated one up to a whole line, where more follows',
      ['a\nb', { bytes: 9, which: 'old' }],
      { body: 'a\n', lines: 1, more: true },
    ],
    [
      'up to where the batch ended before',
      ['a\nb\nc\n', { offset: 10, bytes: 16, until: 12 }],
      { body: 'a\n', lines: 1, more: true },
    ],
    ['what is left of it', ['c\n', { offset: 14, bytes: 16, until: 16 }], { body: 'c\n', lines: 1, more: false }],
  ])('is read: %s', (_what, args, expected) => expect(read(...args)).toMatchObject(expected))

  it('knows where it begins and ends, and whether lines before were lost', () => {
    const reading = read('a\nb', { offset: 10, bytes: 13, which: 'lost' })
    expect(reading).toMatchObject({ start: { inode: '7', offset: 10 }, lost: true, unreadable: 0, format: 'text' })
    expect(end(reading)).toEqual({ inode: '7', offset: 12, head: 5, sum: 'ab' })
    expect(read('a\n').lost).toBe(false)
  })

  it('is read 5,000 lines at a time, and a line that fills the whole reading in pieces', () => {
    expect(read('x\n'.repeat(5_000))).toMatchObject({ lines: 5_000, more: false })
    expect(read('x\n'.repeat(5_001))).toMatchObject({ lines: 5_000, more: true })
    const long = 'y'.repeat(MAX_READ_BYTES)
    expect(read(long, { bytes: MAX_READ_BYTES + 10 }).body).toHaveLength(MAX_READ_BYTES)
    expect(read(long.slice(1)).body).toBe('')
    expect(read(`a\n${long.slice(2)}`, { bytes: MAX_READ_BYTES + 10 }).body).toBe('a\n')
    expect(read(`${long}\nmore\n`).body).toHaveLength(MAX_READ_BYTES)
  })

  it('begins where the script says, without anything of it', () => {
    const answer = Buffer.from('Welcome!@@file 7 900 500 5 ab now\nbye\n')
    expect(parseFileStart(host, '/x', answer)).toEqual({ file: { inode: '7', offset: 500, head: 5, sum: 'ab' } })
  })

  it.each<[string, Host, string, string, string]>([
    ['permission denied', host, 'forbidden', 'deploy may not read /x on web-1.', 'u:deploy:r /x'],
    ['permission denied', here, 'forbidden', 'The user that runs Vakt may not read /x', 'u:USER:r /x'],
    ['not a regular file', host, 'invalid', '/x on web-1 is not a regular file.', ''],
    ['no such file', host, 'not_found', 'There is no file /x on web-1.', ''],
    ['no journalctl', host, 'not_found', 'web-1 has no journalctl.', '--file PATH'],
  ])('with the problem "%s" fails', (problem, on, code, sentence, remedy) => {
    const answer = Buffer.from(`@@problem ${problem}\r\n`)
    const error = () => parseFileAnswer(on, '/x', answer)
    expect(error).toThrow(expect.objectContaining({ code, message: expect.stringContaining(sentence) }))
    expect(error).toThrow(remedy)
  })
})

describe('a journal', () => {
  const entry = (cursor: string | null, fields: object = {}) =>
    `${JSON.stringify({ ...(cursor !== null && { __CURSOR: cursor }), __REALTIME_TIMESTAMP: '1760000000000000', MESSAGE: 'm', ...fields })}\n`
  const read = (text: string, stderr = '', until: string | null = null) =>
    parseJournalAnswer(host, '*', Buffer.from(`@@journal\n${text}`), stderr, until)
  const lines = (text: string) =>
    read(text)
      .body.split('\n')
      .map(line => JSON.parse(line))

  it('is read up to its last whole entry; what cannot be read before it is counted', () => {
    expect(read(`${entry('a')}{"broken\n${entry(null)}${entry('b')}{"broken\n`)).toMatchObject({
      ...{ lines: 2, unreadable: 2, until: { cursor: 'b' }, more: false, lost: false, start: null, format: 'ndjson' },
    })
    expect(read(`-- No entries --\n${entry('a')}${entry('b').slice(0, -1)}`)).toMatchObject({
      lines: 1,
      unreadable: 0,
      until: { cursor: 'a' },
      more: true,
    })
    expect(read('')).toMatchObject({ lines: 0, unreadable: 0, until: null, more: false, body: '' })
  })

  it('has more after a thousand entries, and stops where an earlier reading ended', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => entry(`c${i}`)).join('')
    expect([read(many(999)).more, read(many(1_000)).more]).toEqual([false, true])
    expect(read(`{"broken\n${many(3)}`, '', 'c1')).toMatchObject({
      lines: 2,
      unreadable: 0,
      until: { cursor: 'c1' },
      more: true,
    })
    expect(read(many(3), '', 'gone')).toMatchObject({ lines: 3, until: { cursor: 'c2' }, more: false })
    expect(read(`{"broken\n${many(3)}`, '', 'c2')).toMatchObject({ lines: 3, unreadable: 1 })
  })

  it.each([
    [{ PRIORITY: '0' }, 'fatal'],
    [{ PRIORITY: '2' }, 'fatal'],
    [{ PRIORITY: '3' }, 'error'],
    [{ PRIORITY: '4' }, 'warn'],
    [{ PRIORITY: '5' }, undefined],
    [{ PRIORITY: '7' }, 'debug'],
    [{}, undefined],
  ])('with %j has the level %s', (fields, level) => expect(lines(entry('a', fields))[0].level).toBe(level))

  it('keeps the names of units as attributes, and a message that is empty or of bytes', () => {
    const fields = { _SYSTEMD_UNIT: 'nginx.service', SYSLOG_IDENTIFIER: 'nginx', _PID: 7 }
    expect(lines(entry('a', fields))[0]).toMatchObject({
      message: 'm',
      attributes: { unit: 'nginx.service', identifier: 'nginx' },
    })
    expect(lines(entry('a', fields))[0].attributes).not.toHaveProperty('pid')
    expect(lines(entry('a', { MESSAGE: null }))[0].message).toBe('(empty)')
    expect(lines(entry('a', { MESSAGE: [104, 105] }))[0].message).toBe('hi')
    expect(lines(entry('a', { __REALTIME_TIMESTAMP: 'x' }))[0]).not.toHaveProperty('timestamp')
  })

  it('that may not be read is told from one that is empty', () => {
    const hint = 'Hint: You are currently not seeing messages from other users'
    expect(() => read('', hint)).toThrow('sudo usermod -aG systemd-journal deploy')
    expect(() => parseJournalAnswer(here, '*', Buffer.from('@@journal\n'), 'insufficient permissions')).toThrow(
      'The user that runs Vakt may not read the journal on web-1. Allow it there: sudo usermod -aG systemd-journal USER',
    )
    expect(read(entry('a'), hint).lines).toBe(1)
    expect(read('', 'another warning').lines).toBe(0)
  })

  it('begins with its first entry', () => {
    const first = (text: string) => findFirstCursor(host, '*', Buffer.from(`@@journal\n${text}`), '')
    expect(first(`{"broken\n${entry('a')}${entry('b')}`)).toBe('a')
    expect(first('')).toBeNull()
  })
})

it.each([
  ['/var/log/a.log', true],
  [`/${'x'.repeat(499)}`, true],
  [`/${'x'.repeat(500)}`, false],
  ['var/log', false],
  ['/var/log/', false],
  ['/a\nb', false],
  ['/a\u007fb', false],
])('the path %j is taken: %s', (path, isTaken) => {
  if (isTaken) expect(() => refusePath(path)).not.toThrow()
  else expect(() => refusePath(path)).toThrow('absolute path')
})

it.each([
  ['*', true],
  ['nginx.service', true],
  ['a@b:c.d-e\\x2d', true],
  ['x'.repeat(201), true],
  ['x'.repeat(202), false],
  ['-u', false],
  ['', false],
])('the unit %j is taken: %s', (unit, isTaken) => {
  if (isTaken) expect(() => refuseUnit(unit)).not.toThrow()
  else expect(() => refuseUnit(unit)).toThrow('systemd unit')
})

it.each([
  ['file', '/var/log/nginx/error.log', 'nginx/error'],
  ['file', '/srv/var/log/a', 'srv/var/log/a'],
  ['journal', '*', 'journal'],
  ['journal', 'a.timer', 'a.timer'],
] as const)('the source of the %s %s is %s', (kind, target, source) => expect(defaultSource(kind, target)).toBe(source))
