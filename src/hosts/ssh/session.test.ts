// A command over SSH: its output and its end, its limits of time and size, and a connection that is lost.
import { EventEmitter } from 'node:events'
import { beforeEach, describe, expect, it } from 'vitest'
import { createFakeClock, type FakeClock, settled } from '../../testing/fake-clock.ts'
import { SECOND } from '../../time.ts'
import { runOverSsh, streamOverSsh } from './session.ts'

class Channel extends EventEmitter {
  readonly stderr = new EventEmitter()
  readonly done: string[] = []
  isBroken = false
  signal(name: string) {
    if (this.isBroken) throw new Error('not open')
    this.done.push(name)
  }
  close() {
    this.done.push('close')
  }
  destroy() {
    this.done.push('destroy')
  }
}
const HOST = { name: 'web-1' } as never
let clock: FakeClock
let channel: Channel
let exit: (code: number | null) => void
let lines: string[]
beforeEach(() => {
  clock = createFakeClock(0)
  channel = new Channel()
  lines = []
})
const open = async (line: string) => {
  lines.push(line)
  const exited = new Promise<number | null>(resolve => {
    exit = resolve
  })
  return { channel, exited } as never
}
const out = (text: string) => channel.emit('data', Buffer.from(text))
const err = (text: string) => channel.stderr.emit('data', Buffer.from(text))

describe('a command over SSH', () => {
  it('is one line of shell, and has its output and its exit status', async () => {
    const result = runOverSsh(open, HOST, ['echo', 'a b'], clock)
    await settled()
    out('out')
    err('err')
    exit(3)
    expect(await result).toEqual({ stdout: 'out', stderr: 'err', code: 3 })
    expect(lines).toEqual(["echo 'a b'"])
    await clock.advance(600 * SECOND)
    expect(channel.done).toEqual([])
  })

  it('that takes longer than its limit is ended', async () => {
    const result = runOverSsh(open, HOST, ['sleep', '9'], clock, { timeoutMs: 5 * SECOND })
    const failed = expect(result).rejects.toThrow('"sleep" on web-1 took longer than 5 s. Try again.')
    await settled()
    await clock.advance(5 * SECOND - 1)
    expect(channel.done).toEqual([])
    await clock.advance(1)
    await failed
    expect(channel.done).toEqual(['TERM', 'close'])
  })

  it.each([
    ['output', out],
    ['errors', err],
  ])('that writes too many %s is ended, and what came counts', async (_, write) => {
    const result = runOverSsh(open, HOST, ['yes'], clock, { maxBytes: 4 })
    await settled()
    write('abc')
    expect(channel.done).toEqual([])
    write('defg')
    expect(channel.done).toEqual(['TERM', 'close'])
    exit(null)
    const { stdout, stderr, code } = await result
    expect([(stdout + stderr).slice(0, 4), code]).toEqual(['abcd', -1])
  })

  it('whose connection is lost fails', async () => {
    const result = runOverSsh(open, HOST, ['true'], clock)
    await settled()
    exit(null)
    await expect(result).rejects.toThrow('web-1')
  })
})

describe('a command over SSH that is followed', () => {
  const follow = async () => {
    const got: string[] = []
    const sink = {
      stdout: (chunk: Buffer) => got.push(`${chunk}`),
      stderr: (chunk: Buffer) => got.push(`err ${chunk}`),
    }
    return { got, running: await streamOverSsh(open, HOST, ['tail', '-f', 'x'], sink) }
  }

  it('passes on its output as it comes, and its end', async () => {
    const { got, running } = await follow()
    out('a')
    err('b')
    exit(0)
    expect([await running.ended, got, channel.done]).toEqual([0, ['a', 'err b'], []])
  })

  it('that is stopped ends without a fault, and one that is lost with one', async () => {
    const { running } = await follow()
    running.stop()
    exit(null)
    expect([await running.ended, channel.done]).toEqual([-1, ['TERM', 'close']])
    const lost = await follow()
    exit(null)
    await expect(lost.running.ended).rejects.toThrow('web-1')
  })

  it('is cut where it takes no signal any more', async () => {
    const { running } = await follow()
    channel.isBroken = true
    running.stop()
    expect(channel.done).toEqual(['destroy'])
  })
})
