// One run of an action: its output, its end, its time limit, and what is known when the connection is lost.
import { beforeEach, describe, expect, it } from 'vitest'
import { Problem } from '../../problem.ts'
import { createFakeClock, type FakeClock, settled } from '../../testing/fake-clock.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { OutputSink } from '../machine.ts'
import { executeAction } from './execute.ts'

let clock: FakeClock
let sink: OutputSink
let end: (code: number) => void
let lose: (error: Error) => void
let stops: number
let refusal: Error | null
let options: object[]
let output: string

beforeEach(() => {
  clock = createFakeClock(0)
  ;[stops, refusal, options, output] = [0, null, [], '']
})
const run = (isWanted = true) => {
  const machine = {
    async stream(_argv: readonly string[], given: OutputSink) {
      if (refusal) throw refusal
      sink = given
      const ended = new Promise<number>((resolve, reject) => {
        end = resolve
        lose = reject
      })
      return { ended, stop: () => void stops++ }
    },
  }
  return executeAction({
    hostRuntime: {
      connections: {
        machine: (_host: object, how: object) => {
          options.push(how)
          return machine
        },
      },
    } as never,
    ...{ clock, host: { name: 'web-1' } as never, argv: ['restart'], timeLimitMs: MINUTE },
    onOutput: chunk => {
      output += chunk
    },
    isWanted: () => isWanted,
  })
}
const says = (text: string) => sink.stdout(Buffer.from(text))

describe('an action', () => {
  it('ends with its exit status, and gives the output of both streams', async () => {
    const result = run()
    await settled()
    says('a')
    sink.stderr(Buffer.from('b'))
    end(3)
    expect(await result).toEqual({ outcome: 'exited', exitStatus: 3 })
    says('too late')
    expect(output).toBe('ab')
    expect(options).toEqual([{ ignoreBackoff: true, isSentOnce: true }])
    await clock.advance(2 * MINUTE)
    expect(stops).toBe(0)
  })

  it.each([
    [0, 'exited'],
    [124, 'exited'],
    [-1, 'failed'],
  ] as const)('that ends with %d before its limit has %s', async (code, outcome) => {
    const result = run()
    await settled()
    await clock.advance(MINUTE - 1)
    end(code)
    expect(await result).toMatchObject({ outcome })
  })

  it.each([
    [124, 'out of time'],
    [137, 'out of time'],
    [125, 'exited'],
    [0, 'exited'],
  ] as const)('that ends with %d at its limit is %s', async (code, outcome) => {
    const result = run()
    await settled()
    await clock.advance(MINUTE)
    end(code)
    expect((await result).outcome).toBe(outcome)
  })

  it('that goes on for ten seconds more is given up and stopped', async () => {
    const result = run()
    await settled()
    let isOver = false
    void result.then(() => {
      isOver = true
    })
    await clock.advance(MINUTE + 10 * SECOND - 1)
    expect([isOver, stops]).toEqual([false, 0])
    await clock.advance(1)
    expect(await result).toEqual({ outcome: 'out of time' })
    expect(stops).toBe(1)
    says('late')
    expect(output).toBe('')
  })

  it('that was cancelled before it started is not run', async () => {
    expect(await run(false)).toEqual({ outcome: 'failed', problem: 'It was cancelled before it started.' })
    expect(options).toEqual([])
  })

  it('that could not start says why, and one that was lost that nobody knows whether it finished', async () => {
    refusal = new Problem('busy', 'The host is busy.')
    expect(await run()).toEqual({ outcome: 'failed', problem: 'The host is busy.' })
    refusal = new Error('boom')
    expect(await run()).toEqual({ outcome: 'failed', problem: 'It failed: boom.' })
    refusal = null
    const result = run()
    await settled()
    lose(new Problem('busy', 'The connection was lost.'))
    expect(await result).toEqual({
      outcome: 'failed',
      problem: 'The connection was lost. It is not known whether the command finished.',
    })
  })
})
