// Lines of several containers in one order of time, what a line is, and what each failure of an engine is called.
import { describe, expect, it, test } from 'vitest'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { parseObserved } from './container-json.ts'
import { containerProblem, engineProblem, noEngineProblem } from './errors.ts'
import { createLineMerger } from './merge-streams.ts'
import {
  compareStamps,
  createLineSplitter,
  detectOutputLevel,
  type OutputLine,
  skipGreeting,
  sortByTime,
  stripControlSequences,
} from './output-line.ts'

/** A line at a time (ms), with nanoseconds within it. */
const line = (at: number, text: string, nanoseconds = 0): OutputLine => {
  const stamp = new Date(at).toISOString().replace('Z', `${String(nanoseconds).padStart(6, '0')}Z`)
  return { host: 'h', container: 'c', stream: 'stdout', stamp, at, text }
}
const texts = (lines: readonly OutputLine[]) => lines.map(({ text }) => text).join('')

describe('a merger', () => {
  function aMerger() {
    const clock = createFakeClock(0)
    const seen: string[] = []
    const merger = createLineMerger(clock, lines => void seen.push(`${clock.now()} ${texts(lines)}`))
    return { clock, seen, merger }
  }

  it('holds a line for one window more than that in which it came, and puts what came meanwhile in order', async () => {
    const { clock, seen, merger } = aMerger()
    merger.add([line(20, 'b')])
    await clock.advance(400)
    merger.add([line(30, 'c')])
    await clock.advance(200)
    expect(seen).toEqual([])
    merger.add([line(10, 'a'), line(40, 'd'), line(30, 'e')])
    await clock.advance(399)
    expect(seen).toEqual([])
    await clock.advance(1)
    expect(seen).toEqual(['1000 abce'])
    await clock.advance(500)
    expect(seen).toEqual(['1000 abce', '1500 d'])
    await clock.advance(5_000)
    expect(seen).toHaveLength(2)
  })

  it('passes what is left at a flush, once and in order, and works on', async () => {
    const { clock, seen, merger } = aMerger()
    merger.flush()
    merger.add([line(20, 'b')])
    await clock.advance(500)
    merger.add([line(10, 'a')])
    merger.flush()
    expect(seen).toEqual(['500 ab'])
    await clock.advance(2_000)
    expect(seen).toHaveLength(1)
    merger.add([line(30, 'c')])
    await clock.advance(1_000)
    expect(seen).toEqual(['500 ab', '3500 c'])
  })
})

describe('the order of lines', () => {
  it('is that of their time to the nanosecond; equal ones keep theirs', () => {
    const lines = [line(2, 'd'), line(1, 'b', 7), line(1, 'c', 7), line(1, 'a', 3), line(3, 'e')]
    expect(texts(sortByTime(lines))).toBe('abcde')
    expect(texts(lines)).toBe('dbcae')
  })

  it('of one stamp and itself is none', () => expect(compareStamps('no stamp', 'no stamp')).toBe(0))
})

it('the end of a stream passes what is unfinished once, a cut character too', () => {
  const lines: string[] = []
  const splitter = createLineSplitter(text => lines.push(text))
  splitter.add(Buffer.from('a\nb'))
  splitter.add(Buffer.from('😀').subarray(0, 2))
  splitter.end()
  splitter.end()
  splitter.add(Buffer.from('c\n'))
  expect(lines).toEqual(['a', 'b\ufffd', 'c'])
})

it.each([
  ['2026-03-02T09:00:00.123456789Z x', '2026-03-02T09:00:00.123456789Z x'],
  [
    '2026-03-02T09:00:00Z at 2026-03-02T09:00:00.123456789Z x',
    '2026-03-02T09:00:00Z at 2026-03-02T09:00:00.123456789Z x',
  ],
  ['Welcome!2026-03-02T09:00:00.123456+01:00 x', '2026-03-02T09:00:00.123456+01:00 x'],
  ['Last login 2026-03-02T09:00:00Z x', 'Last login 2026-03-02T09:00:00Z x'],
  ['Welcome!', 'Welcome!'],
])('the first line %j is %j', (text, expected) => expect(skipGreeting(text)).toBe(expected))

it.each([
  ['{"level":"error","m":1}', 'error'],
  ['{"m":1,"severity" : "WARN"}', 'warn'],
  ['{"lvl":50}', 'error'],
  ['m {"lvl":50}', 'info'],
  ['{"level":"odd"}', 'info'],
  ['ERROR: no', 'error'],
  ['hello', 'info'],
])('the level of %s is %s', (text, level) => expect(detectOutputLevel(text)).toBe(level))

it('control sequences are removed', () => expect(stripControlSequences('\x1b[31mred\x1b[0m\rx')).toBe('red x'))

describe('the problem', () => {
  const ssh = { name: 'web-1', user: 'deploy', local: false }
  const local = { ...ssh, local: true }
  test.each<[string, object, string, string, string, string]>([
    [
      'no rights',
      ssh,
      'docker',
      'Permission denied',
      'forbidden',
      'deploy may not use Docker on web-1. Allow it there: sudo usermod -aG docker deploy;',
    ],
    [
      'no rights here',
      local,
      'podman',
      'permission denied',
      'forbidden',
      'The user that runs Vakt may not use Podman on web-1. Allow it there: sudo usermod -aG docker USER;',
    ],
    [
      'no daemon',
      ssh,
      'docker',
      'Cannot connect to the daemon',
      'busy',
      'Docker is not running on web-1. Start it there: sudo systemctl start docker',
    ],
    ['no socket', ssh, 'podman', 'no such file or directory', 'busy', 'sudo systemctl start podman'],
    [
      'a forced command',
      ssh,
      'docker',
      'vakt: not allowed',
      'forbidden',
      "The forced command of Vakt's key on web-1 does not allow this.",
    ],
    ['another error', ssh, 'docker', 'first\nlast \n', 'busy', 'Docker on web-1 failed: last'],
    ['no error', ssh, 'docker', '\n', 'busy', 'Docker on web-1 failed: it printed no error.'],
  ])('of an engine with %s', (_what, host, engine, stderr, code, message) => {
    const problem = engineProblem(host as typeof ssh, engine, stderr)
    expect(problem.code).toBe(code)
    expect(problem.message).toContain(message)
  })

  test.each<[string, { stdout?: string; stderr?: string; code?: number }, string, string]>([
    ['is not there', { stderr: 'Error: No such container: web' }, 'not_found', 'There is no container "web" on web-1.'],
    [
      'is not there, in other words',
      { stdout: 'no container with name or ID "web"' },
      'not_found',
      'There is no container',
    ],
    [
      'is on a host without an engine',
      { stderr: 'sh: docker: not found', code: 127 },
      'not_found',
      'web-1 has no Docker and no Podman',
    ],
    [
      'stores no lines',
      { stderr: 'configured logging driver does not support reading' },
      'conflict',
      'stores no lines to read',
    ],
    [
      'stores no lines on Podman',
      { stderr: 'this container is using the "none" log driver' },
      'conflict',
      'stores no lines to read',
    ],
    ['fails otherwise', { stderr: 'odd', stdout: 'no such container' }, 'busy', 'Docker on web-1 failed: odd'],
  ])('of a container that %s', (_what, output, code, message) => {
    const problem = containerProblem(ssh, 'docker', 'web', { stdout: '', stderr: '', code: 1, ...output })
    expect(problem.code).toBe(code)
    expect(problem.message).toContain(message)
    expect(problem.fields).toEqual(message.includes('no container') ? { container: 'no such container' } : undefined)
  })

  it('of a host without an engine names the next step', () =>
    expect(noEngineProblem(ssh)).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('hosts test web-1'),
    }))
})

test('a container is read with whether it ran out of memory and its health, where they are said', () => {
  const rows = [
    '{"name":"/a","oom":true,"health":"healthy","started":"1970-01-01T00:00:00Z","finished":"0001-01-01T00:00:00Z"}',
    'warning {"name":"/x"}',
    '{"name":"/b","oom":false,"health":"","started":"1970-01-01T00:00:00.001Z"}',
    '{"name":"/c","oom":"yes"}',
  ]
  expect(parseObserved(rows.join('\n'))).toMatchObject([
    { name: 'a', oomKilled: true, health: 'healthy', startedAt: null, finishedAt: null },
    { name: 'b', oomKilled: false, health: null, startedAt: 1 },
    { name: 'c', oomKilled: false, health: null, startedAt: null },
  ])
})
