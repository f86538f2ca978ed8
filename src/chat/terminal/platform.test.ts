// The terminal with a person at it: what Ctrl-C does, and that nothing is printed into the line being typed.
import { PassThrough } from 'node:stream'
import { WriteStream } from 'node:tty'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Card } from '../../card.ts'
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts'
import { openScreen } from '../../testing/screen.ts'
import { cardText, type Paint } from '../card-text.ts'
import type { CommandDispatcher, Request } from '../channel.ts'
import { painter, widthOf } from '../terminal-paint.ts'
import { createTerminal, type Terminal } from './platform.ts'

const CTRL_C = '\u0003'
/** The question, in rows of the screen. */
const ASKED = ['Stop Vakt? Then nothing is monitored until it starts again.', 'Ctrl-C again stops it.']
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
  expect(screen.lines()).toEqual([...ASKED, 'vakt>'])
  await screen.types('status\r')
  expect(ran).toEqual([{ line: 'status' }])
})

it('at an empty line Ctrl-C asks, and stops nothing by itself', async () => {
  await screen.types(CTRL_C)
  expect(onExit).not.toHaveBeenCalled()
  expect(screen.lines().join(' ')).toContain('Stop Vakt?')
})

it('a second Ctrl-C within 5 s stops', async () => {
  await screen.types(`checks${CTRL_C}`)
  await clock.advance(4_900)
  await screen.types(`ala${CTRL_C}`)
  expect(onExit).toHaveBeenCalledOnce()
})

it('a Ctrl-C later than 5 s after another clears the line again', async () => {
  await screen.types(`checks${CTRL_C}`)
  await clock.advance(5_100)
  await screen.types(`ala${CTRL_C}`)
  expect(onExit).not.toHaveBeenCalled()
})

it.each([
  ['Ctrl-C twice at an empty line', CTRL_C + CTRL_C],
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

const at = Date.parse('2026-03-02T09:00:00Z')
const search: Card = {
  title: '2 lines',
  tone: 'plain',
  lines: [['Found for ', { bold: 'Ann' }]],
  evidence: [
    {
      kind: 'log',
      entries: [
        { at, level: 'error', source: 'api', message: [{ bold: 'timeout' }, ' of a connection that never came back'] },
        { at, level: 'info', source: 'api', message: 'ok', isTarget: true },
      ],
    },
  ],
}

it('colours levels, times, names and matches, and the target line', () => {
  const paint: Paint = (text, style) => `<${style}>${text}</>`
  expect(cardText(search, { timeZone: 'UTC', now: at, paint, width: 60 }).split('\n')).toEqual([
    '<title>2 lines</>',
    'Found for <bold>Ann</>',
    '<bold>From api:</>',
    '  <dim>09:00:00</> <error>ERROR</> timeout of a connection that never came',
    '<match>                 ^^^^^^^</>',
    '  back',
    '> <dim>09:00:00</> <info>INFO</><bold>  ok</>',
  ])
})

it.each([
  ['a terminal', { isTTY: true }, {}, true],
  ['a terminal with NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, false],
  ['a pipe', { isTTY: false }, {}, false],
])('%s: colours %j %j', (_, kind, environment, isColoured) => {
  const before = { ...process.env }
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS', 'CI']) delete process.env[name]
  Object.assign(process.env, { TERM: 'xterm-256color' }, environment)
  const { getColorDepth } = WriteStream.prototype
  const stream = Object.assign(new PassThrough(), kind, { getColorDepth }) as unknown as WriteStream
  const painted = painter(stream)('down', 'title', { title: '', tone: 'critical' })
  process.env = before
  expect(painted === 'down').toBe(!isColoured)
})

it.each([
  [{ isTTY: true, columns: 100 }, 100],
  [{ isTTY: true, columns: 20 }, 40],
  [{ isTTY: false, columns: 100 }, undefined],
])('evidence is as wide as the terminal, and never narrower than on a telephone: %j', (stream, width) => {
  expect(widthOf(stream as NodeJS.WriteStream)).toBe(width)
})
