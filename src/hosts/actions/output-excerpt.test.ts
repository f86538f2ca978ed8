// The excerpt of a command's output: its two ends, for any chunks, without any part of a secret.
import { describe, expect, it } from 'vitest'
import { createExcerpt, writeExcerpt } from './output-excerpt.ts'

const of = (text: string, each = 100, over = true) => {
  const excerpt = createExcerpt(each)
  // In pieces that cut characters and lines.
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 7) excerpt.add(bytes.subarray(at, at + 7))
  return excerpt.read(over)
}

describe('an excerpt', () => {
  it('is the whole output when that is short', () => {
    expect(of('one\nü two\n')).toEqual({ head: 'one\nü two', tail: '', left: 0 })
  })

  it('has complete lines of the beginning and the end of a long output, and the size of the rest', () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `line ${i}`)
    const found = of(lines.join('\n'))
    expect(found.head).toMatch(/^line 0\n[\s\S]+\nline \d+$/)
    expect(found.tail).toMatch(/^line \d+\n[\s\S]+\nline 999$/)
    expect(found.left).toBe(lines.join('\n').length - 200)
    expect(writeExcerpt(found, 1_000)).toContain(`… more than ${found.left} bytes left out …`)
  })

  it('shows no unfinished line', () => {
    expect(of('done\npassword=hun', 100, false).head).toBe('done')
    expect(of('pass', 100, false).head).toBe('')
  })

  it('masks secrets, also across the seam and in a cut key', () => {
    expect(of(`${'x'.repeat(90)}\npassword=hunter2secret\n`).head).not.toContain('hunter2')
    const key = `-----BEGIN PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA1234\n'.repeat(40)}-----END PRIVATE KEY-----\nafter\n`
    const found = of(key, 200)
    expect(found.head + found.tail).not.toContain('MIIE')
    expect(found.tail).toContain('after')
  })

  it('keeps a limited amount of a huge output', () => {
    const excerpt = createExcerpt(1024)
    const chunk = Buffer.from('a line of a flood that goes on and on\n'.repeat(1_000))
    for (let i = 0; i < 500; i++) excerpt.add(chunk)
    const { head, tail } = excerpt.read(true)
    expect(head.length + tail.length).toBeLessThanOrEqual(2048)
  })
})
