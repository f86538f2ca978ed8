// The scripts that read logs, run by a real shell on real files that grow and are rotated, and the parsing of their answers.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FilePosition } from '../../state/schema/index.ts'
import type { Host } from '../host.ts'
import { quoteCommand } from '../ssh/shell-quote.ts'
import { buildFileArgv } from './fetch-script.ts'
import {
  defaultSource,
  MAX_READ_BYTES,
  parseFileAnswer,
  parseJournalAnswer,
  refusePath,
  refuseUnit,
} from './remote-log.ts'

const host = { name: 'web-1', user: 'deploy', local: false } as Host

let folder: string
let file: string
let position: FilePosition | null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-log-'))
  file = join(folder, 'app.log')
  position = null
})
afterEach(() => rmSync(folder, { recursive: true }))

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined
}

/** Reads as the fetcher does, through the line that goes to the shell of a host. */
function step(most = MAX_READ_BYTES) {
  const line = quoteCommand(buildFileArgv(file, position, most))
  const reading = parseFileAnswer(host, file, execFileSync('/bin/sh', ['-c', line]))
  const { until } = reading
  if (until && 'file' in until) position = until.file
  return reading
}

function all(most?: number): string {
  let text = ''
  for (let more = true, i = 0; more && i < 50; i++) {
    const reading = step(most)
    text += reading.body
    more = reading.more
  }
  return text
}

/** Writes, rotates (at most twice between two readings) and reads a file in small steps. */
function begun() {
  for (const end of ['', '.1', '.2', '.3']) rmSync(`${file}${end}`, { force: true })
  position = null
  writeFileSync(file, 'begin\n')
  step()
  let lines = 0
  let rotations = 0
  const story = {
    written: 'begin\n',
    read: '',
    reads() {
      story.read += all(64)
      rotations = 0
    },
    rotates() {
      if (rotations++ > 1) return
      for (const i of [2, 1]) if (existsSync(`${file}.${i}`)) renameSync(`${file}.${i}`, `${file}.${i + 1}`)
      renameSync(file, `${file}.1`)
      writeFileSync(file, '')
    },
    writes(count: number) {
      const text = Array.from({ length: count }, () => `line ${++lines}\n`).join('')
      appendFileSync(file, text)
      story.written += text
    },
  }
  return story
}

describe('a log file', () => {
  it('is read from its end when it is new, and then as it grows, in complete lines', () => {
    writeFileSync(file, 'one\ntwo\n')
    step()
    expect(all()).toBe('one\ntwo\n')
    appendFileSync(file, 'thr')
    expect(all()).toBe('')
    appendFileSync(file, 'ee ü\nfour\n')
    expect(all()).toBe('three ü\nfour\n')
    expect(all()).toBe('')
  })

  it('that is already long is first read near its end, from the start of a line', () => {
    writeFileSync(file, `${'x'.repeat(99)}\n`.repeat(10_000))
    step()
    const text = all()
    expect(text.length).toBeLessThanOrEqual(256 * 1024)
    expect(text.length).toBeGreaterThan(255 * 1024)
    expect(text).toMatch(/^x{99}\n/)
  })

  it.each([
    ['renamed', () => renameSync(file, `${file}.1`)],
    ['named by its date', () => renameSync(file, `${file}-20261121`)],
    [
      'compressed',
      () => {
        renameSync(file, `${file}.1`)
        execFileSync('gzip', [`${file}.1`])
      },
    ],
  ])('that is %s is read to its end, then the new one', (_how, rotate) => {
    writeFileSync(file, 'one\n')
    step()
    all()
    appendFileSync(file, 'two\nthree without an end')
    rotate()
    writeFileSync(file, 'four\n')
    expect(all()).toBe('two\nthree without an endfour\n')
    appendFileSync(file, 'five\n')
    expect(all()).toBe('five\n')
  })

  it.each(['xz', 'zstd', 'bzip2'].filter(isInstalled))('that is compressed with %s is read to its end', program => {
    writeFileSync(file, 'one\n')
    step()
    all()
    appendFileSync(file, 'two\n')
    renameSync(file, `${file}.1`)
    execFileSync(program, ['-q', `${file}.1`])
    rmSync(`${file}.1`, { force: true })
    writeFileSync(file, 'four\n')
    expect(all()).toBe('two\nfour\n')
  })

  it('that is copied and truncated is read to its end from the copy', () => {
    writeFileSync(file, 'one\n')
    step()
    all()
    appendFileSync(file, 'two\n')
    copyFileSync(file, `${file}.1`)
    truncateSync(file)
    appendFileSync(file, '4\n')
    expect(all()).toBe('two\n4\n')
  })

  it('that was rotated several times is read through all its files, oldest first', () => {
    writeFileSync(file, 'a1\n')
    step()
    all()
    appendFileSync(file, 'a2\n')
    for (const [n, text] of [
      [1, 'b\n'],
      [2, 'c\n'],
    ] as const) {
      renameSync(file, `${file}.old${n}`)
      writeFileSync(file, text)
      execFileSync('sleep', ['0.02'])
    }
    renameSync(`${file}.old1`, `${file}.2`)
    renameSync(`${file}.old2`, `${file}.1`)
    execFileSync('gzip', [`${file}.2`])
    expect(all()).toBe('a2\nb\nc\n')
  })

  it('whose rotated file is missing is read from the start, and reports the loss', () => {
    writeFileSync(file, 'one\n')
    step()
    all()
    rmSync(file)
    writeFileSync(join(folder, 'keeps the inode'), '')
    writeFileSync(file, 'other\n')
    const reading = step()
    expect(reading).toMatchObject({ body: 'other\n', lost: true })
  })

  it('ignores files that only look like rotated ones', () => {
    const secret = join(folder, 'secret')
    writeFileSync(secret, 'secret\n')
    writeFileSync(file, 'one\n')
    step()
    all()
    renameSync(file, `${file}.1`)
    symlinkSync(secret, `${file}.2`)
    writeFileSync(`${file}.3\nsecret`, 'no\n')
    mkdirSync(`${file}.4`)
    writeFileSync(join(`${file}.4`, 'app.log'), 'no\n')
    writeFileSync(file, 'two\n')
    expect(all()).toBe('two\n')
  })

  it('is read with each line once, for any sequence of writes, rotations and readings', () => {
    const deed = fc.oneof(
      { weight: 5, arbitrary: fc.record({ write: fc.integer({ min: 1, max: 40 }) }) },
      { weight: 1, arbitrary: fc.constant('rotate' as const) },
      { weight: 2, arbitrary: fc.constant('read' as const) },
    )
    fc.assert(
      fc.property(fc.array(deed, { minLength: 4, maxLength: 12 }), deeds => {
        const story = begun()
        for (const one of deeds) {
          if (one === 'read') story.reads()
          else if (one === 'rotate') story.rotates()
          else story.writes(one.write)
        }
        story.reads()
        expect(story.read).toBe(story.written)
      }),
      { numRuns: 6 },
    )
  })

  it('is one argument for the shell, with any name', () => {
    file = join(folder, `it's $(touch ${folder}/broken-out) ; "odd" *.log`.replaceAll('/', '_'))
    writeFileSync(file, 'safe\n')
    step()
    expect(all()).toBe('safe\n')
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), name => {
        try {
          refusePath(`/${name}`)
          expect(name).not.toMatch(/[\n\0]/)
        } catch (error) {
          expect((error as Error).name).toBe('Problem')
        }
      }),
    )
    for (const unit of ['a b', '-u', '$(id)', 'a;b', '', 'a\nb']) expect(() => refuseUnit(unit)).toThrow('unit')
  })

  it('that is missing, or not a regular file, fails with the remedy', () => {
    expect(() => step()).toThrow('There is no file')
    file = folder
    expect(() => step()).toThrow('is not a regular file')
    expect(() => parseFileAnswer(host, '/x', Buffer.from('@@problem permission denied\n'))).toThrow(
      'setfacl -m u:deploy:r /x',
    )
    expect(() => parseFileAnswer(host, '/x', Buffer.from('Welcome!\n'))).toThrow('did not run the command of Vakt')
  })

  it('with a very long line is read in pieces', () => {
    writeFileSync(file, '')
    step()
    appendFileSync(file, 'y'.repeat(MAX_READ_BYTES + 10))
    expect(step().body.length).toBe(MAX_READ_BYTES)
  })
})

it('reads a journal, and stops where an earlier reading ended', () => {
  const entry = (n: number, more: object) =>
    `${JSON.stringify({ __CURSOR: `c${n}`, __REALTIME_TIMESTAMP: '1760000000000000', ...more })}\n`
  const answer = Buffer.from(
    `@@journal\n${entry(1, { MESSAGE: 'DROP IN=eth0', PRIORITY: '4', SYSLOG_IDENTIFIER: 'kernel' })}${entry(2, { MESSAGE: [104, 195, 188] })}{"__CUR`,
  )
  const reading = parseJournalAnswer(host, '*', answer, '')
  expect(reading).toMatchObject({ lines: 2, until: { cursor: 'c2' }, more: true })
  expect(reading.body.split('\n').map(line => JSON.parse(line))).toEqual([
    {
      message: 'DROP IN=eth0',
      timestamp: '2025-10-09T08:53:20.000Z',
      level: 'warn',
      attributes: { identifier: 'kernel' },
    },
    { message: 'hü', timestamp: '2025-10-09T08:53:20.000Z', attributes: {} },
  ])
  expect(parseJournalAnswer(host, '*', answer, '', 'c1')).toMatchObject({
    lines: 1,
    until: { cursor: 'c1' },
    more: true,
  })
  expect(() =>
    parseJournalAnswer(host, '*', Buffer.from('@@journal\n'), 'Hint: You are currently not seeing messages from'),
  ).toThrow('systemd-journal deploy')
  expect(() => parseJournalAnswer(host, '*', Buffer.from('@@problem no journalctl\n'), '')).toThrow('--file')
})

it('derives the default source from the name of the log', () => {
  expect(defaultSource('file', '/var/log/nginx/error.log')).toBe('nginx/error')
  expect(defaultSource('file', '/srv/app/out')).toBe('srv/app/out')
  expect(defaultSource('journal', 'nginx.service')).toBe('nginx')
  expect(defaultSource('journal', '*')).toBe('journal')
})
