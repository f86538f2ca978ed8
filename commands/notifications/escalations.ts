// Escalations: whom an alert reaches that nobody takes, and after how long.
import { z } from 'zod'
import { completes, positional } from '../../src/command/command.ts'
import type { Escalation } from '../../src/notifications/routing/escalation.ts'
import {
  addEscalation,
  editEscalation,
  findEscalation,
  listEscalations,
  removeEscalation,
} from '../../src/notifications/routing/escalations.ts'
import { mentionName } from '../../src/notifications/routing/mentions.ts'
import { invalid } from '../../src/problem.ts'
import { formatDuration, isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { command, counted, duration, yes } from '../context.ts'
import { matcher, recipientWords, setName, toChannels } from './recipient-arguments.ts'

const escalationName = () => completes(positional(z.string().max(64)), 'escalation').describe('Name of the escalation')
const repeats = () =>
  z.number().int().min(0).max(100).optional().describe('How many times more, each after as long again')

const add = command({
  name: 'escalations add',
  summary: 'Say whom an alert reaches that nobody has taken after a while',
  details:
    'Only time in which nobody is on it counts: an acknowledgement, a snooze and whatever holds the alert back stop the clock, and it goes on after them. Several escalations with different times make a chain.',
  examples: [
    'escalations add second-line --matcher "severity>=critical" --after 15m --to oncall',
    'escalations add boss --matcher project:shop --after 1h --to ann,ops-mail --repeat 2',
  ],
  role: 'admin',
  args: {
    name: positional(setName()).describe('A name for it'),
    matcher: matcher().optional(),
    after: duration().describe('After how long without anybody on it, such as 15m'),
    to: toChannels().describe('Channels, people or oncall, with commas between them'),
    repeat: repeats(),
  },
  run({ name, matcher: wanted = '', after, to, repeat = 0 }, { state, platforms, by, now }) {
    const row = {
      name,
      matcher: wanted,
      after,
      to: recipientWords({ state, platforms }, to),
      repeat,
      setBy: by.name,
      createdAt: now,
    }
    return escalationAnswer(addEscalation(state, row), 'good')
  },
})

const list = command({
  name: 'escalations list',
  summary: 'Show the escalations, the soonest first',
  role: 'viewer',
  args: {},
  run(_, { state }) {
    const all = listEscalations(state)
    const empty =
      'An alert that nobody takes only reminds. "escalations add second-line --after 15m --to oncall" changes that.'
    return {
      card: {
        title: all.length === 0 ? 'No escalations' : counted(all.length, 'escalation'),
        tone: 'plain',
        lines: all.length === 0 ? [empty] : all.map(escalationLine),
      },
      result: { escalations: all.map(escalationResult) },
    }
  },
})

const show = command({
  name: 'escalations show',
  summary: 'Show one escalation',
  role: 'viewer',
  args: { name: escalationName() },
  run: ({ name }, { state }) => escalationAnswer(findEscalation(state, name), 'plain'),
})

const edit = command({
  name: 'escalations edit',
  summary: 'Change an escalation; open alerts that wait for it follow at once',
  details: 'What an alert has waited already counts. What the escalation fits no more waits for it no longer.',
  examples: [
    'escalations edit second-line --after 5m',
    'escalations edit boss --matcher "project:shop severity>=critical" --to ann',
  ],
  role: 'admin',
  args: {
    name: escalationName(),
    matcher: matcher().optional().describe('Which alerts now: project:shop severity>=warning host:web-*'),
    after: duration().optional().describe('After how long without anybody on it, such as 15m'),
    to: toChannels().optional().describe('Channels, people or oncall, with commas between them'),
    repeat: repeats(),
  },
  run({ name, matcher: wanted, after, to, repeat }, { state, platforms, now }) {
    const changes = {
      ...(wanted === undefined ? {} : { matcher: wanted }),
      ...(after === undefined ? {} : { after }),
      ...(to === undefined ? {} : { to: recipientWords({ state, platforms }, to) }),
      ...(repeat === undefined ? {} : { repeat }),
    }
    if (Object.keys(changes).length === 0)
      throw invalid('settings', 'Say what to change: --matcher, --after, --to or --repeat.')
    return escalationAnswer(editEscalation(state, name, changes, now), 'good')
  },
})

const remove = command({
  name: 'escalations remove',
  summary: 'Remove an escalation; nothing waits for it any more',
  examples: ['escalations remove second-line'],
  role: 'admin',
  args: { name: escalationName(), yes: yes() },
  run({ name, yes }, { state, interactive }) {
    if (interactive && !yes) {
      const line = `escalations remove ${name}`
      return confirmation(`Remove the escalation ${name}?`, [escalationLine(findEscalation(state, name))], { line })
    }
    const gone = removeEscalation(state, name)
    return {
      card: { title: `The escalation ${name} is removed`, tone: 'muted' },
      result: { escalation: escalationResult(gone) },
    }
  },
})

export const escalationCommands = [add, list, show, edit, remove]

function escalationAnswer(escalation: Escalation, tone: 'good' | 'plain') {
  return {
    card: { title: `Escalation ${escalation.name}`, tone, lines: [escalationLine(escalation)] },
    result: { escalation: escalationResult(escalation) },
  }
}

function escalationLine({ name, matcher, after, to, repeat }: Escalation) {
  const again = repeat === 0 ? '' : `, ${counted(repeat, 'more time')} each after as long again`
  return [
    { bold: name },
    ': ',
    { code: matcher || 'everything' },
    ` after ${formatDuration(after)} → ${to.map(mentionName).join(', ')}${again}`,
  ]
}

function escalationResult({ name, matcher, after, to, repeat, setBy, createdAt }: Escalation) {
  return { name, matcher, after_ms: after, to, repeat, set_by: setBy, created_at: isoTime(createdAt) }
}
