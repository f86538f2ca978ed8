// Live tails: a pace that several share, missing lines that are counted, and a last state that stays.
import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../logger.ts'
import { createFakeClock, type FakeClock, settled } from '../testing/fake-clock.ts'
import { createMemoryChannel, type MemoryChannel } from '../testing/memory-channel.ts'
import { MINUTE, SECOND } from '../time.ts'
import type { Channel } from './channel.ts'
import { createTails, type Tails } from './tails.ts'

let clock: FakeClock
let channel: MemoryChannel
let tails: Tails

beforeEach(() => {
  clock = createFakeClock(0)
  channel = createMemoryChannel('slack', clock.now)
  tails = createTails(clock, silentLogger)
})

async function start(where: Channel = channel) {
  let receive = (_lines: readonly string[]) => {}
  const id = await tails.start<string>({
    ...{ subject: 'web', command: 'logs tail', channel: where, by: 'Ann', durationMs: 10 * MINUTE },
    follow(take) {
      receive = take
      return () => take(['the last line'])
    },
    show: line => line,
  })
  return { id, receive: (lines: readonly string[]) => receive(lines) }
}

const newest = () => JSON.stringify(channel.messages.at(-1)!.card)

describe('live tails', () => {
  it.each([1, 5])('make at most 20 edits a minute together when there are %i', async count => {
    const all = await Promise.all(Array.from({ length: count }, () => start()))
    for (let second = 0; second < 120; second++) {
      for (const { receive } of all) receive([`at ${second}`])
      await clock.advance(SECOND)
    }
    const edits = channel.messages.reduce((sum, message) => sum + message.edits, 0)
    expect(edits).toBeGreaterThan(30)
    expect(edits).toBeLessThanOrEqual(40)
    for (const message of channel.messages) expect(JSON.stringify(message.card)).toMatch(/at 1[01]\d/)
  })

  it('show lines of a log in a block, coloured where somebody asked for it', async () => {
    for (const isColoured of [false, true]) {
      await tails.start<string>({
        ...{ subject: 'web', command: 'logs tail', channel, by: 'Ann', durationMs: MINUTE, isColoured },
        follow: take => {
          take(['no stock'])
          return () => {}
        },
        show: line => line,
        entry: line => ({ at: 0, level: 'error', source: 'web', message: line }),
      })
      await clock.advance(10 * SECOND)
      const [block] = channel.messages.at(-1)!.card.evidence!
      expect(block).toMatchObject({ kind: 'log', entries: [{ message: 'no stock' }] })
      expect('isColoured' in block! && block.isColoured).toBe(isColoured)
    }
  })

  it('run five at a time: a sixth is refused until one stops', async () => {
    const [first] = await Promise.all(Array.from({ length: 5 }, () => start()))
    await expect(start()).rejects.toThrow('5 tails are already running. Stop one first.')
    await tails.stop(first!.id, 'Ann')
    await start()
  })

  it('do not start when the source cannot be followed, and leave room for others', async () => {
    for (let i = 0; i < 6; i++) {
      const started = tails.start({
        ...{ subject: 'web', command: 'logs tail', channel, by: 'Ann', durationMs: 10 * MINUTE },
        follow: () => Promise.reject(new Error('the disk is gone')),
        show: () => '',
      })
      await expect(started).rejects.toThrow('the disk is gone')
    }
    expect(channel.messages).toEqual([])
  })

  it('end with the newest lines, though an edit before is slow', async () => {
    const { id, receive } = await start()
    receive(['first'])
    const release = channel.hangs('edit')
    await clock.advance(4 * SECOND)
    const stopped = tails.stop(id, 'Bo')
    release()
    await stopped
    await settled()
    expect(newest()).toContain('Stopped by Bo.')
    expect(newest()).toContain('the last line')
  })

  it('that are printed count the lines left out, and print the last lines before the end', async () => {
    const { id, receive } = await start({ ...channel, capabilities: { ...channel.capabilities, edits: false } })
    receive(Array.from({ length: 500 }, (_, i) => `line ${i}`))
    await clock.advance(3 * SECOND)
    expect(channel.messages.at(-1)!.card.lines).toHaveLength(201)
    expect(channel.messages.at(-1)!.card.lines?.[0]).toBe('… 300 more above')
    receive(['one more'])
    await clock.advance(3 * SECOND)
    expect(channel.messages.at(-1)!.card.lines).toEqual(['one more'])
    await tails.stop(id, 'Bo')
    expect(channel.messages.slice(-2).map(message => message.card.lines ?? message.card.title)).toEqual([
      ['the last line'],
      'Stopped by Bo.',
    ])
  })
})
