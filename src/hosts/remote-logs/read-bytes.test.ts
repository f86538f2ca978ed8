// Reading bytes from a host: complete, in time, and never more than the limit.
import { expect, it } from 'vitest'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import type { Machine, OutputSink } from '../machine.ts'
import { readBytes } from './read-bytes.ts'

const HOST = { name: 'web-1' } as Host

/** A machine whose command writes the output of `speak`, and runs until it is stopped. */
function aMachine(speak: (sink: OutputSink, end: (code: number) => void) => void) {
  const asked = { stopped: 0 }
  const machine = {
    async stream(_words: readonly string[], sink: OutputSink) {
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

it('returns both streams of a command', async () => {
  const { machine } = aMachine((sink, end) => {
    sink.stdout(Buffer.from([0xc3]))
    sink.stdout(Buffer.from([0xa6, 0xff]))
    sink.stderr(Buffer.from('oh'))
    end(0)
  })
  const read = await readBytes(machine, HOST, ['x'], createFakeClock(0))
  expect(read).toEqual({ stdout: Buffer.from([0xc3, 0xa6, 0xff]), stderr: 'oh' })
})

it('stops a host that sends too much', async () => {
  const { machine, asked } = aMachine(sink => {
    for (let i = 0; i < 20; i++) sink.stdout(Buffer.alloc(1024 * 1024))
  })
  await expect(readBytes(machine, HOST, ['x'], createFakeClock(0))).rejects.toThrow(
    'sent more than the script of Vakt prints',
  )
  expect(asked.stopped).toBe(1)
})

it('stops a host that sends nothing in time', async () => {
  const clock = createFakeClock(0)
  const { machine, asked } = aMachine(() => {})
  const read = readBytes(machine, HOST, ['x'], clock)
  const refused = expect(read).rejects.toThrow('took longer than 30 s')
  await clock.advance(31 * SECOND)
  await refused
  expect(asked.stopped).toBe(1)
})
