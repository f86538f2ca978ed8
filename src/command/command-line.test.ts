// Command lines as people type them: quotes and dashes of phones, flags anywhere, cut short, or wrong.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Problem } from '../problem.ts'
import { aliased, commandsFor, positional, repeated } from './command.ts'
import { commandNamed, findCommand, quoteWord, readArguments, shellWords, splitWords, typed } from './command-line.ts'

const add = commandsFor<null>()({
  name: 'checks add',
  summary: 'Try lines',
  role: 'responder',
  args: {
    name: positional(z.string()),
    note: positional(z.string().optional()),
    every: z.string().optional(),
    match: z.string().optional(),
    matcher: z.string().optional(),
    mention: z.string().optional(),
    mentionFrom: z.string().optional(),
    lan: z.boolean().optional(),
    note2: z.boolean().optional(),
  },
  run: () => ({ card: { title: '', tone: 'plain' } }),
})
const reads = (line: string) => readArguments(add, splitWords(line))

describe('words', () => {
  it.each([
    [`a "b c" 'd e'`, ['a', 'b c', 'd e']],
    ['it “b c” don’t', ['it', 'b c', 'don’t']],
    [`don't do that`, ["don't", 'do', 'that']],
    [String.raw`"a \"b\" \\ \n" c\ d`, [String.raw`a "b" \ \n`, 'c d']],
    ['x —every 5m', ['x', '--every', '5m']],
    ['', []],
  ])('of %s', (line, words) => {
    expect(splitWords(line).map(word => word.text)).toEqual(words)
  })

  it('of a quote that is never closed are none', () => {
    expect(() => splitWords('a "b')).toThrow('is opened and never closed')
  })

  it('come back from their quotes, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), texts => {
        expect(splitWords(texts.map(quoteWord).join(' ')).map(word => word.text)).toEqual(texts)
      }),
    )
  })
})

describe('arguments', () => {
  it.each<[string, Record<string, unknown>]>([
    ['job --every 5m --lan', { name: 'job', every: '5m', lan: true }],
    ['--every=5m job in  two words', { name: 'job', every: '5m', note: 'in two words' }],
    ['job --no-lan', { name: 'job', lan: false }],
    ['--name job --lan', { name: 'job', lan: true }],
    ['job -- --every', { name: 'job', note: '--every' }],
    ['job --ev 5m --la', { name: 'job', every: '5m', lan: true }],
    ['job --match a --matche b', { name: 'job', match: 'a', matcher: 'b' }],
    ['job --Mention-from x', { name: 'job', 'mention-from': 'x' }],
    ['job --mention_from x', { name: 'job', 'mention-from': 'x' }],
    ['job --lan=false', { name: 'job', lan: 'false' }],
    ['job --no', { name: 'job', note2: true }],
    ['job --lan --no-lan', { name: 'job', lan: false }],
    ['job --every=', { name: 'job', every: '' }],
    ['job --every --lan', { name: 'job', every: '--lan' }],
    ['--name job two words', { name: 'job', note: 'two words' }],
    ['--note two job', { name: 'job', note: 'two' }],
    ['job "two words" more', { name: 'job', note: '"two words" more' }],
    ['job "two words"', { name: 'job', note: 'two words' }],
    ['job "--lan"', { name: 'job', note: '--lan' }],
    ['job --', { name: 'job' }],
    ['job -5 -- -- x', { name: 'job', note: '-5 -- x' }],
  ])('of %s', (line, values) => {
    expect(reads(line)).toEqual(values)
  })

  it.each([
    ['job --ment x', '"checks add" has no flag --ment. It takes --mention, --mention-from.'],
    ['job --nope x', '"checks add" has no flag --nope. It takes --every,'],
    ['job --every', '--every needs a value.'],
    ['job --no-every 5m', '"checks add" has no flag --no-every. It takes --every,'],
    ['job --no-la', '"checks add" has no flag --no-la. It takes --every,'],
    ['job --m x', '"checks add" has no flag --m. It takes --match, --matcher, --mention, --mention-from.'],
    ['--name job --note x extra', '"checks add" takes no more words, but got "extra".'],
  ])('are not read of %s', (line, sentence) => {
    expect(() => reads(line)).toThrow(sentence)
  })
})

describe('a flag that there is not', () => {
  const slipOf = (line: string) => {
    try {
      return reads(line)
    } catch (error) {
      return (error as Problem).slip
    }
  }
  it.each([
    ['job --evry 5m', { wrong: ['--evry'], right: ['--every'] }],
    ['job --Evry=5m', { wrong: ['--Evry'], right: ['--every'] }],
    ['job --nothing-like-it x', undefined],
  ])('is corrected where a name is near: %s', (line, slip) => expect(slipOf(line)).toEqual(slip))

  it('is refused where there are none', () => {
    const status = commandsFor<null>()({
      ...{ name: 'status', summary: 'Show', role: 'viewer', changes: true, args: {} },
      run: () => ({ card: { title: '', tone: 'plain' } }),
    })
    expect(() => readArguments(status, splitWords('--x'))).toThrow('"status" has no flag --x. It takes no flags.')
    expect(() => readArguments(status, splitWords('now'))).toThrow('"status" takes no more words, but got "now".')
    expect(readArguments(status, splitWords('-- # all'))).toEqual({})
  })
})

describe('a word is quoted', () => {
  it.each([
    ['a', 'a'],
    ['a b', '"a b"'],
    ['', '""'],
    ['#', '"#"'],
    ['#42', '#42'],
    ['--lan', '"--lan"'],
    ['-x', '-x'],
    [String.raw`a"b\c`, String.raw`"a\"b\\c"`],
    ['für', 'für'],
    ["don't", `"don't"`],
  ])('where it must be: %s', (value, quoted) => expect(quoteWord(value)).toBe(quoted))
})

describe('words that a shell has split', () => {
  const note = (...words: string[]) => readArguments(add, shellWords(['job', ...words])).note

  it.each([
    [['connection refused', '-host:test'], '"connection refused" -host:test'],
    [['level>=warn timeout', '-host:test'], 'level>=warn timeout -host:test'],
    [['disk OR memory', 'last:1h'], 'disk OR memory last:1h'],
    [['connection refused'], 'connection refused'],
    [['on', 'it'], 'on it'],
  ])('stay a phrase where one was in quotes beside others: %j', (words, value) => {
    expect(note(...words)).toBe(value)
  })

  it('are written as they would be typed', () => {
    const line = 'checks add "my job" --every 5m --owner="Ann B" --lan'
    expect(typed(['checks', 'add', 'my job', '--every', '5m', '--owner=Ann B', '--lan'])).toBe(line)
    expect(splitWords(line).map(word => word.text)).toContain('--owner=Ann B')
  })
})

it('a command is found by the longest name that fits, in any case', () => {
  expect(findCommand([add], splitWords('Checks ADD job'))?.rest.map(word => word.text)).toEqual(['job'])
  expect(findCommand([add], splitWords('checks'))).toBeNull()
  const named = (name: string, aliases: string[] = []) =>
    commandsFor<null>()({
      ...{ name, aliases, summary: '', role: 'viewer', args: {} },
      run: () => ({ card: { title: '', tone: 'plain' } }),
    })
  const commands = [named('hosts logs'), named('hosts'), named('machines', ['hosts logs add', 'hosts'])]
  const found = (line: string) => {
    const { command, rest } = findCommand(commands, splitWords(line))!
    return [command.name, rest.length]
  }
  expect(found('hosts logs x')).toEqual(['hosts logs', 1])
  expect(found('hosts logs add')).toEqual(['machines', 0])
  expect(found('hosts x y')).toEqual(['hosts', 2])
  expect(commandNamed([...commands].reverse(), 'hosts')?.name).toBe('hosts')
  expect(commandNamed(commands, 'nothing')).toBeUndefined()
})

describe('a comment', () => {
  it.each([
    ['ack 42 # looking into it', ['ack', '42']],
    ['# only a comment, with an "open quote', []],
    ['ack #42', ['ack', '#42']],
    ['channels add slack:#ops', ['channels', 'add', 'slack:#ops']],
    ['note 42 "step # 3" #', ['note', '42', 'step # 3']],
    ['note 42 \\# stays', ['note', '42', '#', 'stays']],
  ])('begins with a # that stands alone: %s', (line, expected) => {
    expect(splitWords(line).map(({ text }) => text)).toEqual(expected)
  })
})

describe('former names', () => {
  const show = commandsFor<null>()({
    name: 'suppression show',
    aliases: ['holds show', 'holds'],
    summary: 'Show thresholds',
    role: 'viewer',
    args: { for: aliased(z.string().optional(), 'hold', 'lasting') },
    run: () => ({ card: { title: '', tone: 'plain' } }),
  })

  it('find the command and the flag, and a flag cut short finds it too', () => {
    expect(findCommand([add, show], splitWords('Holds show --hold 5m'))).toMatchObject({
      command: { name: 'suppression show' },
    })
    expect(findCommand([add, show], splitWords('holds'))?.command.name).toBe('suppression show')
    expect(commandNamed([add, show], 'holds show')?.name).toBe('suppression show')
    for (const line of ['--hold 5m', '--hold=5m', '--last 5m', '--for 5m', '--fo 5m'])
      expect(readArguments(show, splitWords(line))).toEqual({ for: '5m' })
    expect(show.parse({ hold: '5m' })).toEqual({ for: '5m' })
  })

  it('are not shown', () => {
    expect(() => readArguments(show, splitWords('--wrong'))).toThrow(/It takes --for, --share\.$/)
  })
})

describe('a repeated flag', () => {
  const probe = commandsFor<null>()({
    name: 'checks add',
    summary: 'Try headers',
    role: 'viewer',
    args: { header: repeated(z.string()).optional(), tz: z.string().optional() },
    run: () => ({ card: { title: '', tone: 'plain' } }),
  })

  it.each(['--header "A: 1" --tz UTC --header=B:2', '--header "A: 1" --head "B:2"'])('keeps every value: %s', line => {
    expect(readArguments(probe, splitWords(line))).toMatchObject({ header: 'A: 1\nB:2' })
  })

  it('is a list in JSON, and other flags keep the last value', () => {
    expect(probe.parse({ header: ['A: 1', 'B:2'] })).toEqual({ header: 'A: 1\nB:2' })
    expect(readArguments(probe, splitWords('--tz UTC --tz Europe/Oslo'))).toEqual({ tz: 'Europe/Oslo' })
  })
})
