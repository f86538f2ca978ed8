// Lines for a remote shell, run by a real one.
import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quoteCommand } from './shell-quote.ts'

/** The arguments that a real shell passes to the command of a line, each ended by a byte that no text contains. */
function wordsOf(line: string): string[] {
  const program = `const words = process.argv.slice(1); process.stdout.write(JSON.stringify(words))`
  const node = quoteCommand([process.execPath, '-e', program, '--'])
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
    expect(wordsOf(quoteCommand(['docker', word]))).toEqual(['docker', word])
  })

  it('passes any arguments unchanged', () => {
    const word = fc.string({ unit: 'binary', maxLength: 20 }).map(text => text.replaceAll('\0', '').toWellFormed())
    const shellish = fc.stringMatching(/^['"`$;&|<>(){}\\\s*?!#~=a-]{0,20}$/)
    // Many at once: a process for each would take minutes.
    fc.assert(
      fc.property(fc.array(fc.oneof(word, shellish), { minLength: 30, maxLength: 60 }), words => {
        expect(wordsOf(quoteCommand(['x', ...words])).slice(1)).toEqual(words)
      }),
      { numRuns: 8 },
    )
  })

  it('runs a first word that looks like an assignment as a command', () => {
    expect(quoteCommand(['PATH=/evil', 'ls'])).toBe("'PATH=/evil' ls")
  })

  it('does not quote harmless words, so that a forced command can compare them', () => {
    expect(quoteCommand(['docker', 'ps', '--format', '{{json .}}'])).toBe("docker ps --format '{{json .}}'")
  })

  it('refuses a NUL and an empty command', () => {
    expect(() => quoteCommand(['a\0b'])).toThrow('NUL')
    expect(() => quoteCommand([])).toThrow('is empty')
  })
})
