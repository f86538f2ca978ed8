// The card of a refused line: what was wrong, and buttons with lines that work.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Problem, type ProblemDetails } from '../problem.ts'
import { commandsFor, positional, usage } from './command.ts'
import { splitWords } from './command-line.ts'
import { nearestOf } from './nearest.ts'
import { problemCard, refusalCard } from './problem-card.ts'

const run = () => ({ card: { title: '', tone: 'plain' as const } })
const define = commandsFor<null>()
const list = define({
  ...{ name: 'checks list', summary: 'List', role: 'viewer' as const, run },
  args: { limit: z.number().optional(), status: z.enum(['up', 'down']).optional() },
})
const show = define({
  ...{ name: 'checks show', summary: 'Show', role: 'viewer' as const, run },
  args: { name: positional(z.string()) },
})
const remove = define({
  ...{ name: 'checks remove', summary: 'Remove', role: 'responder' as const, run },
  args: { name: positional(z.string()) },
})
const help = define({
  name: 'help',
  summary: 'Help',
  role: 'viewer' as const,
  run,
  args: { command: positional(z.string().optional()) },
})
const commands = [list, show, remove, help]

const buttons = (line: string, message: string, details: ProblemDetails = {}) =>
  (refusalCard(new Problem('invalid', message, details), splitWords(line), commands).buttons ?? []).map(one => one.line)

describe('a refusal', () => {
  it('has the usage apart from its sentence', () => {
    const card = problemCard(new Problem('invalid', 'No such flag. Usage: checks list', { usage: 'checks list' }))
    expect(card).toEqual({
      ...{ title: 'Invalid input', tone: 'warning', lines: ['No such flag.'] },
      evidence: [{ kind: 'output', name: 'Usage', text: 'checks list' }],
    })
    expect(problemCard(new Problem('busy', 'Later.'))).toEqual({ title: 'Busy', tone: 'warning', lines: ['Later.'] })
  })

  it('offers the line with the slip corrected', () => {
    const slip = (wrong: string[], ...right: string[]) => ({ slip: { wrong, right } })
    expect(buttons('check list --limit 5', 'x', slip(['check', 'list'], 'checks list'))).toEqual([
      'checks list --limit 5',
    ])
    expect(buttons('checks list --limt 5', 'x', slip(['--limt'], '--limit'))).toEqual(['checks list --limit 5'])
    expect(buttons('checks list --limt=5', 'x', slip(['--limt'], '--limit'))).toEqual(['checks list --limit=5'])
    expect(buttons('checks show nigtly', 'x', slip(['nigtly'], 'nightly', 'my job'))).toEqual([
      'checks show nightly',
      'checks show "my job"',
    ])
    expect(buttons('checks show NIGTLY', 'x', slip(['NIGTLY'], 'nightly'))).toEqual(['checks show nightly'])
    expect(buttons('checks show "a b" nigtly', 'x', slip(['nigtly'], 'n'))).toEqual(['checks show "a b" n'])
    expect(buttons('checks show x', 'x', slip(['other'], 'y'))).toEqual([])
    expect(buttons('x', 'x', slip(['x'], 'y'))).toEqual([])
    expect(buttons('', 'x', slip(['check'], 'checks list'))).toEqual([])
  })

  it('offers the commands that its sentence names, if they only show something and are whole', () => {
    expect(buttons('x', '"checks list" shows all. "checks remove a" removes one.')).toEqual(['checks list'])
    expect(buttons('x', 'Use "checks show nightly", "checks show" or "checks list --status up".')).toEqual([
      'checks show nightly',
      'checks list --status up',
    ])
    expect(buttons('x', 'Use "checks list --status odd" or "checks list …".')).toEqual([])
    expect(
      buttons('checks lst', '"checks list" shows all.', { slip: { wrong: ['checks', 'lst'], right: ['checks list'] } }),
    ).toEqual(['checks list'])
  })

  it('offers the help of its command where the usage is shown, four buttons at most, the first one primary', () => {
    expect(buttons('checks show', 'Name is missing.', { usage: 'checks show <name>' })).toEqual(['help checks show'])
    expect(buttons('nothing', 'x', { usage: 'x' })).toEqual([])
    const many =
      '"checks list --limit 1" "checks list --limit 2" "checks list --limit 3" "checks list --limit 4" "checks list --limit 5"'
    const card = refusalCard(new Problem('invalid', many), [], commands)
    expect(card.buttons!.map(({ tone }) => tone)).toEqual(['primary', undefined, undefined, undefined])
    expect(refusalCard(new Problem('invalid', 'x'), [], commands)).not.toHaveProperty('buttons')
  })
})

it('usage shows what is needed, and what may be left out', () => {
  expect(usage(show)).toBe('checks show <name> [--share]')
  expect(usage(help)).toBe('help [command] [--share]')
  expect(usage(list)).toBe('checks list [--limit LIMIT] [--status up|down] [--share]')
  expect(usage(remove)).toBe('checks remove <name>')
})

it('the nearest names have two slips at most, and fewer than half of their letters', () => {
  const near = (typed: string, ...names: string[]) => nearestOf(names, () => typed)
  expect(near('chekc', 'check', 'other')).toEqual(['check'])
  expect(near('chxxx', 'check')).toEqual([])
  expect(near('ab', 'ac')).toEqual([])
  expect(near('abc', 'abd')).toEqual(['abd'])
  expect(near('abcx', 'abcd', 'abce', 'abcf', 'abcg')).toEqual(['abcd', 'abce', 'abcf'])
  expect(near('abcde', 'abcde', 'abcdx')).toEqual(['abcde'])
})
