// Following one container: from where each pass reads, which lines are new, and what is said and waited for after each.
import { beforeEach, describe, expect, it } from 'vitest'
import { Problem } from '../../problem.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock, settled } from '../../testing/fake-clock.ts'
import type { Host } from '../host.ts'
import { addHost, removeHost } from '../hosts.ts'
import type { OutputSink } from '../machine.ts'
import { type FollowOptions, followContainer } from './follow-stream.ts'

const STAMP = '2026-03-02T09:00:0'
let state: State
let host: Host
let clock: ReturnType<typeof createFakeClock>
/** The passes over the output: their command line, and how each ends. */
let passes: {
  argv: readonly string[]
  ignoreBackoff: boolean
  says(text: string, stream?: 'stdout' | 'stderr'): void
  ends(code: number): void
  fails(error: Error): void
  isStopped: boolean
}[]
let refusal: Error | null
let lines: string[]
let problems: (string | null)[]
let ended: number

beforeEach(() => {
  state = memoryState()
  host = addHost(state, { name: 'web-1', address: 'x', port: 22, user: 'u', auth: 'own', addedAt: 0, addedBy: 'Ann' })
  clock = createFakeClock(Date.parse('2026-03-02T10:00:00Z'))
  passes = []
  refusal = null
  lines = []
  problems = []
  ended = 0
})

function follow(more: Partial<FollowOptions> = {}) {
  const machine = {
    async stream(argv: readonly string[], sink: OutputSink) {
      let ends = (_code: number) => {}
      let fails = (_error: Error) => {}
      const over = new Promise<number>((resolve, reject) => {
        ends = resolve
        fails = reject
      })
      const pass = {
        ...{ argv, ignoreBackoff: backoffs.at(-1)!, ends, fails, isStopped: false },
        says(text: string, stream: 'stdout' | 'stderr' = 'stdout') {
          sink[stream](Buffer.from(text))
        },
      }
      passes.push(pass)
      return { ended: over, stop: () => void Object.assign(pass, { isStopped: true }) }
    },
  }
  const backoffs: boolean[] = []
  return followContainer({
    ...{ state, clock, host, container: 'web', from: { since: 'BEGIN' } },
    hostRuntime: {
      engine: async (_host: Host, { ignoreBackoff }: { ignoreBackoff: boolean }) => {
        backoffs.push(ignoreBackoff)
        if (refusal) throw refusal
        return { engine: 'docker', machine }
      },
    } as never,
    onLines: found => lines.push(...found.map(({ stream, text }) => `${stream.slice(3)} ${text}`)),
    onProblem: problem => problems.push(problem === null ? null : `${problem.code}: ${problem.message}`),
    onPassEnd: () => void ended++,
    ...more,
  })
}
const options = (at = -1) => passes.at(at)!.argv.slice(3, -1).join(' ')

describe('the first pass', () => {
  it.each<[FollowOptions['from'], string]>([
    [{ since: '2026-03-02T08:00:00Z' }, '--since 2026-03-02T08:00:00Z --follow'],
    [{ lines: 10 }, '--tail 10 --follow'],
    [{ stdout: null, stderr: null }, '--follow'],
    [{ stdout: { stamp: `${STAMP}5Z`, lines: 1 }, stderr: null }, '--since 2026-03-02T09:00:04.000Z --follow'],
  ])('from %j reads with %s', async (from, expected) => {
    follow({ from })
    await settled()
    expect(options()).toBe(expected)
  })

  it.each([
    [undefined, true],
    [true, true],
    [false, false],
  ])('with ignoreBackoff %s connects while the host is in back-off: %s', async (ignoreBackoff, expected) => {
    follow(ignoreBackoff === undefined ? {} : { ignoreBackoff })
    await settled()
    expect(passes[0]!.ignoreBackoff).toBe(expected)
  })
})

describe('lines', () => {
  it('of both streams come as they arrive; those of an earlier pass do not come again', async () => {
    follow({ from: { lines: 10 } })
    await settled()
    passes[0]!.says(`Welcome!${STAMP}1.000000000Z one\n${STAMP}2.0Z tw`)
    expect(lines).toEqual(['out one'])
    passes[0]!.says('o\n')
    passes[0]!.says(`${STAMP}2.5Z three\n`, 'stderr')
    passes[0]!.says(`${STAMP}3.0Z unfinished`)
    expect(lines).toEqual(['out one', 'out two', 'err three'])
    passes[0]!.ends(0)
    await settled()
    expect(lines.at(-1)).toBe('out unfinished')
    await clock.advance(1_000)
    expect(options()).toBe('--since 2026-03-02T09:00:01.500Z --follow')
    passes[1]!.says(`${STAMP}2.0Z two\n${STAMP}3.0Z unfinished\n${STAMP}4.0Z four\n`)
    passes[1]!.says(`${STAMP}2.5Z three\n`, 'stderr')
    expect(lines.slice(4)).toEqual(['out four'])
  })

  it('after the last one read come whatever their time, as the clock of a host is put back', async () => {
    const ahead = '2026-03-02T11:00:0'
    follow()
    await settled()
    passes[0]!.says(`${ahead}1.0Z one\n${ahead}2.0Z two\n${ahead}2.0Z two again\n`)
    passes[0]!.ends(0)
    await clock.advance(1_000)
    // A minute before now.
    expect(options()).toMatch(/^--since 2026-03-02T09:59:0[01]\.\d{3}Z --follow$/)
    passes[1]!.says(`${ahead}1.0Z one\n${ahead}2.0Z two\n${ahead}2.0Z two again\n2026-03-02T10:00:01.0Z three\n`)
    expect(lines).toEqual(['out one', 'out two', 'out two again', 'out three'])
    passes[1]!.ends(0)
    await clock.advance(1_000)
    expect(options()).toBe('--since 2026-03-02T10:00:00.000Z --follow')
  })

  it('with a time of their own inside are whole, once the stream has begun', async () => {
    follow()
    await settled()
    passes[0]!.says(`${STAMP}1.0Z one\nwarning ${STAMP}2.000000000Z two\n`)
    expect(lines).toEqual(['out one'])
  })

  it('do not come after a stop, and the pass is stopped', async () => {
    const stop = follow()
    await settled()
    stop()
    expect(passes[0]!.isStopped).toBe(true)
    passes[0]!.says(`${STAMP}1.0Z one\n`)
    passes[0]!.ends(0)
    await clock.advance(60_000)
    expect(lines).toEqual([])
    expect(passes).toHaveLength(1)
    expect([problems, ended]).toEqual([[null], 0])
  })
})

describe('a pass', () => {
  it('that ends with its container says so, and the next begins after a second', async () => {
    follow()
    await settled()
    expect(problems).toEqual([null])
    passes[0]!.says('odd message\n', 'stderr')
    passes[0]!.ends(0)
    await settled()
    expect(problems).toEqual([null, 'conflict: web on web-1 has stopped. Its lines continue when it runs again.'])
    expect(ended).toBe(1)
    await clock.advance(1_000)
    expect(passes).toHaveLength(2)
    expect(problems.at(-1)).toBeNull()
  })

  it.each([
    [1, 'Error: No such container: web\n', 'not_found: There is no container "web" on web-1.'],
    [1, '', 'conflict: web on web-1 has stopped.'],
  ])('that ends with %i and %j is explained', async (code, text, problem) => {
    follow()
    await settled()
    if (text !== '') passes[0]!.says(text, 'stderr')
    passes[0]!.ends(code)
    await settled()
    expect(problems.at(-1)).toContain(problem)
  })

  it('that fails again and again is tried after up to 15 s; a line ends the back-off', async () => {
    refusal = new Problem('busy', 'No answer.')
    follow()
    await settled()
    expect([problems, ended]).toEqual([['busy: No answer.'], 1])
    await clock.advance(5 * 60_000)
    expect(ended).toBeGreaterThan(20)
    expect(ended).toBeLessThan(50)
    refusal = null
    await clock.advance(15_000)
    expect(passes).toHaveLength(1)
    passes[0]!.says(`${STAMP}1.0Z one\n`)
    passes[0]!.fails(new Problem('busy', 'Lost.'))
    await settled()
    expect(problems.at(-1)).toBe('busy: Lost.')
    await clock.advance(1_000)
    expect(passes).toHaveLength(2)
  })

  it('of a host that was removed says so', async () => {
    follow()
    await settled()
    removeHost(state, host)
    passes[0]!.ends(0)
    await clock.advance(1_000)
    expect(problems.at(-1)).toBe('not_found: The host web-1 was removed.')
  })

  it('that fails with an error of Vakt is tried again after 15 s, unless it was stopped', async () => {
    refusal = new Error('odd')
    const stop = follow()
    await settled()
    expect(problems).toEqual(['internal: Following failed: odd'])
    refusal = null
    await clock.advance(14_999)
    expect(passes).toHaveLength(0)
    await clock.advance(1)
    expect(passes).toHaveLength(1)
    passes[0]!.fails(new Error('odder'))
    await settled()
    stop()
    await clock.advance(60_000)
    expect(passes).toHaveLength(1)
  })

  it('that connects after a stop is stopped at once', async () => {
    const stop = follow()
    stop()
    await settled()
    expect(passes[0]!.isStopped).toBe(true)
    expect(lines).toEqual([])
  })
})
