// What is written for a remote shell, tried with a real one.
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { remoteCommand } from './shell-quote.ts'

/** What a real shell makes of the line: the words that its command is given, each ended by a byte no text has. */
function wordsOf(line: string): string[] {
  const program = `const words = process.argv.slice(1); process.stdout.write(JSON.stringify(words))`
  const node = remoteCommand([process.execPath, '-e', program, '--'])
  return JSON.parse(execFileSync('/bin/sh', ['-c', `${node} ${line}`], { encoding: 'utf8' }))
}

describe('a line for a remote shell', () => {
  it.each([
    ['$(reboot)'],
    ['`reboot`'],
    ["'; reboot; '"],
    ['a\nb'],
    ['~root'],
    ['*'],
    ['-rf'],
    ['a=b'],
    [''],
    ['\\'],
    ['"$HOME"'],
    ['!!'],
    ['#no'],
    ['\u0007ü😀'],
  ])('carries %j as it is', word => {
    expect(wordsOf(remoteCommand(['docker', word]))).toEqual(['docker', word])
  })

  it('carries any words at all', () => {
    const word = fc.string({ unit: 'binary', maxLength: 20 }).map(text => text.replaceAll('\0', '').toWellFormed())
    const shellish = fc.stringMatching(/^['"`$;&|<>(){}\\\s*?!#~=a-]{0,20}$/)
    // Many at once: a process for each would take minutes.
    fc.assert(
      fc.property(fc.array(fc.oneof(word, shellish), { minLength: 30, maxLength: 60 }), words => {
        expect(wordsOf(remoteCommand(['x', ...words])).slice(1)).toEqual(words)
      }),
      { numRuns: 8 },
    )
  })

  it('runs a first word that looks like an assignment as a command', () => {
    expect(remoteCommand(['PATH=/evil', 'ls'])).toBe("'PATH=/evil' ls")
  })

  it('leaves words alone that mean the same bare, so that a forced command can compare them', () => {
    expect(remoteCommand(['docker', 'ps', '--format', '{{json .}}'])).toBe("docker ps --format '{{json .}}'")
  })

  it('refuses a NUL and nothing at all', () => {
    expect(() => remoteCommand(['a\0b'])).toThrow('NUL')
    expect(() => remoteCommand([])).toThrow('no words')
  })
})
