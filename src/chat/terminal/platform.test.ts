// The terminal with a person at it: what Ctrl-C does, and that nothing is printed into the line being typed.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts'
import { openScreen } from '../../testing/screen.ts'
import type { CommandDispatcher, Request } from '../channel.ts'
import { createTerminal, type Terminal } from './platform.ts'

const CTRL_C = '\u0003'
const LEFT = '\u001b[D'
let clock: FakeClock
let screen: ReturnType<typeof openScreen>
let terminal: Terminal
let ran: Request[]
const onExit = vi.fn()

beforeEach(() => {
  clock = createFakeClock(0)
  screen = openScreen()
  ran = []
  onExit.mockReset()
  const dispatcher = {
    commands: [],
    async run(request: Request) {
      ran.push(request)
      return { ok: true, card: { title: 'All is well', tone: 'good' }, result: null, private: true, quiet: false }
    },
  } as unknown as CommandDispatcher
  terminal = createTerminal({ clock, timeZone: 'UTC', input: screen.input, output: screen.output, onExit })
  terminal.serve(dispatcher)
})
afterEach(() => terminal.stop())

it('a typed line is run, and its card stands above the next prompt', async () => {
  await screen.types('status\r')
  expect(ran).toEqual([{ line: 'status' }])
  expect(screen.lines()).toEqual(['vakt> status', '', 'All is well', 'vakt>'])
})

it('the first Ctrl-C clears the line and stops nothing', async () => {
  await screen.types(`checks add half-typed${CTRL_C}`)
  expect(onExit).not.toHaveBeenCalled()
  expect(screen.lines()).toEqual(['Press Ctrl-C again to stop Vakt.', 'vakt>'])
  await screen.types('status\r')
  expect(ran).toEqual([{ line: 'status' }])
})

it('a second Ctrl-C within 2 s stops', async () => {
  await screen.types(`checks${CTRL_C}`)
  await clock.advance(1_900)
  await screen.types(`ala${CTRL_C}`)
  expect(onExit).toHaveBeenCalledOnce()
})

it('a Ctrl-C later than 2 s after another clears the line again', async () => {
  await screen.types(`checks${CTRL_C}`)
  await clock.advance(2_100)
  await screen.types(`ala${CTRL_C}`)
  expect(onExit).not.toHaveBeenCalled()
})

it.each([
  ['Ctrl-C at an empty line', CTRL_C],
  ['Ctrl-D', '\u0004'],
  ['"exit"', 'exit\r'],
])('%s stops, and what is printed afterwards begins on a new line', async (_, keys) => {
  await screen.types(keys)
  expect(onExit).toHaveBeenCalledOnce()
  terminal.print('{"message":"Vakt is stopping"}')
  expect(screen.lines().at(-1)).toBe('{"message":"Vakt is stopping"}')
})

it.each([
  ['a short line', 'checks add nightly'],
  ['a line of several rows', `checks add ${'long-name-'.repeat(12)}`],
])('%s that is being typed stays below what is printed, with the cursor in its place', async (_, line) => {
  await screen.types(line + LEFT.repeat(3))
  const before = screen.lines()
  const { column } = screen.cursor()
  for (const text of ['{"message":"one"}', '{"message":"two"}']) terminal.print(text)
  await screen.types('')
  expect(screen.lines()).toEqual(['{"message":"one"}', '{"message":"two"}', ...before])
  expect(screen.cursor().column).toBe(column)
  await screen.types('!\r')
  expect(ran).toEqual([{ line: `${line.slice(0, -3)}!${line.slice(-3)}` }])
})

it('a recovery is printed once, though it also changes the card', async () => {
  const [channel] = terminal.channels
  const ref = await channel!.post({ title: 'hello sent no beat', tone: 'critical' }, 'n1')
  await channel!.edit(ref, { title: 'Acknowledged: hello', tone: 'info' })
  await channel!.reply(ref, { title: 'Recovered after 4s: hello', tone: 'good' }, 'n2')
  await channel!.edit(ref, { title: 'Resolved: hello', tone: 'good' })
  await screen.types('')
  const printed = screen.lines().join('\n')
  expect(printed).toContain('Acknowledged: hello')
  expect(printed).toContain('Recovered after 4s: hello')
  expect(printed).not.toContain('Resolved')
})

it('an alert that a person resolved is printed, because no reply announces it', async () => {
  const [channel] = terminal.channels
  const ref = await channel!.post({ title: 'hello sent no beat', tone: 'critical' }, 'n1')
  await channel!.edit(ref, { title: 'Resolved: hello', tone: 'good' })
  await screen.types('')
  expect(screen.lines().join('\n')).toContain('Resolved: hello')
})
