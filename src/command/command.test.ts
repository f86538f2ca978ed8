// What people are told of arguments that are wrong: each by its name, with what would be right, all at once.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { commandsFor, positional } from './command.ts'

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
