// What is read as bytes: whole, in time, and never more than a host was asked for.
import { expect, it } from 'vitest'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import type { Machine, Sink } from '../machine.ts'
import { readBytes } from './read-bytes.ts'

const HOST = { name: 'web-1' } as Host

/** A machine that says what `speak` says, and goes on until it is stopped. */
function aMachine(speak: (sink: Sink, end: (code: number) => void) => void) {
  const asked = { stopped: 0 }
  const machine = {
    async stream(_words: readonly string[], sink: Sink) {
      let end = (_code: number) => {}
      const ended = new Promise<number>(resolve => {
        end = resolve
      })
      speak(sink, end)
      const stop = () => {
        asked.stopped++
        end(-1)
      }
      return { ended, stop }
    },
  } as unknown as Machine
  return { machine, asked }
}

it('gives both streams of a command that ends', async () => {
  const { machine } = aMachine((sink, end) => {
    sink.stdout(Buffer.from([0xc3]))
    sink.stdout(Buffer.from([0xa6, 0xff]))
    sink.stderr(Buffer.from('oh'))
    end(0)
  })
  const read = await readBytes(machine, HOST, ['x'], createFakeClock(0))
  expect(read).toEqual({ out: Buffer.from([0xc3, 0xa6, 0xff]), err: 'oh' })
})

it('gives up a host that sends more and more, and keeps none of it', async () => {
  const { machine, asked } = aMachine(sink => {
    for (let i = 0; i < 20; i++) sink.stdout(Buffer.alloc(1024 * 1024))
  })
  await expect(readBytes(machine, HOST, ['x'], createFakeClock(0))).rejects.toThrow('sent more than Vakt asked for')
  expect(asked.stopped).toBe(1)
})

it('gives up a host that says nothing', async () => {
  const clock = createFakeClock(0)
  const { machine, asked } = aMachine(() => {})
  const read = readBytes(machine, HOST, ['x'], clock)
  const refused = expect(read).rejects.toThrow('took longer than 30 s')
  await clock.advance(31 * SECOND)
  await refused
  expect(asked.stopped).toBe(1)
})
