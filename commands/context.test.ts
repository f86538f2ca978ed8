// The argument types that commands share, at their edges, and where answers with secrets are refused.
import { expect, it } from 'vitest'
import { z } from 'zod'
import { invalid } from '../src/problem.ts'
import { createCommandRunner } from '../src/testing/command-runner.ts'
import { DAY, MINUTE, SECOND } from '../src/time.ts'
import { channelHere, duration, hidesPingUrls, pictureTheme, readable, refusePublicSecret } from './context.ts'

it.each<[string, number | null, number?]>([
  ['1s', SECOND],
  ['0s', null],
  ['365d', 365 * DAY],
  ['366d', null],
  ['31536001s', null],
  ['59s', null, MINUTE],
  ['1m', MINUTE, MINUTE],
  ['soon', null],
])('a duration of %s is read as %s', (text, ms, min) => {
  const read = duration(min).safeParse(text)
  expect(read.success ? read.data : null).toBe(ms)
  if (!read.success) expect(read.error.issues[0]!.message).toContain(`from ${min === undefined ? '1s' : '1m'} to 365d`)
})

it('a text is read after it is trimmed, and only a problem is one of the argument', () => {
  const read = readable(text => {
    if (text === 'bad') throw invalid('x', 'It is bad.')
    if (text === 'worse') throw new TypeError('a fault of its own')
    return text.toUpperCase()
  }, 5)
  expect(read.parse(' good ')).toBe('GOOD')
  expect(read.safeParse('bad').error!.issues[0]!.message).toBe('It is bad.')
  expect(read.safeParse('too long').success).toBe(false)
  expect(() => read.safeParse('worse')).toThrow(TypeError)
  expect(z.object({ x: read }).parse({ x: 'a' })).toEqual({ x: 'A' })
})

it('answers go to the channel where they were asked for, else to the first of the platform', () => {
  const parts = {
    channel: (id: string) => (id === 'a' ? 'channel a' : undefined),
    channelOf: (platform: string) => `first of ${platform}`,
  }
  const here = (channel?: string) =>
    channelHere({ by: { platform: 'discord', ...(channel ? { channel } : {}) }, parts } as never)
  expect([here('a'), here('b'), here()]).toEqual(['channel a', 'first of discord', 'first of discord'])
})

it('pictures are dark on a dark chat, and light where nobody knows', () => {
  const { platforms } = createCommandRunner().context()
  const theme = (platform: string) => pictureTheme({ by: { platform } as never, platforms })
  expect([theme('discord'), theme('slack'), theme('api')]).toEqual(['dark', 'light', 'light'])
})

it('secrets and ping URLs are hidden where everybody reads the answer, ping URLs from viewers too', () => {
  const by = (role: string, isPublic?: boolean) =>
    ({ by: { role, ...(isPublic === undefined ? {} : { isPublic }) } }) as never
  expect(() => refusePublicSecret(by('admin', true), 'the secret')).toThrow('The answer shows the secret')
  for (const isPublic of [false, undefined]) expect(() => refusePublicSecret(by('viewer', isPublic), 'x')).not.toThrow()
  expect([by('admin'), by('viewer'), by('admin', true), by('responder', false)].map(hidesPingUrls)).toEqual([
    false,
    true,
    true,
    false,
  ])
})
