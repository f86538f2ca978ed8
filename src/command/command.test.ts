// What people are told of arguments that are wrong: each by its name, with what would be right, all at once.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { aliased, commandsFor, completes, kebab, positional, repeated, secret } from './command.ts'

const command = commandsFor<null>()({
  name: 'try',
  summary: 'Try arguments',
  role: 'responder',
  args: {
    name: positional(z.string().trim().min(1).max(8)).describe('A name'),
    limit: z.number().int().min(1).max(100).optional(),
    before: z.number().int().positive().optional(),
    alert: z.number({ error: 'must be an alert number such as 42' }).int().optional(),
    severity: z.enum(['info', 'warning', 'critical']).optional(),
    defaultFail: z.boolean().optional(),
    every: z
      .union([
        z.literal('none'),
        z.string().transform((text, issues) => {
          if (text === '1d') return 1
          issues.addIssue('must be a duration')
          return z.NEVER
        }),
      ])
      .optional(),
    zone: z
      .string()
      .refine(text => text === 'UTC', 'No such zone. Did you mean UTC?')
      .optional(),
    slug: z
      .string()
      .regex(/^[a-z]+$/, 'must be letters')
      .optional(),
  },
  run: () => ({ card: { title: '', tone: 'plain' } }),
})

const says = (raw: Record<string, unknown>) => {
  try {
    return command.parse({ name: 'a', ...raw })
  } catch (error) {
    return (error as Error).message
  }
}

describe('a wrong argument', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ name: undefined }, 'Name is missing: A name.'],
    [{ name: ' ' }, 'Name must not be empty.'],
    [{ name: 'much too long' }, 'Name must be at most 8 characters long, but has 13.'],
    [{ name: 7 }, 'Name must be text, but is 7.'],
    [{ limit: 'many' }, 'Limit must be a whole number from 1 to 100, but is "many".'],
    [{ limit: 101 }, 'Limit must be a whole number from 1 to 100, but is 101.'],
    [{ limit: '1.5' }, 'Limit must be a whole number from 1 to 100, but is 1.5.'],
    [{ before: 0 }, 'Before must be a whole number of 1 or more, but is 0.'],
    [{ alert: 'seven' }, 'Alert must be an alert number such as 42, but is "seven".'],
    [{ severity: 'dire' }, 'Severity must be info, warning or critical, but is "dire".'],
    [{ 'default-fail': 'maybe' }, 'Default-fail must be true or false, but is "maybe".'],
    [{ every: 'soon' }, 'Every must be a duration, or none, but is "soon".'],
    [{ every: 5 }, 'Every must be text, but is 5.'],
    [{ zone: 'UCT' }, 'No such zone. Did you mean UTC?'],
    [{ slug: '7' }, 'Slug must be letters, but is "7".'],
    [{ colour: 'red' }, 'There is no argument --colour.'],
  ])('%j is told: %s', (raw, sentence) => expect(says(raw)).toBe(sentence))

  it('is told with all the others', () => {
    expect(says({ name: '', limit: 0, zone: 'x' })).toBe(
      'Name must not be empty. Limit must be a whole number from 1 to 100, but is 0. No such zone. Did you mean UTC?',
    )
  })
})

it('an argument that is null is not given', () => {
  expect(says({ limit: null })).toEqual({ name: 'a' })
})

describe('a command', () => {
  const run = () => ({ card: { title: '', tone: 'plain' as const } })
  it.each([
    ['viewer', undefined, false],
    ['responder', undefined, true],
    ['admin', undefined, true],
    ['viewer', true, true],
    ['admin', false, false],
  ] as const)(
    'of %s with changes %s is in the audit: %s; its answer can be shared where it is not',
    (role, set, changes) => {
      const made = commandsFor<null>()({
        ...{ name: 'x', summary: 'X', role, args: {}, run },
        ...(set === undefined ? {} : { changes: set }),
      })
      expect(made.changes).toBe(changes)
      expect(made.arguments.map(({ name }) => name)).toEqual(changes ? [] : ['share'])
    },
  )

  it('describes its arguments for every door', () => {
    const made = commandsFor<null>()({
      name: 'x',
      summary: 'X',
      role: 'responder',
      run,
      args: {
        maxRuntime: aliased(completes(positional(z.string().max(9)), 'hosts'), 'longest').describe('How long'),
        limit: z.number().int().min(2).max(5).optional(),
        above: z.number().int().positive().optional(),
        share: z.number().optional(),
        level: z.enum(['a', 'b']).optional(),
        until: z.union([z.string(), z.null()]).optional(),
        password: secret(z.string()).optional(),
        header: repeated(z.string()).optional().describe('Sent'),
        lan: z.boolean().optional(),
      },
    })
    const plain = { required: false, positional: false, summary: '' }
    expect(made.arguments).toEqual([
      {
        ...{ key: 'maxRuntime', name: 'max-runtime', summary: 'How long', kind: 'text', required: true },
        ...{ positional: true, maxLength: 9, complete: 'hosts', aliases: ['longest'] },
      },
      { ...plain, key: 'limit', name: 'limit', kind: 'whole number', min: 2, max: 5 },
      { ...plain, key: 'above', name: 'above', kind: 'whole number', min: 1 },
      { ...plain, key: 'share', name: 'share', kind: 'number' },
      { ...plain, key: 'level', name: 'level', kind: 'choice', choices: ['a', 'b'] },
      { ...plain, key: 'until', name: 'until', kind: 'text' },
      { ...plain, key: 'password', name: 'password', kind: 'text', secret: true },
      { ...plain, key: 'header', name: 'header', kind: 'text', summary: 'Sent', repeated: true },
      { ...plain, key: 'lan', name: 'lan', kind: 'flag' },
    ])
    expect(made.parse({ longest: 'a' })).toEqual({ maxRuntime: 'a' })
    expect(kebab('max_runtimeMs')).toBe('max-runtime-ms')
  })
})

describe('the value of an argument', () => {
  const typed = commandsFor<null>()({
    name: 'typed',
    summary: 'Try',
    role: 'responder',
    run: () => ({ card: { title: '', tone: 'plain' } }),
    args: {
      count: z.number().int().optional(),
      share: z.number().max(1).optional(),
      part: z.number().optional(),
      flag: z.boolean().optional(),
      text: z.string().min(2).optional(),
      name: z.string().optional(),
      dependsOn: z.string().optional(),
      password: secret(z.enum(['a', 'b'])).optional(),
      header: repeated(z.string()).optional(),
      one: z.enum(['only']).optional(),
      must: z.string().optional(),
    },
  })
  const of = (raw: Record<string, unknown>) => {
    try {
      return typed.parse(raw)
    } catch (error) {
      return (error as Error).message
    }
  }
  const long = 'x'.repeat(58)
  it.each<[Record<string, unknown>, unknown]>([
    [{ count: '42' }, { count: 42 }],
    [{ count: '#42' }, { count: 42 }],
    [{ count: '-1' }, { count: -1 }],
    [{ part: '0.5' }, { part: 0.5 }],
    [{ part: '1e3' }, 'Part must be a number, but is "1e3".'],
    [{ count: 'x' }, 'Count must be a whole number, but is "x".'],
    [{ share: 2 }, 'Share must be a number from 0 to 1, but is 2.'],
    [{ text: '42' }, { text: '42' }],
    [{ text: 'x' }, 'Text must be at least 2 characters long.'],
    ...['true', 'YES', 'on', '1'].map((flag): [Record<string, unknown>, unknown] => [{ flag }, { flag: true }]),
    ...['false', 'No', 'off', '0'].map((flag): [Record<string, unknown>, unknown] => [{ flag }, { flag: false }]),
    [{ flag: 'yes please' }, 'Flag must be true or false, but is "yes please".'],
    [{ text: 'true' }, { text: 'true' }],
    [{ name: 'a\u200bb' }, { name: 'ab' }],
    [{ text: 'a\u200bb' }, { text: 'a\u200bb' }],
    [{ name: 'a\n' }, { name: 'a\n' }],
    [{ name: 'a\nb' }, 'Name must be one line, without control characters.'],
    [{ 'depends-on': 'a\nb' }, 'Depends-on must be one line, without control characters.'],
    [{ text: 'a\nb' }, { text: 'a\nb' }],
    [{ name: 7 }, 'Name must be text, but is 7.'],
    [{ password: 'hunter2' }, 'Password must be a or b.'],
    [{ header: ['a', 'b'] }, { header: 'a\nb' }],
    [{ header: ['a', 1] }, 'Header must be text, but is ["a",1].'],
    [{ text: ['a', 'b'] }, 'Text must be text, but is ["a","b"].'],
    [{ one: 'other' }, 'One must be only, but is "other".'],
    [{ one: long }, `One must be only, but is "${long}".`],
    [{ one: `${long}y` }, `One must be only, but is "${long}y….`],
    [{ one: 'x', colour: 1, name: 'ok' }, 'There is no argument --colour. One must be only, but is "x".'],
    [{ must: undefined }, {}],
  ])('%j is read as %j', (raw, expected) => expect(of(raw)).toEqual(expected))

  it('that is missing is asked for by its meaning', () => {
    const needing = commandsFor<null>()({
      ...{ name: 'x', summary: 'X', role: 'responder', args: { name: z.string() } },
      run: () => ({ card: { title: '', tone: 'plain' } }),
    })
    expect(() => needing.parse({})).toThrow('Name is missing: give a value.')
  })
})
